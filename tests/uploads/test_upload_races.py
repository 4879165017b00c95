"""Two clients at once, on the same upload or for the last place."""

import random
import time
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db.models import QuerySet

from marketplace.user_files import private_files
from tests.factories import make_seller
from tests.races import at_once, together_after
from tests.uploading import FILM, LENGTH, Body, make_upload, received
from videos import parts, receiving, uploads
from videos.models import Upload, UploadBusy, UploadConflict, Video
from videos.models import upload as upload_model


def fight(monkeypatch):
    """The bytes of the part, and which letter was told that which byte is safe."""
    monkeypatch.setattr(receiving, "BLOCK", 512)
    monkeypatch.setattr(upload_model, "BUSY", timedelta(0))
    write, move_on, told = parts.write, Upload.move_on, []

    def slow_write(public_id, position, data):
        time.sleep(random.uniform(0, 0.004))
        write(public_id, position, data)

    def noted_move_on(self, count):
        told.extend((self.offset + i, self.letter) for i in range(count))
        move_on(self, count)

    monkeypatch.setattr(parts, "write", slow_write)
    monkeypatch.setattr(Upload, "move_on", noted_move_on)
    upload = make_upload(seller=make_seller())

    def push(letter):
        while (mine := Upload.objects.get(pk=upload.pk)).offset < LENGTH:
            mine.letter = letter
            body = Body(letter * (LENGTH - mine.offset))
            with suppress(UploadConflict, UploadBusy):
                receiving.receive(mine, body, mine.offset, None)

    assert at_once(lambda: push(b"A"), lambda: push(b"B")) == [None, None]
    return received(upload), told


def mixed_up(bytes_, told):
    """Places whose byte is not that of the client who was told it is safe."""
    return [i for i, letter in told if bytes_[i : i + 1] != letter]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_the_bytes_of_two_writers_are_never_mixed_up(monkeypatch):
    bytes_, told = fight(monkeypatch)

    assert len(told) == LENGTH
    assert mixed_up(bytes_, told) == []


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_they_are_without_the_lock(monkeypatch):
    """The negative control: the test above can fail."""
    monkeypatch.setattr(Upload, "lock_for_writing", lambda self: None)

    assert any(mixed_up(*fight(monkeypatch)) for _ in range(5))


def open_four_for_one_place(settings):
    settings.VIDEO_UPLOADS_OPEN = 1
    seller = make_seller()

    def open_one():
        receiving.open_upload(Upload(seller=seller, length=10, file_name="a.mp4"))

    results = at_once(*[open_one] * 4)
    refused = [r for r in results if isinstance(r, receiving.TooMuchUnderWay)]
    assert len(refused) + results.count(None) == 4
    return seller.uploads.count()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_the_last_place_is_taken_once(settings):
    assert open_four_for_one_place(settings) == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_it_is_taken_oftener_without_the_lock(settings, monkeypatch):
    """The negative control."""
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **how: rows)
    together_after(monkeypatch, receiving, "_refuse_more", 4)

    assert open_four_for_one_place(settings) == 4


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_an_upload_finished_by_four_at_once_is_one_video(sent):
    upload = make_upload(seller=make_seller(), received=FILM)

    results = at_once(*[lambda: uploads.finish(Upload.objects.get(pk=upload.pk))] * 4)

    assert results == [None] * 4
    video = Video.objects.get()
    assert private_files().open(video.source.name).read() == FILM
    assert private_files().listdir(f"sources/{video.public_id}")[1] == [
        video.source.name.rpartition("/")[2]
    ]
    assert sent == [video.pk]


def finish_the_same_file_twice():
    """Videos that come of two uploads of one file that end together."""
    seller = make_seller()
    both = [make_upload(seller=seller, received=FILM) for _ in range(2)]
    results = at_once(*[lambda one=one: uploads.finish(one) for one in both])
    assert results == [None, None]
    return Video.objects.count()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_the_same_file_in_two_windows_at_once_is_one_video(sent):
    assert finish_the_same_file_twice() == 1
    states = sorted(Upload.objects.values_list("state", flat=True))
    assert states == ["duplicate", "finished"]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_it_is_two_without_the_lock(sent, monkeypatch):
    """The negative control."""
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **how: rows)
    together_after(monkeypatch, uploads, "_set_aside", 2)

    assert finish_the_same_file_twice() == 2
