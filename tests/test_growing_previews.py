"""The lowest rung as it grows: shown of a clip that no browser plays as it came."""

import shutil
from pathlib import Path

import av
import m3u8
import pytest
from django.conf import settings
from django.db.models import F

from marketplace.video_addresses import address_of
from marketplace.video_files import video_files
from tests.buckets import buckets
from tests.clips import make_clip, make_rotated
from tests.factories import make_video
from tests.hls_rules import whole
from tests.packages import copy_of_output, folder_of, transcoded
from tests.storages import Trouble
from videos import encoding, ffmpeg, leftovers, periodic
from videos.ladder import rungs_for
from videos.leases import Lease
from videos.models import LeaseLost, Video
from videos.previews import GrowingPreview

pytestmark = [pytest.mark.ffmpeg, pytest.mark.django_db]

SECONDS = 8


def mirrored(seconds=SECONDS):
    """One that is not copied: no browser turns it over."""
    clip = make_clip(size="640x360", seconds=seconds)
    return make_rotated(clip, 0, is_mirrored=True)


class Ladder:
    """What the ladder's run has written so far, played back from a finished one."""

    def __init__(self, tmp_path, clip):
        finished = Path(settings.VIDEO_ROOT, "videos", "finished", "1")
        self.folder = copy_of_output(clip, finished)
        self.video = make_video(status=Video.Status.UPLOADED, folder="")
        assert self.video.claim()
        probe = ffmpeg.probe(clip)
        rungs = rungs_for(probe.width, probe.height, probe.frame_rate)
        self.plan = encoding.Plan(clip, tmp_path / "output", probe, rungs, threads=1)
        name = f"videos/{self.video.public_id}/{self.video.attempt}"
        self.preview = GrowingPreview(Lease(self.video), self.plan, name)
        self.stored = Path(settings.VIDEO_ROOT, name, "preview")

    def write(self, count, *, ends=False):
        """So many segments of each rendition, listed as ffmpeg lists what grows."""
        for name in ("360p", "audio"):
            source, target = self.folder / name, self.plan.target / name
            target.mkdir(parents=True, exist_ok=True)
            text = (source / "playlist.m3u8").read_text().replace("VOD", "EVENT")
            head, *parts = text.removesuffix("#EXT-X-ENDLIST\n").split("#EXTINF")
            listed = "#EXTINF".join([head, *parts[:count]])
            end = "#EXT-X-ENDLIST\n" if ends else ""
            (target / "playlist.m3u8").write_text(listed + end)
            for file in [*source.glob("init*"), *sorted(source.glob("*.m4s"))[:count]]:
                shutil.copy(file, target)

    def shown(self):
        return Video.objects.get(pk=self.video.pk).preview


@pytest.fixture
def ladder(tmp_path):
    return Ladder(tmp_path, mirrored())


def test_the_first_segment_can_be_played_at_once(ladder):
    ladder.preview.grow()
    assert ladder.shown() == ""

    ladder.write(1)
    ladder.preview.grow()

    assert ladder.shown().endswith("/preview/index.m3u8")
    index = m3u8.load(str(ladder.stored / "index.m3u8"))
    [variant], [sound] = index.playlists, index.media
    assert variant.uri == "360p/playlist.m3u8"
    assert variant.stream_info.resolution == (640, 360)
    assert variant.stream_info.codecs.startswith("avc1.")
    assert variant.stream_info.audio == sound.group_id
    assert index.start.time_offset == 0
    for uri, per_second in ((variant.uri, 30), (sound.uri, 48000 / 1024)):
        playlist = m3u8.load(str(ladder.stored / uri))
        assert (playlist.playlist_type, playlist.is_endlist) == ("event", False)
        assert frames_in(ladder.stored / uri) == pytest.approx(2 * per_second, abs=2)


def frames_in(playlist):
    with av.open(whole(playlist)) as container:
        return sum(1 for _ in container.decode(container.streams[0]))


def test_it_grows_to_the_end_and_stores_nothing_twice(ladder, monkeypatch):
    saved = []
    save = type(video_files()).save

    def save_and_note(storage, name, *content, **options):
        saved.append(name)
        return save(storage, name, *content, **options)

    monkeypatch.setattr(type(video_files()), "save", save_and_note)
    for count in (1, 1, 3):
        ladder.write(count)
        ladder.preview.grow()
    ladder.write(99, ends=True)
    ladder.preview.grow()

    files = [name for name in saved if not name.endswith(".part")]
    # Of picture and sound: an init segment, and four or five others.
    assert len(files) == len(set(files)) == 11
    assert sum(name.endswith("index.m3u8.part") for name in saved) == 1
    assert m3u8.load(str(ladder.stored / "360p/playlist.m3u8")).is_endlist
    assert frames_in(ladder.stored / "360p/playlist.m3u8") == SECONDS * 30
    assert not list(ladder.stored.rglob("*.part*"))


