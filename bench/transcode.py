"""What our transcoding task costs, above its bare commands and beside the rivals'.

    python -m bench.transcode [--rounds N] [--rivals] FILE...

All make the same rungs from the same file on the same machine, turn by turn; the
ratio of the CPU seconds is the figure.  The task's side has claiming, probing,
measuring the loudness, the preview, limits, heartbeats into the database, playlists,
the choice of the frames, moving into the storage and publishing.
"""

import argparse
import contextlib
import dataclasses
import functools
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from unittest import mock

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
django.setup()

from django.conf import settings  # noqa: E402
from django.core.files import File  # noqa: E402
from django.core.management import call_command  # noqa: E402

from bench import beside  # noqa: E402
from bench.timing import timed  # noqa: E402
from sellers.models import Seller  # noqa: E402
from videos import children, encoding, ffmpeg, ladder, loudness, transcoding  # noqa: E402
from videos.models import Video  # noqa: E402
from videos.tasks import transcode_video  # noqa: E402

BARE = settings.VAR_DIR / "bare"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rivals", action="store_true", help="and VMAF: slow")
    arguments = parser.parse_args()
    call_command("migrate", verbosity=0)
    seller, _ = Seller.objects.get_or_create(slug="bench", defaults={"name": "Bench"})
    print(f"{ffmpeg.binary()}, {os.cpu_count()} cores, {arguments.rounds} rounds")
    try:
        for path in arguments.files:
            report(path, seller, arguments.rounds)
            if arguments.rivals:
                beside.report(prepared(path), arguments.rounds, run_ffmpeg)
    finally:
        Video.objects.filter(seller=seller).delete()
        for folder in (settings.VIDEO_ROOT, settings.PRIVATE_ROOT / "sources", BARE):
            shutil.rmtree(folder, ignore_errors=True)


def report(path, seller, rounds):
    plan = prepared(path)
    bare, ours, playable = [], [], []
    for _ in range(rounds):
        video = new_video(path, seller)
        began = time.monotonic()
        with moment_of_preview() as shown:
            ours.append(timed(run_task, video))
        playable.append((shown or [time.monotonic()])[0] - began)
        bare.append(timed(run_bare, path))
    wall, cpu = (
        [statistics.median(run[n] for run in runs) for runs in (bare, ours)]
        for n in (0, 1)
    )
    first = statistics.median(playable)
    print(
        f"{path.name}: bare {wall[0]:.2f} s wall {cpu[0]:.2f} s CPU, "
        f"task {wall[1]:.2f} s wall {cpu[1]:.2f} s CPU, "
        f"ratio {wall[1] / wall[0]:.3f} wall {cpu[1] / cpu[0]:.3f} CPU, "
        f"playable after {first:.2f} s = {first * 1000 / plan.probe.duration_ms:.1%} "
        f"of the clip, peak {peak_mb():.0f} MB",
        flush=True,
    )


@contextlib.contextmanager
def moment_of_preview():
    """When the seller was given something to play, if before the end."""
    moments = []
    show = Video.show_preview

    def noted(video, *what):
        show(video, *what)
        moments.append(time.monotonic())

    with mock.patch.object(Video, "show_preview", noted):
        yield moments


def peak_mb():
    """Of the largest child so far; the rivals come after the last call."""
    children.end_launcher()  # only then its own are counted
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def run_ffmpeg(command):
    subprocess.run([ffmpeg.binary(), *command], check=True, stdout=subprocess.DEVNULL)


def run_bare(path):
    """The two commands as the task runs them, with the gain that makes the same sound.

    To find that out, and the probe, are not counted.
    """
    plan = prepared(path)
    progressive = transcoding.progressive_rung(plan.rungs)
    run_ffmpeg(encoding.transcode_command(plan))
    run_ffmpeg(encoding.progressive_command(plan, progressive))


@functools.cache
def prepared(path):
    probe = ffmpeg.probe(path)
    plan = encoding.Plan(
        source=path,
        target=BARE / path.stem / "output",
        probe=probe,
        rungs=ladder.rungs_for(probe.width, probe.height, probe.frame_rate),
        threads=settings.VIDEO_THREADS,
    )
    for folder in (plan.frames, *(plan.target / name for name in plan.renditions)):
        folder.mkdir(parents=True, exist_ok=True)
    sound = loudness.levelling(path, probe, transcoding._limits(plan))
    return dataclasses.replace(plan, gain_db=sound.gain_db)


def new_video(path, seller):
    video = Video.objects.create(seller=seller, title=path.name)
    with path.open("rb") as opened:
        video.source.save("source", File(opened))
    video.queue()
    return video


def run_task(video):
    transcode_video(video.pk)
    video.refresh_from_db()
    if video.status != Video.Status.READY:
        sys.exit(f"{video.title}: {video.failure_reason}")


if __name__ == "__main__":
    main()
