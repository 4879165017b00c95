"""Caption files lie with the video, and are given to whoever may see it."""

import importlib
import re

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from marketplace import video_addresses
from marketplace.accounts.models import User
from marketplace.video_files import video_files
from tests.factories import make_seller, make_staff, make_user, make_video
from videos.captioning import cues_of, save_track
from videos.captions import Cue
from videos.deleting import purge
from videos.models import CaptionTrack, Video

pytestmark = pytest.mark.django_db

WORDS = [Cue(0, 1000, "Not yet for everybody")]
ADDRESS = re.compile(r'<track kind="captions" src="([^"]+)"')
HIDDEN = ["draft", "in_review", "rejected", "scheduled"]


def make_captioned(**fields):
    video = make_video(**fields)
    save_track(video, "en", WORDS)
    return video


def address_on(page):
    return ADDRESS.search(page.content.decode())[1]


def words_at(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/vtt"
    return b"".join(answer.streaming_content).decode()


@pytest.mark.parametrize("publication", HIDDEN)
def test_a_stranger_gets_no_captions_of_what_is_not_public(client, publication):
    video = make_captioned(publication=publication)
    track = video.captions.get()
    assert track.url.startswith("/media/private/")

    published = make_captioned(seller=video.seller)
    lent = published.captions.get().url.replace(published.public_id, video.public_id)
    for address in (
        f"/media/{track.file}",
        f"/media/captions/{track.file.rpartition('/')[2]}",
        track.url.replace("/private/", "/shared/"),
        re.sub(r"/private/[\w-]+/", "/private/forged/", track.url),
        lent,
    ):
        assert client.get(address).status_code == 404


def test_an_address_of_captions_ends_as_the_video_s_does(client, monkeypatch):
    video = make_captioned(publication="draft")
    address = video.captions.get().url
    assert "Not yet for everybody" in words_at(client, address)

    later = video_addresses.time.time() + 3 * 3600
    monkeypatch.setattr(video_addresses.time, "time", lambda: later)

    assert client.get(address).status_code == 403


def test_its_seller_and_the_desk_read_the_captions_of_a_draft(client):
    owner = make_user()
    video = make_captioned(seller=make_seller(owner=owner), publication="in_review")
    for reader, page in (
        (owner, f"/seller/videos/{video.public_id}/"),
        (
            make_staff(User.Role.MODERATOR),
            f"/admin/videos/video/{video.pk}/change/",
        ),
    ):
        client.force_login(reader)
        address = address_on(client.get(page))
        assert address.startswith("/media/private/")
        assert "Not yet for everybody" in words_at(client, address)


@pytest.mark.parametrize("delivery", ["public", "private"])
def test_everybody_reads_those_of_a_published_video(client, settings, delivery):
    settings.VIDEO_DELIVERY = delivery
    video = make_captioned()

    address = address_on(client.get(video.get_absolute_url()))

    audience = "shared" if delivery == "public" else "private"
    assert address.startswith(f"/media/{audience}/")
    assert "Not yet for everybody" in words_at(client, address)


def test_nothing_lies_in_the_public_storage():
    make_captioned()

    assert not default_storage.exists("captions")


def test_new_captions_have_a_new_address():
    video = make_captioned()
    former = video.captions.get().url

    save_track(video, "en", [Cue(0, 1000, "Other words")])

    assert video.captions.get().url != former


def test_captions_go_with_their_video(django_capture_on_commit_callbacks, eager_tasks):
    video = make_captioned(deleted_at="2026-01-01T00:00Z")
    name = video.captions.get().file

    with django_capture_on_commit_callbacks(execute=True):
        assert purge(video.pk)

    assert not video_files().exists(name)
    assert not CaptionTrack.objects.exists()


def test_captions_of_an_earlier_release_move_beside_their_video(capsys):
    move = importlib.import_module("videos.migrations.0013_captions_beside_videos")
    text = "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nHallo\n"
    former = default_storage.save("captions/a.vtt", ContentFile(text.encode()))
    moved, lost, new = make_video(), make_video(), make_captioned()
    track = moved.captions.create(language="de", label="Deutsch", file=former)
    lost.captions.create(file="captions/gone.vtt")
    kept = new.captions.get().file

    move.move_captions(apps, None)
    move.move_captions(apps, None)

    track.refresh_from_db()
    assert track.file.startswith(f"videos/{moved.public_id}/captions/")
    assert cues_of(track) == [Cue(0, 1000, "Hallo")]
    assert not default_storage.exists(former)
    assert new.captions.get().file == kept
    # What nobody could read has no address either, and would break the page.
    assert Video.objects.get(pk=lost.pk).captions.count() == 0


def test_captions_are_not_forgotten_where_their_storage_is_not_at_hand():
    """A folder that is not mounted looks as if all had gone."""
    move = importlib.import_module("videos.migrations.0013_captions_beside_videos")
    make_video().captions.create(file="captions/elsewhere.vtt")

    with pytest.raises(RuntimeError, match="none of 1 caption files"):
        move.move_captions(apps, None)

    assert CaptionTrack.objects.get().file == "captions/elsewhere.vtt"
