"""Videos that were made before features were kept get theirs, once, and once only."""

import threading

import pytest
from django.core.management import call_command
from django.db.models import QuerySet

from tests.clips import make_clip
from tests.factories import make_video
from tests.packages import folder_of, transcoded
from tests.races import at_once
from videos import backfilling, features, fingerprints
from videos.models import ContentFeatures, Video

pytestmark = [pytest.mark.ffmpeg, pytest.mark.django_db]

NOTHING = features.Features([], [], None)


@pytest.fixture(autouse=True)
def own_work_folder(settings, tmp_path):
    settings.VIDEO_WORK_ROOT = tmp_path / "work"


def forget(video):
    ContentFeatures.objects.filter(video=video).delete()


def run(capsys, **options):
    call_command("backfill_features", **options)
    return capsys.readouterr()


def test_a_video_is_known_by_what_is_stored_as_by_what_was_sent(capsys):
    video = transcoded(make_clip(seconds=3))
    before = video.features
    forget(video)

    said = run(capsys).out

    after = ContentFeatures.objects.get(video=video)
    assert "1 videos looked at, 0 could not be; 0 have no features." in said
    assert fingerprints.share_found(before.hashes, after.hashes) == 1
    assert [scene["starts_ms"] for scene in after.scenes] == [0]
    assert after.bands == fingerprints.bands_of(after.hashes)
    assert after.loudness_lufs is None
    assert after.compared_at is None


def test_it_goes_on_where_it_was_stopped_and_a_second_run_does_nothing(
    capsys, monkeypatch
):
    monkeypatch.setattr(backfilling, "BATCH", 2)
    monkeypatch.setattr(backfilling, "_look_at", lambda *_: NOTHING)
    videos = [make_video() for _ in range(5)]

    assert "3 videos looked at, 0 could not be; 2 have" in run(capsys, limit=3).out
    assert "2 videos looked at, 0 could not be; 0 have" in run(capsys).out
    made = dict(ContentFeatures.objects.values_list("video", "made_at"))
    assert "0 videos looked at" in run(capsys).out

    assert set(made) == {video.pk for video in videos}
    assert made == dict(ContentFeatures.objects.values_list("video", "made_at"))


def test_what_cannot_be_read_is_told_and_does_not_stop_the_rest(capsys):
    missing = make_video()
    damaged, whole = (transcoded(make_clip()) for _ in range(2))
    (folder_of(damaged) / "video.mp4").write_bytes(b"not a film")
    forget(damaged)
    forget(whole)

    said = run(capsys)

    assert "3 videos looked at, 2 could not be; 2 have no features." in said.out
    assert missing.public_id in said.err
    assert damaged.public_id in said.err
    assert ContentFeatures.objects.get().video == whole


def test_only_finished_videos_are_looked_at():
    status = Video.Status
    for fields in (
        {"status": status.PROCESSING},
        {"status": status.FAILED},
        {"folder": ""},
        {"deleted_at": "2026-01-01T00:00Z"},
    ):
        make_video(**fields)
    changing = make_video(status=status.PROCESSING, is_changing=True)

    assert list(Video.objects.without_features()) == [changing]


def test_what_was_made_anew_meanwhile_keeps_its_own(monkeypatch):
    video = make_video()

    def publish_meanwhile(*_):
        Video.objects.filter(pk=video.pk).update(folder="videos/test/2")
        return NOTHING

    monkeypatch.setattr(backfilling, "_look_at", publish_meanwhile)

    assert not backfilling.backfill(video)
    assert not ContentFeatures.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_keep_features_once(monkeypatch):
    both_looked = threading.Barrier(2, timeout=20)

    def look(*_):
        both_looked.wait()
        return NOTHING

    monkeypatch.setattr(backfilling, "_look_at", look)
    video = make_video()

    results = at_once(*[lambda: backfilling.backfill(video)] * 2)

    assert sorted(results) == [False, True]


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_nobody_would_stand_back(monkeypatch):
    """The guard that the test above leans on, taken off."""
    both_saw_none = threading.Barrier(2, timeout=20)
    keep = features.keep_features

    def keep_together(*arguments):
        both_saw_none.wait()
        keep(*arguments)

    monkeypatch.setattr(features, "keep_features", keep_together)
    monkeypatch.setattr(backfilling, "_look_at", lambda *_: NOTHING)
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **_: self)
    video = make_video()

    results = at_once(*[lambda: backfilling.backfill(video)] * 2)

    assert False not in results
