"""Clips of several shops on two real workers: how many a minute, and who waits.

    python -m bench.queue [--clips 100] [--seconds 2] [--size 180x320]

One shop has sent four fifths of them before four others send theirs.  Then the same
clips once more, all of one shop: a shop alone is served first in, first out, so that
run shows what the others would wait without turns.  Exit status 1 unless each clip is
ready, with one output set, at its first attempt.  Database, Redis and files of its own.
"""

import argparse
import contextlib
import os
import shutil
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.models import F, Min  # noqa: E402
from django.test.runner import DiscoverRunner  # noqa: E402

from tests import clips, faults  # noqa: E402
from tests.factories import make_seller  # noqa: E402
from videos.models import Video  # noqa: E402

WORKERS = ("one", "two")
SMALL_SHOPS = 4
# Without a clip that ends for so long, something is stuck.
PATIENCE_SECONDS = 300
Status = Video.Status


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--clips", type=int, default=100)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--size", default="180x320")
    options = parser.parse_args()
    shops = shops_of(options.clips)
    print(
        f"{options.clips} clips of {options.seconds} s, {options.size}:"
        f" {shops.count('large')} of one shop, then of {SMALL_SHOPS} others;"
        f" {len(WORKERS)} workers, {os.cpu_count()} cores"
    )
    with database(), tempfile.TemporaryDirectory() as folder, redis(folder) as broker:
        clips.FOLDER = Path(folder)
        clip = clips.make_clip(seconds=options.seconds, size=options.size)
        in_turn = run(Path(folder), broker, clip, shops, is_fair=True)
        in_line = run(Path(folder), broker, clip, shops, is_fair=False)
    print(
        f"The small shops wait {in_line / in_turn:.1f} times as long"
        " where the first in is the first out."
    )


def shops_of(count):
    """Whose each clip is, in the order of their uploads."""
    few = count // 5
    return ["large"] * (count - few) + [f"small {n % SMALL_SHOPS}" for n in range(few)]


@contextlib.contextmanager
def database():
    runner = DiscoverRunner(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    try:
        yield
    finally:
        connection.close()
        runner.teardown_databases(databases)
        for left in (settings.VIDEO_ROOT, settings.PRIVATE_ROOT / "sources"):
            shutil.rmtree(left, ignore_errors=True)


@contextlib.contextmanager
def redis(folder):
    address, server = faults.run_redis(Path(folder, "redis"))
    try:
        yield address
    finally:
        faults.stop_redis(server)


def run(folder, broker, clip, shops, *, is_fair):
    """The median wait of the small shops, after a table of all."""
    sellers = {shop: make_seller() for shop in shops} if is_fair else {}
    alone = make_seller()
    owners = {
        faults.upload(clip, seller=sellers.get(shop, alone)).pk: shop for shop in shops
    }
    farm = faults.Farm(folder, broker)
    farm.lease_seconds = 45
    farm.start_clock()
    for name in WORKERS:
        farm.start(name)
    try:
        ended_at = wait_for(owners, farm)
    finally:
        farm.stop()
    print("\nin turns" if is_fair else "\nfirst in, first out")
    videos = Video.objects.filter(pk__in=owners)
    check(videos)
    began_at = videos.aggregate(first=Min("claimed_at"))["first"]
    seconds = (ended_at - began_at).total_seconds()
    print(f"{seconds:.0f} s in all, {60 * len(owners) / seconds:.1f} clips a minute")
    return report(videos, owners, began_at)


def wait_for(owners, farm):
    """The moment when the last was settled, by the database's clock."""
    videos, left, moved_at = Video.objects.filter(pk__in=owners), None, 0.0
    while now := videos.exclude(status__in=[Status.READY, Status.FAILED]).count():
        if now != left:
            left, moved_at = now, time.monotonic()
        if time.monotonic() - moved_at > PATIENCE_SECONDS:
            raise RuntimeError(f"{left} clips are stuck\n{farm.log()}")
        time.sleep(0.2)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def check(videos):
    failed = videos.exclude(status=Status.READY).count()
    again = videos.exclude(attempt=1).count()
    for video in videos.filter(status=Status.READY):
        faults.assert_one_whole_output_set(video)
    print(f"{failed} failed, {again} made more than once")
    if failed or again:
        sys.exit(1)


def report(videos, owners, began_at):
    """Waits count from the first claim: all clips are there before the workers are."""
    waits = {}
    for pk, wait in videos.values_list("pk", F("claimed_at") - began_at):
        waits.setdefault(owners[pk], []).append(wait / timedelta(seconds=1))
    print("| shop | clips | median wait, s | longest, s |\n|---|---|---|---|")
    for shop, each in sorted(waits.items()):
        median = statistics.median(each)
        print(f"| {shop} | {len(each)} | {median:.0f} | {max(each):.0f} |")
    large = statistics.median(waits.pop("large"))
    small = statistics.median(wait for each in waits.values() for wait in each)
    print(f"the small shops' median over the large one's: {small / large:.2f}")
    return small


if __name__ == "__main__":
    main()
