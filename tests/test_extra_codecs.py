"""The ladder once more in AV1 or HEVC, where the settings say so."""

import m3u8
import pytest
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

from marketplace.env import env_choices
from tests.clips import make_clip
from tests.hls_rules import violations
from tests.packages import folder_of, transcoded
from videos import codecs, ffmpeg, ladder

RUNGS = ladder.rungs_for(540, 960, 30)


def test_the_whole_ladder_is_there_in_each_codec_with_smaller_caps():
    extras = ladder.in_codecs(RUNGS, ["av1", "hevc"])

    assert [rung.name for rung in extras] == [
        *("360p-av1", "540p-av1"),
        *("360p-hevc", "540p-hevc"),
    ]
    assert extras[1].video_kbps < RUNGS[1].video_kbps
    assert ladder.in_codecs(RUNGS, []) == ()


def test_an_unknown_codec_is_refused_by_name(monkeypatch):
    monkeypatch.setenv("VIDEO_EXTRA_CODECS", "av1, vvc")

    with pytest.raises(ImproperlyConfigured, match="some of av1, hevc, not 'vvc'"):
        env_choices("VIDEO_EXTRA_CODECS", ["av1", "hevc"])


def found_by_checks():
    return {message.id for message in checks.run_checks()}


def test_an_ffmpeg_that_cannot_encode_it_is_refused(settings, monkeypatch):
    monkeypatch.setitem(codecs.ENCODERS, "av1", "libnothing")

    assert "videos.E001" not in found_by_checks()
    settings.VIDEO_EXTRA_CODECS = ["av1"]
    assert "videos.E001" in found_by_checks()
    with pytest.raises(ffmpeg.FFmpegError, match="libnothing"):
        ffmpeg.binary()


@pytest.mark.ffmpeg
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("codec", "word"), [("av1", "av01.0."), ("hevc", "hvc1.1.6.L")]
)
def test_variants_in_another_codec_obey_the_rules(settings, tmp_path, codec, word):
    settings.VIDEO_WORK_ROOT = tmp_path / "work"
    settings.VIDEO_EXTRA_CODECS = [codec]

    folder = folder_of(transcoded(make_clip(size="540x960", seconds=3)))

    assert violations(folder) == []
    index = m3u8.load(str(folder / "index.m3u8"))
    told = {p.uri.split("/")[0]: p.stream_info.codecs for p in index.playlists}
    assert set(told) == {"360p", "540p", f"360p-{codec}", f"540p-{codec}"}
    assert all(told[name].startswith(word) for name in told if codec in name)
    assert told["360p"].startswith("avc1.64")
    assert index.playlists[0].uri.startswith("360p/")  # H.264 stands first
