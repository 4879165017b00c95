"""Real workers are killed, stopped and cut off: no video is lost, none made twice.

VIDEO_FAULTS (4) says how many videos are made while workers are killed at random;
`make faults-video` makes fifty.
"""

import os
import random
import signal
import sys
import time

import pytest
import redis

from tests import buckets, faults
from tests.clips import make_clip, make_long
from tests.factories import make_seller
from videos.models import Video

pytestmark = [
    pytest.mark.faults,
    pytest.mark.ffmpeg,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(sys.platform != "linux", reason="kills process trees by /proc"),
]
Status = Video.Status
VIDEOS = int(os.environ.get("VIDEO_FAULTS", "4"))
IS_FULL = VIDEOS >= 50
# That of `make run`; in full also those that Celery has beside it.
POOLS = ["solo"] + ["prefork", "threads"] * IS_FULL
REDIS_ENDS = {"killed": False} | ({"flushed": True} if IS_FULL else {})
SETTLED = {Status.READY, Status.FAILED}


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    address, server = faults.run_redis(tmp_path_factory.mktemp("redis"))
    yield address, server
    faults.stop_redis(server)


@pytest.fixture
def farm(broker, tmp_path):
    address, server = broker
    redis.from_url(address).flushall()
    farm = faults.Farm(tmp_path, address)
    yield farm
    farm.stop()


def long_clip():
    return make_long(make_clip(size="720x1280"), 30)


def statuses(videos):
    return set(
        Video.objects.filter(pk__in=[v.pk for v in videos]).values_list(
            "status", flat=True
        )
    )


def is_running(video):
    video.refresh_from_db()
    return video.status == Status.PROCESSING


def assert_clean(farm, videos):
    """Each video is ready with one output set, or failed with a reason and no files."""
    for video in videos:
        video.refresh_from_db()
        if video.status == Status.READY:
            faults.assert_one_whole_output_set(video)
        else:
            assert (video.status, bool(video.failure_reason)) == (Status.FAILED, True)
            assert faults.files_below(f"videos/{video.public_id}") == []
    assert farm.left_behind() == []


class Killer:
    """Kills workers at random moments of their work.

    It notes how long it takes until a video whose worker died may be claimed again.
    """

    def __init__(self, farm):
        self.farm = farm
        self.seed = random.randrange(2**32)
        self.random = random.Random(self.seed)
        self.kills = {"encoder": 0, "tree": 0}
        self.orphaned = {}
        self.recoveries = []
        self.strike_at = 0.0

    def tick(self, most):
        self.look()
        if time.monotonic() > self.strike_at and sum(self.kills.values()) < most:
            self.strike()
            self.strike_at = time.monotonic() + self.random.uniform(0.5, 5)

    def strike(self):
        name = self.random.choice(["one", "two"])
        held = Video.objects.running().filter(worker__startswith=f"{name}@").first()
        if held is None or held.pk in self.orphaned:
            return
        if self.random.random() < 0.4:
            self.kills["encoder"] += self.farm.kill_encoder(name)
            return
        self.farm.kill_tree(name)
        self.kills["tree"] += 1
        held.refresh_from_db()
        if held.status == Status.PROCESSING:
            self.orphaned[held.pk] = (held.attempt, time.monotonic())
        self.farm.start(name)

    def look(self):
        for pk, (attempt, killed_at) in list(self.orphaned.items()):
            held = Video.objects.running().filter(pk=pk, attempt=attempt)
            if not held.exists():
                self.recoveries.append(time.monotonic() - killed_at)
                del self.orphaned[pk]

    def report(self, ready):
        print(
            f"\n{VIDEOS} videos: {ready} ready, {VIDEOS - ready} failed with a reason; "
            f"killed {self.kills}; free again after at most "
            f"{max(self.recoveries, default=0):.1f} s of {len(self.recoveries)} "
            f"(lease {self.farm.lease_seconds} s, sweep {self.farm.sweep_seconds} s); "
            f"seed {self.seed}"
        )


def test_workers_are_killed_at_random_and_every_video_comes_to_an_end(farm):
    killer = Killer(farm)
    sellers = [make_seller() for _ in range(3)]
    clip = make_clip(size="540x960", seconds=3)
    videos = [faults.upload(clip, seller=sellers[n % 3]) for n in range(VIDEOS)]
    farm.start_clock()
    for name in ("one", "two"):
        farm.start(name)

    give_up_at = time.monotonic() + 120 + 30 * VIDEOS
    while statuses(videos) - SETTLED:
        assert time.monotonic() < give_up_at, f"seed {killer.seed}\n{farm.log()}"
        killer.tick(most=VIDEOS)
        time.sleep(0.1)
    killer.look()

    wait_for_tidying(farm)
    assert_clean(farm, videos)
    ready = [video for video in videos if video.status == Status.READY]
    killer.report(len(ready))
    assert ready
    # Beside lease and sweep only what a busy machine needs to run the sweep.
    patience = farm.lease_seconds + farm.sweep_seconds + 10
    assert max(killer.recoveries, default=0) < patience