def test_a_storage_that_fails_ends_the_preview_and_not_the_work(ladder, settings):
    ladder.write(1)
    ladder.preview.grow()
    settings.STORAGES = settings.STORAGES | {
        "videos": {
            "BACKEND": "tests.storages.TroubledStorage",
            "OPTIONS": {"location": settings.VIDEO_ROOT},
        }
    }
    Trouble.failing_saves = 1

    ladder.write(2)
    ladder.preview.grow()
    ladder.write(3)
    ladder.preview.grow()

    assert Trouble.failing_saves == 0
    # As far as it came, and nothing is listed that is missing.
    assert frames_in(ladder.stored / "360p/playlist.m3u8") == 60


def test_a_worker_that_has_lost_the_video_shows_nothing(ladder):
    Video.objects.filter(pk=ladder.video.pk).update(attempt=F("attempt") + 1)
    ladder.write(1)

    with pytest.raises(LeaseLost):
        ladder.preview.grow()

    assert ladder.shown() == ""


def test_it_is_shown_while_the_ladder_is_made_and_gone_with_its_end(monkeypatch):
    seen = []
    show = Video.show_preview

    def show_and_look(video, name, width, height):
        show(video, name, width, height)
        playlist = Path(settings.VIDEO_ROOT, name).parent / "360p/playlist.m3u8"
        now = Video.objects.get(pk=video.pk)
        seen.append((now.status, now.folder, now.is_preview_growing))
        assert frames_in(playlist) >= 60

    monkeypatch.setattr(Video, "show_preview", show_and_look)

    video = transcoded(mirrored())

    assert seen == [("processing", "", True)]
    assert Video.objects.get(pk=video.pk).preview == ""
    assert not (folder_of(video) / "preview").exists()
    assert not Video.objects.get(pk=video.pk).has_leftovers


@pytest.mark.parametrize("clip", [lambda: mirrored(4), lambda: make_clip(seconds=8)])
def test_a_clip_that_is_short_or_copied_has_none(clip, monkeypatch):
    names = []
    show = Video.show_preview

    def show_and_note(video, name, *size):
        names.append(name)
        show(video, name, *size)

    monkeypatch.setattr(Video, "show_preview", show_and_note)

    transcoded(clip())

    assert not [name for name in names if not name.endswith("preview.mp4")]


def test_what_a_killed_worker_left_of_it_is_removed_by_the_sweep(monkeypatch):
    def die(_video):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(leftovers, "remove_from", die)
        with pytest.raises(KeyboardInterrupt):
            transcoded(mirrored())
    video = Video.objects.get()
    assert video.status == Video.Status.READY
    assert (folder_of(video) / "preview/index.m3u8").exists()

    periodic.sweep_videos()

    assert not (folder_of(video) / "preview").exists()
    assert (folder_of(video) / "index.m3u8").exists()


def test_a_playlist_that_grows_is_asked_for_each_time(client, ladder):
    ladder.write(1)
    ladder.preview.grow()

    grown = client.get(address_of(ladder.shown(), is_shared=False))
    finished = client.get(
        address_of(f"{folder_name(ladder)}/index.m3u8", is_shared=False)
    )

    assert grown["Cache-Control"] == "private, no-cache"
    assert finished["Cache-Control"] == "private, max-age=60"


def folder_name(ladder):
    return str(ladder.folder.relative_to(settings.VIDEO_ROOT))


def test_in_a_bucket_it_grows_under_the_same_names(ladder, settings, monkeypatch):
    with buckets(settings, monkeypatch):
        for count in (1, 3):
            ladder.write(count)
            ladder.preview.grow()

        folder = ladder.shown().removesuffix("index.m3u8") + "360p"
        with video_files().open(f"{folder}/playlist.m3u8") as stored:
            text = stored.read().decode()
        _, files = video_files().listdir(folder)

    assert text.count(".m4s") == 3
    # The list, the init segment and the three.
    assert len(files) == 5
