"""Whose video is next: sellers take turns, short clips pass, nobody waits for ever."""

from datetime import timedelta
from threading import Barrier

import pytest
from django.db import transaction
from django.utils import timezone

from tests.factories import make_seller, make_video
from tests.races import at_once
from videos import capacity
from videos.models import Video
from videos.tasks import _claim_next, machine_name

MEGABYTE = 1_000_000


def wait(seller, *, minutes=0, megabytes=10, **fields):
    """A video of this seller that has been waiting for so long."""
    fields = {"status": Video.Status.UPLOADED, "folder": ""} | fields
    return make_video(
        seller=seller,
        due_at=timezone.now() - timedelta(minutes=minutes),
        source_bytes=megabytes * MEGABYTE,
        **fields,
    )


def claim():
    return Video.objects.claim_next("media@test")


def finish(video):
    video.mark_ready([], folder="videos/done/1")


def work_through(workers):
    """Who is served, in order, by so many workers that finish in turn."""
    running, served = [], []
    while True:
        while len(running) < workers and (video := claim()):
            running.append(video)
            served.append(video)
        if not running:
            return served
        finish(running.pop(0))


@pytest.mark.django_db
def test_a_seller_with_a_hundred_clips_does_not_make_another_wait():
    many, few = make_seller(), make_seller()
    for number in range(99):
        wait(many, minutes=60 - number / 10)
    only = wait(few)

    served = work_through(workers=2)

    assert len(served) == len({video.pk for video in served}) == 100
    # Both workers are busy with the first seller when they look for the next.
    assert served.index(only) <= 2


@pytest.mark.django_db
@pytest.mark.parametrize("workers", [1, 2])
def test_two_sellers_with_fifty_clips_each_take_turns(workers):
    first, second = make_seller(), make_seller()
    for _ in range(50):
        wait(first, minutes=60)
    for _ in range(50):
        wait(second)

    served = [video.seller for video in work_through(workers)]

    for turn in range(2, 100, 2):
        assert abs(served[:turn].count(first) - turn / 2) <= 1


@pytest.mark.django_db
def test_a_short_clip_passes_a_long_one_of_another_seller():
    wait(make_seller(), minutes=1, megabytes=900)
    short = wait(make_seller(), megabytes=20)

    assert claim() == short


@pytest.mark.django_db
def test_a_long_one_is_not_passed_for_ever():
    long = wait(make_seller(), minutes=16, megabytes=900)
    wait(make_seller(), megabytes=1)

    assert claim() == long


@pytest.mark.django_db
def test_short_clips_of_a_seller_come_before_the_long_ones():
    seller = make_seller()
    long, short = wait(seller, megabytes=500), wait(seller, megabytes=5)

    assert [claim(), claim()] == [short, long]


@pytest.mark.django_db
def test_a_video_in_its_pause_is_left_alone():
    wait(make_seller())
    claim().release("No room.")

    assert claim() is None


@pytest.mark.django_db
def test_a_video_that_was_tried_too_often_is_left_alone():
    wait(make_seller(), attempts_left=0)

    assert claim() is None


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_eight_workers_never_take_the_same_video():
    sellers = [make_seller() for _ in range(2)]
    for number in range(24):
        wait(sellers[number % 2], minutes=number)

    claimed = [video for _ in range(3) for video in at_once(*[claim] * 8)]

    # A row that another was claiming was passed over: some may have got none.
    taken = [video.pk for video in claimed if video]
    assert len(taken) == len(set(taken)) >= 8
    assert Video.objects.running().count() == len(taken)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_lock_and_condition_they_would():
    all_have_looked = Barrier(4)

    def look_then_take():
        video = Video.objects.in_turn().first()
        all_have_looked.wait(20)
        video.status = Video.Status.PROCESSING
        video.save(update_fields=["status"])
        return video.pk

    for number in range(8):
        wait(make_seller(), minutes=number)

    taken = at_once(*[look_then_take] * 4)

    assert len(set(taken)) == 1


def make_room_for(monkeypatch, settings, encodings):
    """Memory for so many at once, as the kernel would tell."""
    settings.VIDEO_MEMORY_BYTES = 1000
    monkeypatch.setattr(capacity, "available_memory", lambda: 1000 * encodings)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_eight_workers_of_a_machine_start_as_many_as_memory_has_room_for(
    monkeypatch, settings
):
    make_room_for(monkeypatch, settings, encodings=3)
    for _ in range(8):
        wait(make_seller())

    claimed = at_once(*[_claim_next] * 8)

    assert len([video for video in claimed if video]) == 3


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_of_the_machine_they_would_start_too_many(
    monkeypatch, settings
):
    make_room_for(monkeypatch, settings, encodings=3)
    for _ in range(8):
        wait(make_seller())

    all_have_looked = Barrier(4)

    @transaction.atomic
    def look_then_claim():
        worker = f"media@{machine_name()}"
        has_memory = capacity.has_memory(machine_name())
        all_have_looked.wait(20)
        return Video.objects.claim_next(worker) if has_memory else None

    claimed = at_once(*[look_then_claim] * 4)

    assert len([video for video in claimed if video]) == 4
