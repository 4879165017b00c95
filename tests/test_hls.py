"""Every output set obeys the rules of HLS, whatever the source was."""

import pytest

from tests.clips import make_clip, make_hdr_clip, make_rotated
from tests.hls_rules import violations
from tests.packages import copy_of_output, folder_of, transcoded

pytestmark = [pytest.mark.ffmpeg, pytest.mark.django_db]

DROPPED_FRAMES = "select=not(eq(mod(n\\,7)\\,3)+eq(mod(n\\,11)\\,5))"

SOURCES = {
    "portrait": lambda: make_clip(size="540x960", seconds=5),
    "landscape": lambda: make_clip(size="640x360", seconds=4.3),
    "varying": lambda: make_clip(
        seconds=4, options=["-vf", DROPPED_FRAMES, "-fps_mode", "vfr"]
    ),
    "smooth": lambda: make_clip(size="720x720", seconds=3, rate=60),
    "ntsc": lambda: make_clip(seconds=7, rate="30000/1001"),
    "cinema": lambda: make_clip(seconds=4, rate="24000/1001", size="426x240"),
    "silent": lambda: make_clip(seconds=3, has_audio=False),
    "odd": lambda: make_clip(size="355x201", options=["-pix_fmt", "yuv444p"]),
    "anamorphic": lambda: make_clip(size="480x360", options=["-vf", "setsar=3/2"]),
    "rotated": lambda: make_rotated(make_clip(size="640x360"), 90),
    "mirrored": lambda: make_rotated(
        make_clip(size="640x360"), 0, is_mirrored=True
    ),
    "tiny": lambda: make_clip(size="96x64", seconds=1),
    "hdr": lambda: make_hdr_clip(seconds=2.2),
    "slow": lambda: make_clip(rate=8, seconds=4),
}  # fmt: skip


@pytest.fixture(autouse=True)
def very_short_clips(settings):
    settings.VIDEO_MIN_MS = 250


@pytest.mark.parametrize("name", SOURCES)
def test_the_output_of_every_kind_of_source_obeys_the_rules(name):
    assert violations(folder_of(transcoded(SOURCES[name]()))) == []


def changed(playlist, before, after):
    text = playlist.read_text()
    assert before in text
    playlist.write_text(text.replace(before, after))


def without_key_frame(folder):
    """Its first segment begins in the middle of a group."""
    first = folder / "360p" / "segment-000.m4s"
    data = bytearray(first.read_bytes())
    start = data.index(b"mdat") + 4
    for _ in range(8):  # parameter sets come first
        length = int.from_bytes(data[start : start + 4], "big")
        if data[start + 4] & 0x1F == 5:
            data[start + 4] = data[start + 4] & 0xE0 | 1
        start += 4 + length
    first.write_bytes(data)


def swapped(folder):
    one, other = folder / "360p/segment-000.m4s", folder / "360p/segment-001.m4s"
    data = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(data)


BREAKAGES = {
    "no EXT-X-INDEPENDENT": lambda f: changed(
        f / "index.m3u8", "#EXT-X-INDEPENDENT-SEGMENTS\n", ""
    ),
    "BANDWIDTH 1000": lambda f: changed(
        f / "index.m3u8", "INF:BANDWIDTH=", "INF:BANDWIDTH=1000,X-WAS="
    ),
    "no average_bandwidth": lambda f: changed(f / "index.m3u8", "AVERAGE-", "X-"),
    "CODECS says": lambda f: changed(f / "index.m3u8", "avc1.64", "avc1.42"),
    "RESOLUTION": lambda f: changed(f / "index.m3u8", "=360x640", "=360x642"),
    "FRAME-RATE": lambda f: changed(f / "index.m3u8", "RATE=30.000", "RATE=25.000"),
    "longer than EXT-X-TARGETDURATION": lambda f: changed(
        f / "360p/playlist.m3u8", "DURATION:2", "DURATION:1"
    ),
    "not a finished": lambda f: changed(f / "360p/playlist.m3u8", "#EXT-X-ENDLIST", ""),
    "leave a gap": swapped,
    "IDR": without_key_frame,
    "gives": lambda f: changed(f / "360p/key-frames.m3u8", "RANGE:", "RANGE:9"),
}  # fmt: skip


@pytest.mark.parametrize("words", BREAKAGES)
def test_a_broken_rule_is_found(words, tmp_path):
    """The checker itself: each of its rules can fail."""
    folder = copy_of_output(make_clip(seconds=4), tmp_path / "output")
    assert violations(folder) == []

    BREAKAGES[words](folder)

    assert any(words in broken for broken in violations(folder))
