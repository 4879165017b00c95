"""What AV1 and HEVC cost and how they look, beside H.264's rungs of the same run.

python -m bench.extra_codecs FILE...
"""

import argparse
from dataclasses import replace
from pathlib import Path

from bench import quality
from bench.timing import timed
from bench.transcode import prepared, run_ffmpeg  # Django and servers of its own
from videos import encoding, ladder
from videos.codecs import ENCODERS


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", nargs="+", type=Path)
    for path in parser.parse_args().files:
        report(prepared(path))


def report(plain):
    print(f"{plain.source.name}\n| rung | CPU s of the run | VMAF | kB |")
    for codecs in ((), *((codec,) for codec in ENCODERS)):
        plan = replace(plain, extras=ladder.in_codecs(plain.rungs, codecs))
        for name in plan.renditions:
            (plan.target / name).mkdir(parents=True, exist_ok=True)
        _, cpu = timed(run_ffmpeg, encoding.transcode_command(plan))
        for rung in plan.extras or plan.rungs:
            print(f"| {rung.name} | {cpu:.1f} | {looks(plan, rung)} |", flush=True)


def looks(plan, rung):
    top, made = plan.rungs[-1], plan.target / rung.name
    score = quality.vmaf(
        made / encoding.PLAYLIST, plan.source, (top.width, top.height), rung.frame_rate
    )
    return f"{score:.1f} | {quality.size_bytes(made) / 1000:.0f}"


if __name__ == "__main__":
    main()
