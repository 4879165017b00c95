"""One upload into the bucket, finished, begun or canceled by several at once."""

from contextlib import suppress

import pytest
from django.core.files.storage import storages
from django.db import IntegrityError
from django.db.models import QuerySet
from moto.s3.exceptions import NoSuchUpload
from moto.s3.models import S3Backend

from tests.buckets import PRIVATE
from tests.factories import make_seller, make_user
from tests.races import at_once, together_after
from tests.uploads.in_bucket import films, objects, parts_in_bucket, put
from videos import multipart, receiving, uploads
from videos.models import Upload, UploadClosed, Video

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def as_s3_says_it(monkeypatch):
    """Where an upload has ended S3 answers 404; moto alone stumbles, with a 500."""
    complete = S3Backend.complete_multipart_upload

    def complete_or_refuse(*args, **kwargs):
        try:
            return complete(*args, **kwargs)
        except KeyError as error:
            raise NoSuchUpload(upload_id=error.args[0]) from error

    monkeypatch.setattr(S3Backend, "complete_multipart_upload", complete_or_refuse)


def new_upload(film):
    upload = Upload(
        seller=make_seller(), user=make_user(), length=len(film), file_name="film.mp4"
    )
    upload.object_name = multipart.new_name(upload)
    return receiving.open_upload(upload)


def sent_upload(film):
    upload = new_upload(film)
    while parts := multipart.next_parts(upload):
        for part in parts:
            put(part, film)
    return upload


def finish_by_four(film):
    upload = sent_upload(film)
    return at_once(*[lambda: uploads.finish(Upload.objects.get(pk=upload.pk))] * 4)


def test_an_upload_finished_by_four_at_once_is_one_video(s3, sent):
    film = films(parts=2)

    assert finish_by_four(film) == [None] * 4

    video = Video.objects.get()
    assert objects(s3) == {video.source.name: film}
    assert sent == [video.pk]
    assert Upload.objects.get().video == video


def test_without_the_lock_they_collide(s3, sent, monkeypatch):
    """The negative control: only the unique id is left to stop the others."""
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **how: rows)
    together_after(monkeypatch, uploads, "_set_aside", 4)

    results = finish_by_four(films(parts=2))

    assert sum(isinstance(result, IntegrityError) for result in results) == 3


def begin_by_four():
    upload = new_upload(films(parts=1))
    results = at_once(
        *[lambda: multipart.next_parts(Upload.objects.get(pk=upload.pk))] * 4
    )
    assert all(len(parts) == 1 for parts in results)
    upload.refresh_from_db()
    return upload.multipart_id


def test_begun_by_four_at_once_it_has_one_set_of_parts(s3):
    begun = begin_by_four()

    assert parts_in_bucket() == [begun]


def test_it_has_several_where_the_last_one_wins(s3, monkeypatch):
    """The negative control."""

    def begin_anyway(upload, multipart_id):
        Upload.objects.filter(pk=upload.pk).update(multipart_id=multipart_id)
        upload.refresh_from_db()
        return True

    monkeypatch.setattr(Upload, "begin_multipart", begin_anyway)
    together_after(monkeypatch, Upload, "begin_multipart", 4)
    begin_by_four()

    assert len(parts_in_bucket()) > 1


def test_canceled_and_finished_at_once_it_is_a_video_or_nothing(s3, sent):
    for _ in range(6):
        upload = sent_upload(films(parts=1))

        def finish(pk=upload.pk):
            with suppress(UploadClosed):
                uploads.finish(Upload.objects.get(pk=pk))

        def cancel(pk=upload.pk):
            with suppress(UploadClosed):
                receiving.cancel(Upload.objects.get(pk=pk))

        assert at_once(finish, cancel) == [None, None]
        upload.refresh_from_db()
        is_there = storages["private"].exists(upload.object_name)
        assert is_there == (upload.state == Upload.State.FINISHED)
        assert Video.objects.filter(upload=upload).exists() == is_there
    assert parts_in_bucket() == []
    assert len(list(s3.Bucket(PRIVATE).objects.all())) == len(sent)
