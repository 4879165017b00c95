"""What our transcoding task costs above the bare ffmpeg command it runs.

    python -m bench.transcode [--rounds N] FILE...

Both make the same outputs from the same file on the same machine, turn by turn;
the ratio of their medians is the figure, not the seconds.  The task's side has
claiming, probing, the limits, progress and heartbeats into the database, the
multivariant playlist, moving into the storage and publishing.
"""

import argparse
import functools
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

# Servers and files of its own, so that a running site is left alone.
FOLDER = Path(__file__).resolve().parent.parent / "var" / "bench"
os.environ |= {
    "DEBUG": "1",
    "VAR_DIR": str(FOLDER),
    "DJANGO_SETTINGS_MODULE": "marketplace.settings",
    "DATABASE_URL": "",
    "REDIS_URL": "",
}

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.core.files import File  # noqa: E402
from django.core.management import call_command  # noqa: E402

from sellers.models import Seller  # noqa: E402
from videos import encoding, ffmpeg, ladder, transcoding  # noqa: E402
from videos.models import Video  # noqa: E402
from videos.tasks import transcode_video  # noqa: E402

BARE = FOLDER / "bare"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    call_command("migrate", verbosity=0)
    seller, _ = Seller.objects.get_or_create(slug="bench", defaults={"name": "Bench"})
    print(f"{ffmpeg.binary()}, {os.cpu_count()} cores, {arguments.rounds} rounds")
    try:
        for path in arguments.files:
            report(path, seller, arguments.rounds)
    finally:
        Video.objects.filter(seller=seller).delete()
        for folder in (settings.MEDIA_ROOT, settings.PRIVATE_ROOT / "sources", BARE):
            shutil.rmtree(folder, ignore_errors=True)


def report(path, seller, rounds):
    prepared(path)
    bare, ours = [], []
    for _ in range(rounds):
        bare.append(timed(run_bare, path))
        ours.append(timed(run_task, new_video(path, seller)))
    wall, cpu = (
        [statistics.median(run[n] for run in runs) for runs in (bare, ours)]
        for n in (0, 1)
    )
    print(
        f"{path.name}: bare {wall[0]:.2f} s wall {cpu[0]:.2f} s CPU, "
        f"task {wall[1]:.2f} s wall {cpu[1]:.2f} s CPU, "
        f"ratio {wall[1] / wall[0]:.3f} wall {cpu[1] / cpu[0]:.3f} CPU",
        flush=True,
    )


def timed(work, argument):
    """Wall and CPU seconds of this process and of the children it waited for."""
    wall, cpu = time.monotonic(), cpu_seconds()
    work(argument)
    return time.monotonic() - wall, cpu_seconds() - cpu


def cpu_seconds():
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, kinds))


def run_bare(path):
    """The two commands as the task would run them; the probe is not counted."""
    probe, rungs, target = prepared(path)
    has_audio = probe.audio_index is not None
    progressive = min(
        rungs, key=lambda rung: abs(rung.short_edge - transcoding.PROGRESSIVE_EDGE)
    )
    for command in (
        encoding.transcode_command(path, target, probe, rungs, settings.VIDEO_THREADS),
        encoding.progressive_command(target, progressive, has_audio),
    ):
        subprocess.run(
            [ffmpeg.binary(), *command], check=True, stdout=subprocess.DEVNULL
        )


@functools.cache
def prepared(path):
    probe = ffmpeg.probe(path)
    rungs = ladder.rungs_for(probe.width, probe.height, probe.frame_rate)
    target = BARE / path.stem
    for name in [*(rung.name for rung in rungs), encoding.AUDIO]:
        (target / name).mkdir(parents=True, exist_ok=True)
    return probe, rungs, target


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
