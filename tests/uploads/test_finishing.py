"""From the last byte to the video, once; and what becomes of the abandoned."""

import os
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from marketplace.timetable import PERIODIC_TASKS
from marketplace.user_files import private_files
from tests.factories import make_seller, make_video
from tests.uploading import FILM, make_upload
from videos import parts, periodic, uploads
from videos.models import Upload, Video


@pytest.mark.django_db
def test_a_failure_on_the_way_to_the_video_loses_nothing(monkeypatch, sent):
    upload = make_upload(seller=make_seller(), received=FILM)
    send = uploads.send

    def broken(video):
        raise RuntimeError("the database went away")

    monkeypatch.setattr(uploads, "send", broken)
    with pytest.raises(RuntimeError):
        uploads.finish(upload)
    assert not Video.objects.exists()
    monkeypatch.setattr(uploads, "send", send)

    uploads.finish(Upload.objects.get())

    assert private_files().open(Video.objects.get().source.name).read() == FILM


@pytest.mark.django_db
def test_the_sweep_makes_the_video_that_a_killed_process_owes(sent):
    long_ago = timezone.now() - timedelta(minutes=5)
    upload = make_upload(seller=make_seller(), received=FILM, written_at=long_ago)

    periodic.sweep_uploads()
    periodic.sweep_uploads()

    assert Video.objects.get().public_id == upload.public_id
    assert len(sent) == 1


@pytest.mark.django_db
def test_the_sweep_takes_abandoned_parts_away_and_nothing_else():
    seller = make_seller()
    past = timezone.now() - timedelta(seconds=1)
    old = make_upload(seller=seller, received=FILM[:10], expires_at=past)
    going = make_upload(seller=seller, received=FILM[:10])
    twin = make_upload(seller=seller, received=FILM, state="duplicate", expires_at=past)

    periodic.sweep_uploads()

    there = [parts.exists(each.public_id) for each in (old, going, twin)]
    assert there == [False, True, False]
    old.refresh_from_db()
    assert old.state == Upload.State.EXPIRED


@pytest.mark.django_db
def test_the_sweep_forgets_how_it_ended_after_a_while_and_clears_what_was_left():
    past = timezone.now() - timedelta(seconds=1)
    make_upload(seller=make_seller(), state="canceled", expires_at=past)
    parts.write("of-a-killed-process", 0, b"x")
    left = parts.path_of("of-a-killed-process")
    periodic.sweep_uploads()
    assert left.exists()
    day_ago = time.time() - 24 * 3600
    os.utime(left, (day_ago, day_ago))

    periodic.sweep_uploads()

    assert not Upload.objects.exists()
    assert not left.exists()


@pytest.mark.django_db
def test_abandoned_parts_are_gone_within_a_day(settings):
    every = PERIODIC_TASKS["videos.periodic.sweep_uploads"]

    assert settings.VIDEO_UPLOAD_KEEP_HOURS * 3600 + every < 24 * 3600


@pytest.mark.django_db
def test_the_same_file_again_waits_for_its_seller_s_word(sent):
    seller = make_seller()
    uploads.finish(make_upload(seller=seller, received=FILM))
    again = make_upload(seller=seller, received=FILM)

    uploads.finish(again)
    uploads.finish(again)

    assert (again.state, again.twin) == (Upload.State.DUPLICATE, Video.objects.get())
    uploads.finish(again, is_wanted_twice=True)
    assert again.state == Upload.State.FINISHED
    assert Video.objects.count() == 2
    assert len(sent) == 2


@pytest.mark.django_db
def test_the_same_file_of_another_seller_is_nobody_s_business(sent):
    for _ in range(2):
        uploads.finish(make_upload(seller=make_seller(), received=FILM))

    assert Video.objects.count() == 2


@pytest.mark.django_db
def test_the_title_written_meanwhile_is_the_video_s(sent):
    upload = make_upload(seller=make_seller(), received=FILM)
    uploads.describe(upload, {"title": "Dress", "description": "Soft"})

    uploads.finish(upload)

    video = Video.objects.get()
    assert (video.title, video.description) == ("Dress", "Soft")
    uploads.describe(upload, {"title": "Later", "description": ""})
    video.refresh_from_db()
    assert (video.title, video.description) == ("Later", "")


@pytest.mark.django_db
def test_old_videos_without_a_hash_are_nobody_s_twins():
    seller = make_seller()
    video = make_video(seller=seller)
    make_video(seller=seller)

    assert uploads.twin_of(video) is None
