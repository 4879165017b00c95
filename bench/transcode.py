"""What our transcoding task costs, above its bare commands and beside the rivals'.

    python -m bench.transcode [--rounds N] [--rivals] FILE...

All make the same rungs from the same file on the same machine, turn by turn; the
ratio of the CPU seconds is the figure.  The task's side has claiming, probing,
measuring the loudness, the preview, limits, heartbeats into the database, playlists,
the choice of the frames, moving into the storage and publishing.
"""

import argparse
import functools
import os
import resource
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
django.setup()

from django.conf import settings  # noqa: E402
from django.core.files import File  # noqa: E402
from django.core.management import call_command  # noqa: E402

from bench import beside  # noqa: E402
from bench.timing import timed  # noqa: E402
from sellers.models import Seller  # noqa: E402
from videos import encoding, ffmpeg, ladder, previews, transcoding  # noqa: E402
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
            report_preview(path)
            if arguments.rivals:
                beside.report(prepared(path), arguments.rounds, run_ffmpeg)
    finally:
        Video.objects.filter(seller=seller).delete()
        for folder in (settings.VIDEO_ROOT, settings.PRIVATE_ROOT / "sources", BARE):
            shutil.rmtree(folder, ignore_errors=True)


def report(path, seller, rounds):
    prepared(path)
    bare, ours = [], []
    for _ in range(rounds):
        ours.append(timed(run_task, new_video(path, seller)))
        bare.append(timed(run_bare, path))
    wall, cpu = (
        [statistics.median(run[n] for run in runs) for runs in (bare, ours)]
        for n in (0, 1)
    )
    print(
        f"{path.name}: bare {wall[0]:.2f} s wall {cpu[0]:.2f} s CPU, "
        f"task {wall[1]:.2f} s wall {cpu[1]:.2f} s CPU, "
        f"ratio {wall[1] / wall[0]:.3f} wall {cpu[1] / cpu[0]:.3f} CPU, "
        f"peak {peak_mb():.0f} MB",
        flush=True,
    )


def peak_mb():
    """Of the largest child so far; the rivals come after the last call."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def report_preview(path):
    """What stands between the upload and something to play."""
    plan = prepared(path)
    seconds = plan.probe.duration_ms / 1000
    for name, command in (
        ("probe", None),
        ("copy", encoding.copy_command(plan)),
        ("quick", encoding.quick_command(plan)),
    ):
        work = functools.partial(run_ffmpeg, command) if command else ffmpeg.probe
        wall, cpu = timed(work, path)
        share = wall / seconds
        print(f"  {name}: {wall:.2f} s wall = {share:.1%} of the clip, {cpu:.2f} s CPU")
    chosen = previews.preview_command(plan)
    quick = encoding.quick_command(plan)
    words = "copy" if chosen else "none, the ladder is as soon"
    print(f"  chosen: {'quick' if chosen == quick else words}", flush=True)


def run_ffmpeg(command, _path=None):
    subprocess.run([ffmpeg.binary(), *command], check=True, stdout=subprocess.DEVNULL)


def run_bare(path):
    """The two commands as the task would run them; the probe is not counted."""
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
    return plan


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
