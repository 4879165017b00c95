"""Another file under the same address; what is shown meanwhile, and afterwards."""

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from marketplace.user_files import private_files
from marketplace.video_files import video_files
from tests.clips import make_clip
from tests.factories import make_seller, make_tag, make_user, make_video
from tests.races import at_once
from tests.uploading import FILM, begin, make_upload, metadata
from videos import uploads, versions
from videos.models import (
    FormerVersion,
    LeaseLost,
    Upload,
    UploadClosed,
    Video,
    VideoConflict,
)
from videos.tasks import transcode_video
from videos.versions import Source

Publication, Status = Video.Publication, Video.Status


@pytest.fixture(autouse=True)
def sent(monkeypatch):
    sent = []
    monkeypatch.setattr(transcode_video, "delay_on_commit", sent.append)
    return sent


@pytest.fixture
def owner():
    return make_user()


@pytest.fixture
def seller(owner):
    return make_seller(owner=owner)


@pytest.fixture
def shop(client, owner, seller):
    client.force_login(owner)
    return client


def make_shown(seller=None, **fields):
    """A published video with its source."""
    video = make_video(seller=seller, source_name="old.mp4", **fields)
    video.source.save("source", ContentFile(b"the old film"))
    return video


def new_source(video):
    holder = Video(public_id=video.public_id)
    holder.source.save("source", ContentFile(b"the new film"), save=False)
    return Source(holder.source.name, "new.mp4", 12, "f" * 64)


def replace(video):
    new = new_source(video)
    versions.replace_source(video.pk, new)
    video.refresh_from_db()
    return new


def path(name, video):
    return reverse(f"videos:{name}", args=[video.public_id])


def exists(name):
    return private_files().exists(name)


@pytest.mark.django_db
def test_the_old_file_is_watched_until_the_new_one_is_swapped_in_once(
    django_capture_on_commit_callbacks,
):
    video = make_shown(like_count=7, view_count=99)
    tag = make_tag(video=video)
    old, folder = video.source.name, video.folder

    new = replace(video)

    assert Video.objects.published().get().folder == folder
    assert Video.objects.due().get() == video
    assert exists(old)
    assert video.claim()
    assert Video.objects.published().get().folder == folder
    with django_capture_on_commit_callbacks(execute=True):
        versions.publish(video, [], folder="videos/new", duration_ms=2000)
    assert (video.folder, video.status, video.is_changing) == (
        "videos/new", Status.READY, False,
    )  # fmt: skip
    assert (video.source.name, video.source_name) == (new.source, "new.mp4")
    assert (video.like_count, video.view_count) == (7, 99)
    assert video.tags.get() == tag
    assert not exists(old)
    assert not FormerVersion.objects.exists()
    with pytest.raises(LeaseLost):
        versions.publish(video, [], folder="videos/again")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Publication.PUBLISHED, Publication.IN_REVIEW),
        (Publication.SCHEDULED, Publication.IN_REVIEW),
        (Publication.IN_REVIEW, Publication.IN_REVIEW),
        (Publication.DRAFT, Publication.DRAFT),
        (Publication.REJECTED, Publication.REJECTED),
    ],
)
def test_what_nobody_has_reviewed_is_not_published(before, after):
    video = make_shown(publication=before)
    replace(video)
    video.claim()

    versions.publish(video, [], folder="videos/new")

    assert video.publication == after
    assert not Video.objects.published().exists()


@pytest.mark.django_db
def test_the_first_version_of_a_video_goes_nowhere_by_itself():
    video = make_video(status=Status.UPLOADED, publication=Publication.DRAFT)
    video.claim()

    versions.publish(video, [], folder="videos/first")

    assert video.publication == Publication.DRAFT


@pytest.mark.django_db
def test_a_preview_of_the_new_file_leaves_the_size_of_the_shown_one():
    video = make_shown(width=720, height=1280)
    replace(video)
    video.claim()

    video.show_preview("videos/x/2/preview.mp4", 1920, 1080)

    assert (video.preview, video.width, video.height) == (
        "videos/x/2/preview.mp4", 720, 1280,
    )  # fmt: skip


