"""Real clips of phones and cameras, where the project's public data lies beside it."""

import os
from pathlib import Path

import pytest
from django.core.files import File

from tests.factories import make_video
from videos.models import Video
from videos.tasks import transcode_video

BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"
MEDIA = Path(os.environ.get("SHARED_DATA", BESIDE)) / "media"

pytestmark = [
    pytest.mark.ffmpeg,
    pytest.mark.django_db,
    pytest.mark.skipif(not MEDIA.exists(), reason="../shared/data/media is not there"),
]

READY = {
    "01_iphone_dovi_hlg_hevc10_portrait.mp4": (1080, 1920),
    "03_pixel_4k60_portrait.mp4": (1080, 1920),
    "13_webcam_rotated90.mp4": (360, 480),
    "14_vp9_opus.webm": (480, 360),
    "15_sar_3_2.mp4": (1920, 1080),
    "16_no_audio.mp4": (480, 360),
    "20_rotate_and_mirror.mp4": (720, 1080),
    "23_vp9_60fps_vorbis51.webm": (960, 540),
    "31_fragmented.mp4": (1080, 720),
    "35_ogg_named_mkv.mkv": (480, 270),
}
REFUSED = {
    "17_audio_only.mp4": "sound but no picture",
    "30_long_6min_1080p_tiny.mp4": "too long",
    "32_malformed_box.mp4": "not a video",
    "33_vvc_unknown_codec.mp4": "not supported",
    "36_corrupt_frames.mp4": "damaged",
    "39_motion_photo.jpg": "not a video",
    "40_photo.heic": "not a video",
    "derived/D_html_named.mp4": "not a video",
    "derived/D_jpeg_named.mp4": "not a video",
    "derived/D_playlist_named.mp4": "not a video",
    "derived/D_truncated_60pct_faststart.mp4": "damaged",
    "derived/D_zero_bytes.mp4": "empty",
}


@pytest.fixture(autouse=True)
def own_work_folder(settings, tmp_path):
    settings.VIDEO_WORK_ROOT = tmp_path / "work"
    settings.VIDEO_MIN_MS = 250


def transcode(name):
    video = make_video(status=Video.Status.UPLOADED, folder="")
    with (MEDIA / name).open("rb") as opened:
        video.source.save("source", File(opened))
    transcode_video(video.pk)
    video.refresh_from_db()
    return video


@pytest.mark.parametrize("name", READY)
def test_real_clips_become_ready_and_upright(name):
    video = transcode(name)

    assert (video.status, video.failure_reason) == (Video.Status.READY, "")
    assert (video.width, video.height) == READY[name]


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_shown_is_refused_with_its_reason(name):
    video = transcode(name)

    assert video.status == Video.Status.FAILED
    assert REFUSED[name] in video.failure_reason
    assert video.attempts_left == 2
