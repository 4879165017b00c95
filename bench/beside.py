"""Our bare commands beside PeerTube's and MediaCMS's, at the VMAF that theirs have.

Which CRF gives a rung the rival's VMAF is read off the lines through its VMAF at three
CRFs; our command is made with those, judged, and corrected where it is off, with caps
that do not stand in the way.  All are timed turn by turn.
"""

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

from bench import quality, rivals
from bench.timing import timed
from videos import codecs, encoding, transcoding
from videos.encoding import Plan
from videos.ladder import Rung

# To both sides of our own CRF.
STEPS = (-4, 0, 4)
SHARPEST, COARSEST = 12, 40
FLATTEST = 0.3  # VMAF for a step of CRF
NEAR_ENOUGH = 0.5
TRIES = 3
RIVALS = {
    "PeerTube": (rivals.peertube, rivals.PEERTUBE_KBPS),
    "MediaCMS": (rivals.mediacms, rivals.MEDIACMS_PEAKS_KBPS),
}


@dataclass
class Way:
    """One way of making the rungs; by rung, how it looks and what it weighs."""

    name: str
    folder: Path
    commands: list[list[str]]
    vmaf: dict[str, float] = field(default_factory=dict)
    kilobytes: dict[str, float] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)


def report(plan: Plan, rounds: int, run: Callable[[list[str]], None]) -> None:
    near = {step: _made(_ours(plan, _crfs(plan, step)), plan, run) for step in STEPS}
    ways = [near[0]]
    for name, (commands, caps) in RIVALS.items():
        rival = _made(_rival(plan, name, commands), plan, run)
        ways += [rival, _matched(rival, _with_caps(plan, caps), near, run)]
    for _ in range(rounds):
        for way in ways:
            way.seconds.append(timed(_run_all(run), way.commands)[1])
    _print(ways)


def _matched(rival: Way, plan: Plan, near: dict[int, Way], run) -> Way:
    """Ours, with the rival's VMAF on each rung."""
    crfs, slopes = {}, {}
    for rung in plan.rungs:
        crfs[rung.name], slopes[rung.name] = _crf_for(rival, rung, near)
    for _ in range(TRIES):
        found = _made(_ours(plan, crfs, f"ours as {rival.name}"), plan, run)
        print(f"  {found.name}:", {n: f"CRF {crf:.1f}" for n, crf in crfs.items()})
        off = {name: score - rival.vmaf[name] for name, score in found.vmaf.items()}
        if max(map(abs, off.values())) <= NEAR_ENOUGH:
            break
        crfs = {n: _kept_within(crf + off[n] / slopes[n]) for n, crf in crfs.items()}
    return found


def _run_all(run):
    return lambda commands: [run(command) for command in commands]


def _made(way: Way, plan: Plan, run) -> Way:
    _run_all(run)(way.commands)
    top = plan.rungs[-1]
    size = (top.width, top.height)
    for rung in plan.rungs:
        made = way.folder / rung.name
        way.kilobytes[rung.name] = quality.size_bytes(made) / 1000
        way.vmaf[rung.name] = quality.vmaf(
            made / encoding.PLAYLIST, plan.source, size, rung.frame_rate
        )
    return way


def _ours(plan: Plan, crfs: dict[str, float], name: str = "ours") -> Way:
    words = encoding.transcode_command(plan)
    for n, rung in enumerate(plan.rungs):
        words[words.index(f"-crf:v:{n}") + 1] = f"{crfs[rung.name]:.2f}"
    copied = transcoding.progressive_rung(plan.rungs)
    return Way(name, plan.target, [words, encoding.progressive_command(plan, copied)])


def _rival(plan: Plan, name: str, commands) -> Way:
    folder = plan.target.with_name(name)
    for rung in plan.rungs:
        (folder / rung.name).mkdir(parents=True, exist_ok=True)
    quiet = ["-nostdin", "-v", "error", "-y"]
    return Way(name, folder, [[*quiet, *words] for words in commands(plan, folder)])


def _crfs(plan: Plan, step: float) -> dict[str, float]:
    return {rung.name: codecs.effort_of(rung).crf + step for rung in plan.rungs}


def _with_caps(plan: Plan, caps: dict[int, int]) -> Plan:
    """Half as high again as the higher of theirs and ours."""
    rungs = [
        replace(rung, video_kbps=max(rung.video_kbps, caps[rung.short_edge]) * 3 // 2)
        for rung in plan.rungs
    ]
    return replace(plan, rungs=tuple(rungs))


def _crf_for(rival: Way, rung: Rung, near: dict[int, Way]) -> tuple[float, float]:
    """On from the nearest, as steeply as the steepest line: caps flatten the others."""
    vmaf = rival.vmaf[rung.name]
    points = [
        (codecs.effort_of(rung).crf + step, way.vmaf[rung.name])
        for step, way in near.items()
    ]
    slope = max(
        (better - worse) / (high - low)
        for (low, better), (high, worse) in pairwise(points)
    )
    slope = max(FLATTEST, slope)
    crf, found = min(points, key=lambda point: abs(point[1] - vmaf))
    return _kept_within(crf + (found - vmaf) / slope), slope


def _kept_within(crf: float) -> float:
    return min(COARSEST, max(SHARPEST, crf))


def _print(ways: list[Way]) -> None:
    medians = {way.name: statistics.median(way.seconds) for way in ways}
    rungs = list(ways[0].vmaf)
    print("| | CPU s | ours over it |", *(f"{rung}: VMAF, kB |" for rung in rungs))
    for way in ways:
        over = [
            f"{medians[name] / medians[way.name]:.2f}"
            for name in ("ours", f"ours as {way.name}")
            if name in medians
        ]
        looks = (f"{way.vmaf[r]:.1f}, {way.kilobytes[r]:.0f} |" for r in rungs)
        print(f"| {way.name} | {medians[way.name]:.1f} | {', '.join(over)} |", *looks)
    print(flush=True)