def wait_for_tidying(farm):
    """The storage is tidied by the sweep, a local disk when its worker starts again."""
    faults.wait_until(
        lambda: not Video.objects.filter(has_leftovers=True).exists(), 20, "tidying"
    )
    for name in farm.workers.keys() - {"clock"}:
        farm.kill_tree(name)
        farm.start(name)
    faults.wait_until(lambda: not farm.left_behind(), 60, "tidy disks")


@pytest.mark.parametrize("pool", POOLS)
def test_a_worker_told_to_stop_hands_its_video_back_at_once(farm, pool):
    video = faults.upload(long_clip())
    farm.start_clock()
    farm.start("one", "-Q", "media", "--pool", pool, DRAIN_SECONDS="1")
    faults.wait_until(lambda: farm.is_encoding("one"), 60, "an encoder")

    farm.workers["one"].send_signal(signal.SIGTERM)
    faults.wait_until(lambda: farm.workers["one"].poll() is not None, 15, "its end")

    video.refresh_from_db()
    assert (video.status, video.attempts_left) == (Status.UPLOADED, 3)
    assert farm.left_behind() == []
    farm.start("two")
    faults.wait_until(lambda: is_running(video), 30, "another worker")


def test_a_worker_told_to_stop_finishes_what_is_almost_done(farm):
    video = faults.upload(make_clip(size="360x640", seconds=3))
    farm.start_clock()
    farm.start("one", DRAIN_SECONDS="60")
    faults.wait_until(lambda: farm.is_encoding("one"), 60, "an encoder")

    farm.workers["one"].send_signal(signal.SIGTERM)
    faults.wait_until(lambda: farm.workers["one"].poll() is not None, 60, "its end")

    video.refresh_from_db()
    assert (video.status, video.attempt) == (Status.READY, 1)


@pytest.mark.parametrize("is_flushed", REDIS_ENDS.values(), ids=REDIS_ENDS)
def test_redis_loses_its_messages_and_the_database_sends_them_again(
    farm, broker, is_flushed
):
    address, server = broker
    clip = make_clip(size="360x640")
    farm.start_clock()
    videos = [faults.upload(clip) for _ in range(4)]
    client = redis.from_url(f"{address}?db=2")
    faults.wait_until(lambda: client.llen("media") == 4, 60, "four messages")

    if is_flushed:
        client.flushall()
    else:
        server.running().kill()
    farm.start("one")
    took = faults.wait_until(
        lambda: statuses(videos) == {Status.READY}, 90, "four videos"
    )

    print(f"\nRedis {'flushed' if is_flushed else 'killed'}: ready after {took:.1f} s")
    for video in videos:
        video.refresh_from_db()
        faults.assert_one_whole_output_set(video)


def test_a_canceled_video_loses_its_worker_within_seconds(farm):
    video = faults.upload(long_clip())
    farm.start_clock()
    farm.start("one")
    faults.wait_until(lambda: farm.is_encoding("one"), 60, "an encoder")

    video.refresh_from_db()
    video.cancel("Enough of it.")
    took = faults.wait_until(lambda: not farm.is_encoding("one"), 15, "its end")

    print(f"\ncanceled: the encoder ended after {took:.1f} s")
    wait_for_tidying(farm)
    assert_clean(farm, [video])
    assert video.failure_reason == "Enough of it."


@pytest.fixture
def s3(settings, monkeypatch):
    with buckets.buckets(settings, monkeypatch) as s3:
        yield s3


def test_workers_on_two_machines_share_only_database_redis_and_s3(farm, s3):
    """Two folders stand for two disks; one of the machines dies.

    The bucket's address reaches the workers by the environment.
    """
    clip = make_clip(size="540x960", seconds=3)
    videos = [faults.upload(clip) for _ in range(3)]
    farm.start_clock()
    for name in ("north", "south"):
        farm.start(name)

    faults.wait_until(lambda: working(farm) == {"north", "south"}, 90, "two workers")
    farm.kill_tree("north")
    faults.wait_until(lambda: statuses(videos) == {Status.READY}, 180, "three videos")

    farm.start("north")
    faults.wait_until(lambda: not farm.left_behind(), 60, "a tidy disk")
    for video in videos:
        video.refresh_from_db()
        faults.assert_one_whole_output_set(video)
    assert {video.attempt for video in videos} == {1, 2}


def working(farm):
    return {name for name in ("north", "south") if farm.is_encoding(name)}