@pytest.mark.django_db
def test_a_new_file_that_fails_leaves_the_old_one_public_and_can_be_dropped(
    shop, seller, django_capture_on_commit_callbacks
):
    video = make_shown(seller=seller)
    old = video.source.name
    new = replace(video)
    video.claim()
    video.mark_failed("It is damaged.")

    page = shop.get(path("studio", video)).content.decode()
    assert "It is damaged." in page
    assert "Keep the old version" in page
    assert Video.objects.published().get() == video
    with django_capture_on_commit_callbacks(execute=True):
        shop.post(path("keep_former", video))

    video.refresh_from_db()
    assert (video.status, video.is_changing) == (Status.READY, False)
    assert (video.source.name, video.source_name) == (old, "old.mp4")
    assert video.publication == Publication.PUBLISHED
    assert exists(old)
    assert not exists(new.source)
    shop.post(path("keep_former", video))
    with pytest.raises(VideoConflict):
        versions.keep_former(video)


@pytest.mark.django_db
def test_keeping_the_old_file_stops_the_worker():
    video = make_shown()
    replace(video)
    worker = Video.objects.get(pk=video.pk)
    worker.claim()

    versions.keep_former(video)

    with pytest.raises(LeaseLost):
        versions.publish(worker, [], folder="videos/new")
    assert Video.objects.published().get().folder == video.folder


@pytest.mark.django_db
def test_a_second_new_file_takes_the_place_of_the_first(
    django_capture_on_commit_callbacks,
):
    video = make_shown()
    old = video.source.name
    first = replace(video)
    worker = Video.objects.get(pk=video.pk)
    worker.claim()

    with django_capture_on_commit_callbacks(execute=True):
        second = replace(video)

    assert not exists(first.source)
    assert exists(old)
    with pytest.raises(LeaseLost):
        worker.renew_lease(50)
    versions.keep_former(video)
    video.refresh_from_db()
    assert video.source.name == old
    assert second.source != old


@pytest.mark.django_db
def test_a_failed_first_upload_is_replaced_without_a_former_version(
    django_capture_on_commit_callbacks,
):
    video = make_shown(status=Status.FAILED, folder="", publication=Publication.DRAFT)
    old = video.source.name

    with django_capture_on_commit_callbacks(execute=True):
        replace(video)

    assert not exists(old)
    assert not FormerVersion.objects.exists()
    assert (video.status, video.is_changing) == (Status.UPLOADED, False)


@pytest.mark.django_db
def test_a_deleted_video_gets_no_new_file():
    video = make_shown()
    video.mark_deleted()

    with pytest.raises(VideoConflict):
        versions.replace_source(video.pk, new_source(video))

    assert Video.objects.get().source_name == "old.mp4"


@pytest.mark.django_db
def test_the_resumable_upload_replaces_and_makes_no_second_video(shop, seller, sent):
    video = make_shown(seller=seller, title="Cup")
    header = metadata(filename="new.mp4", replaces=video.public_id)

    answer = begin(shop, body=FILM, **{"Upload-Metadata": header})

    assert answer.status_code == 201
    video = Video.objects.get()
    assert (video.title, video.source_name) == ("Cup", "new.mp4")
    assert private_files().open(video.source.name).read() == FILM
    assert sent == [video.pk]
    upload = Upload.objects.get()
    assert upload.state == Upload.State.FINISHED
    ended = shop.post(
        reverse("videos:finish_upload", args=[upload.public_id]),
        headers={"accept": "application/json"},
    )
    assert ended.json()["url"] == path("studio", video)
    assert sent == [video.pk]


@pytest.mark.django_db
def test_nobody_replaces_the_file_of_a_stranger(client, shop, seller):
    theirs = make_shown()
    header = metadata(filename="new.mp4", replaces=theirs.public_id)

    assert begin(shop, **{"Upload-Metadata": header}).status_code == 404
    assert shop.get(path("replace", theirs)).status_code == 404
    assert shop.post(path("keep_former", theirs)).status_code == 404
    client.logout()
    assert client.get(path("replace", theirs)).status_code == 302

    assert not Upload.objects.exists()


