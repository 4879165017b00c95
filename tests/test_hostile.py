"""Odd, hostile and damaged files through the whole task: each settles, with a reason.

HOSTILE_FILES=500 .venv/bin/pytest tests/test_hostile.py     (make hostile)
"""

import os
import resource
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.files import File
from django.utils import timezone

from tests.clips import encode, make_clip, make_file, make_rotated
from tests.factories import make_video
from tests.hostile import ODD, mutated, pixel_bomb
from videos import children, ffmpeg, transcoding
from videos.models import Rendition, Video
from videos.periodic import sweep_videos
from videos.refusals import words_for
from videos.tasks import transcode_video

pytestmark = [pytest.mark.ffmpeg, pytest.mark.django_db]

MUTATIONS = int(os.environ.get("HOSTILE_FILES", 15))
CPU_SECONDS = 60


@pytest.fixture(autouse=True)
def sent(monkeypatch):
    """The sweep's messages; each is worked on by `settle`."""
    sent = []
    monkeypatch.setattr(transcode_video, "delay_on_commit", sent.append)
    return sent


def settle(content):
    """Work on a file as long as the workers and the sweep would."""
    video = make_video(status=Video.Status.UPLOADED, folder="")
    with make_file("film.mp4", content).open("rb") as opened:
        video.source.save("source", File(opened))
    before = used_by_children().ru_utime
    while True:
        transcode_video(video.pk)
        video.refresh_from_db()
        if not video.is_being_made:
            assert used_by_children().ru_utime - before < CPU_SECONDS
            return video
        past = timezone.now() - timedelta(seconds=1)
        Video.objects.filter(pk=video.pk).update(lease_expires_at=past)
        sweep_videos()


def used_by_children():
    """Of the launcher's as well, which count once it has ended."""
    children.end_launcher()
    return resource.getrusage(resource.RUSAGE_CHILDREN)


def assert_settled(video, outcomes, work_root):
    """Ready with something to play, or failed with words that say what to do."""
    if video.status == Video.Status.READY:
        assert "ready" in outcomes
        assert video.failure_reason == ""
        assert video.duration_ms > 0
        for rung in Rendition.objects.filter(video=video):
            assert min(rung.width, rung.height) >= 2
            assert max(rung.width, rung.height) <= 8192
    else:
        assert video.status == Video.Status.FAILED
        reasons = {words_for(outcome): outcome for outcome in outcomes - {"ready"}}
        assert video.failure_reason in reasons
    assert not any(work_root.iterdir())


@pytest.mark.parametrize("name", ODD)
def test_an_odd_file_ends_as_it_must(name, settings):
    make, outcomes = ODD[name]

    video = settle(make())

    assert_settled(video, outcomes, settings.VIDEO_WORK_ROOT)


# “processing” is missing: what is wrong with a file is never our own error.
REASONS = {
    "ready", "empty", "not_a_video", "no_picture", "codec", "damaged",
    "too_small", "too_large", "too_short", "too_long", "too_slow",
}  # fmt: skip


@pytest.mark.parametrize("number", range(MUTATIONS))
def test_a_damaged_file_settles(number, settings):
    video = settle(mutated(number))

    assert_settled(video, REASONS, settings.VIDEO_WORK_ROOT)
    assert used_by_children().ru_maxrss * 1024 < 2 * 1024**3


def test_a_pixel_bomb_is_refused_before_its_picture_has_memory():
    bomb = make_file("film.mp4", pixel_bomb())
    # The frame alone would take 450 MB, and there would be several.
    tight = replace(ffmpeg.PROBE_LIMITS, memory_bytes=600 * 1024**2)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ffmpeg, "PROBE_LIMITS", tight)
        with pytest.raises(ffmpeg.UnreadableVideo) as caught:
            transcoding.inspect(bomb)

    assert caught.value.refusal == "too_large"


def test_a_good_picture_is_shown_without_a_sound_that_is_damaged():
    """Half of the packets are gone wrong: some can be heard, too few to keep."""
    clip = encode(
        "film.mp4", "-i", str(make_clip(size="320x180", seconds=4)),
        "-c", "copy", "-bsf:a", "noise=amount='if(gt(n,100),3,0)'",
    )  # fmt: skip

    video = settle(clip.read_bytes())

    assert transcoding.inspect(clip).audio_index is not None
    assert (video.status, video.has_audio) == (Video.Status.READY, False)
    assert video.attempts_left == 2


def test_of_two_pictures_the_one_that_can_be_decoded_is_shown():
    clip = encode(
        "film.mkv", "-i", str(make_clip(size="320x180", has_audio=False)),
        "-i", str(make_clip(size="640x360", has_audio=False)),
        "-map", "0", "-map", "1", "-c", "copy", "-bsf:v:0", "noise=amount=2",
    )  # fmt: skip

    video = settle(clip.read_bytes())

    assert (video.status, video.width) == (Video.Status.READY, 640)


def test_a_tag_in_an_unknown_script_is_no_reason_to_refuse():
    clip = encode(
        "film.avi", "-i", str(make_clip(size="320x180")), "-c:v", "mpeg4",
        "-metadata", "title=Sommerkleid",
    )  # fmt: skip
    latin = clip.read_bytes().replace(b"Sommerkleid", b"Sommerkl\xe4\xffd")

    assert transcoding.inspect(make_file("film.avi", latin)).width == 320


def test_a_source_that_cannot_be_opened_is_tried_again(tmp_path):
    """The machine's fault and not the file's: nobody is told that it is no video."""
    with pytest.raises(ffmpeg.FFmpegError) as caught:
        ffmpeg.probe(tmp_path / "not there yet")

    assert not isinstance(caught.value, ffmpeg.UnreadableVideo)


def test_a_picture_turned_by_an_odd_angle_keeps_its_shape():
    clip = make_rotated(make_clip(size="320x180"), 45)

    probe = transcoding.inspect(clip)

    assert (probe.width, probe.height) == (320, 180)