@pytest.mark.django_db
def test_an_upload_for_a_video_that_was_deleted_meanwhile_is_closed(seller):
    video = make_shown(seller=seller)
    upload = make_upload(seller=seller, length=len(FILM), received=FILM, replaces=video)
    video.mark_deleted()

    with pytest.raises(UploadClosed):
        uploads.finish(upload)

    assert Video.objects.get().source_name == "old.mp4"
    upload.refresh_from_db()
    assert upload.state == Upload.State.RECEIVING


@pytest.mark.django_db
def test_without_javascript_a_plain_form_replaces(shop, seller, sent):
    video = make_shown(seller=seller)
    page = shop.get(path("replace", video)).content.decode()
    assert "a moderator looks at it" in page
    file = SimpleUploadedFile("new.mp4", b"another film", "video/mp4")

    answer = shop.post(path("replace", video), {"files": file})

    assert answer.url == path("studio", video)
    video.refresh_from_db()
    assert (video.source_name, video.is_changing) == ("new.mp4", True)
    assert sent == [video.pk]


@pytest.mark.django_db
def test_products_after_the_new_end_are_shown_to_the_seller(shop, seller):
    video = make_shown(seller=seller, duration_ms=8000)
    make_tag(video=video, starts_ms=0, ends_ms=3000)
    make_tag(video=video, starts_ms=5000, ends_ms=8000)
    replace(video)
    video.claim()
    versions.publish(video, [], folder="videos/new", duration_ms=5000)

    page = shop.get(path("studio", video)).content.decode()

    assert "1 product begins after the end" in page
    assert page.count("After the end") == 1


@pytest.mark.django_db
def test_the_task_swaps_in_what_it_made():
    video = make_shown(duration_ms=8000)
    video_files().save(f"videos/{video.public_id}/0/index.m3u8", ContentFile(b"old"))
    Video.objects.filter(pk=video.pk).update(folder=f"videos/{video.public_id}/0")
    holder = Video(public_id=video.public_id)
    with make_clip(seconds=1, size="180x320").open("rb") as clip:
        holder.source.save("source", ContentFile(clip.read()), save=False)
    versions.replace_source(video.pk, Source(holder.source.name, "new.mp4", 1, "a"))

    transcode_video(video.pk)

    video.refresh_from_db()
    assert (video.status, video.publication) == (Status.READY, Publication.IN_REVIEW)
    assert video.duration_ms == pytest.approx(1000, abs=60)
    assert video.folder == f"videos/{video.public_id}/1"
    assert not video_files().exists(f"videos/{video.public_id}/0/index.m3u8")


def keep_and_publish_at_once():
    """What is shown, and whether its source is there, after both happen."""
    video = make_shown()
    replace(video)
    worker = Video.objects.get(pk=video.pk)
    worker.claim()
    results = at_once(
        lambda: versions.publish(worker, [], folder="videos/new"),
        lambda: versions.keep_former(Video.objects.get(pk=video.pk)),
    )
    video.refresh_from_db()
    refused = [type(r) for r in results if isinstance(r, Exception)]
    is_new = video.folder == "videos/new"
    return refused, is_new, video.source_name, exists(video.source.name)


@pytest.mark.django_db(transaction=True)
def test_of_keeping_and_publishing_at_once_one_wins():
    for _ in range(6):
        refused, is_new, name, is_there = keep_and_publish_at_once()
        assert refused == [VideoConflict if is_new else LeaseLost]
        assert name == ("new.mp4" if is_new else "old.mp4")
        assert is_there


@pytest.mark.django_db(transaction=True)
def test_without_the_lease_both_would_win(monkeypatch):
    """The control of the test above: it can fail."""
    monkeypatch.setattr(Video, "_settle", lambda self, **f: self._rows().update(**f))
    video = make_shown()
    replace(video)
    worker = Video.objects.get(pk=video.pk)
    worker.claim()
    versions.keep_former(Video.objects.get(pk=video.pk))

    versions.publish(worker, [], folder="videos/new")

    video.refresh_from_db()
    assert (video.folder, video.source_name) == ("videos/new", "old.mp4")
