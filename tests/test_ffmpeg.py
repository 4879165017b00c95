import os
import sys
import time
from dataclasses import replace
from fractions import Fraction

import pytest

from tests.clips import (
    make_audio_only,
    make_clip,
    make_file,
    make_hdr_clip,
    make_rotated,
)
from videos import ffmpeg, transcoding
from videos.ffmpeg import FFmpegError, Limits, UnreadableVideo

pytestmark = pytest.mark.ffmpeg

QUICK = Limits(wall_seconds=5, cpu_seconds=5, memory_bytes=1024**3, file_bytes=1000)


def python(code):
    return [sys.executable, "-I", "-c", code]


def refusal_of(path):
    with pytest.raises(UnreadableVideo) as caught:
        transcoding.inspect(path)
    return caught.value.refusal


def test_a_probe_measures_the_clip():
    probe = ffmpeg.probe(make_clip())

    assert (probe.width, probe.height) == (360, 640)
    assert probe.duration_ms == 1000
    assert probe.frame_rate == Fraction(30)
    assert probe.video_codec == "h264"
    assert probe.audio_index == 1
    assert probe.transfer == "sdr"


def test_a_rotated_clip_is_measured_as_it_is_shown():
    probe = ffmpeg.probe(make_rotated(make_clip(size="640x360"), 90))

    assert (probe.width, probe.height) == (360, 640)


def test_a_silent_clip_has_no_audio():
    assert ffmpeg.probe(make_clip(has_audio=False)).audio_index is None


def test_hdr_is_seen():
    assert ffmpeg.probe(make_hdr_clip()).transfer == "hlg"


def test_a_fragmented_clip_is_measured_by_its_packets():
    clip = make_clip(options=["-movflags", "+frag_keyframe+empty_moov"])

    assert ffmpeg.probe(clip).duration_ms == pytest.approx(1000, abs=70)


def test_an_empty_file_is_refused():
    assert refusal_of(make_file("film.mp4", b"")) == "empty"


def test_sound_without_a_picture_is_refused():
    assert refusal_of(make_audio_only()) == "no_picture"


def test_a_cut_off_upload_is_refused():
    whole = make_clip().read_bytes()

    assert refusal_of(make_file("film.mp4", whole[: len(whole) // 2])) == "not_a_video"


def test_too_short_and_too_long_are_refused(settings):
    settings.VIDEO_MIN_MS = 1000
    settings.VIDEO_MAX_SECONDS = 2

    assert refusal_of(make_clip(seconds=0.5)) == "too_short"
    assert refusal_of(make_clip(seconds=3)) == "too_long"
    assert transcoding.inspect(make_clip(seconds=1)).duration_ms == 1000


def test_a_tiny_picture_is_refused():
    assert refusal_of(make_clip(size="48x48")) == "too_small"


def test_a_codec_outside_the_list_is_refused():
    clip = make_clip(name="film.mkv", options=["-c:v", "ffv1"])

    assert refusal_of(clip) == "codec"


def test_a_command_that_takes_too_long_is_ended():
    limits = Limits(wall_seconds=1, cpu_seconds=5)
    started = time.monotonic()

    with pytest.raises(FFmpegError, match="too long"):
        ffmpeg.run(python("import time; time.sleep(60)"), limits=limits)

    assert time.monotonic() - started < 5


def endless_encoding():
    """ffmpeg has its own way to end when its time is used up."""
    return [ffmpeg.binary(), "-f", "lavfi", "-i", "testsrc2", "-f", "null", "-"]


@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        (endless_encoding, "too_slow"),
        (lambda: python("while True: pass"), "too_slow"),
        (lambda: python("import os; os.abort()"), "damaged"),
    ],
    ids=["encoding", "probe", "crash"],
)
def test_a_file_that_costs_too_much_or_crashes_its_reader_is_refused(command, refusal):
    """For good: what the processor did once it would do at each attempt."""
    limits = Limits(wall_seconds=60, cpu_seconds=1)

    with pytest.raises(UnreadableVideo) as caught:
        ffmpeg.run(command(), limits=limits)

    assert caught.value.refusal == refusal


def test_a_command_cannot_take_more_memory_than_it_may():
    with pytest.raises(FFmpegError, match="MemoryError"):
        ffmpeg.run(python("bytearray(2 * 1024**3)"), limits=QUICK)


def test_a_command_cannot_write_more_than_it_may(tmp_path):
    code = f"open({str(tmp_path / 'big')!r}, 'wb').write(bytes(100_000))"

    with pytest.raises(FFmpegError, match="File too large"):
        ffmpeg.run(python(code), limits=replace(QUICK, writes=(tmp_path,)))

    assert os.path.getsize(tmp_path / "big") <= QUICK.file_bytes


def test_a_failing_listener_ends_the_command():
    code = "import time; print(1, flush=True); time.sleep(60)"
    started = time.monotonic()

    with pytest.raises(ZeroDivisionError):
        ffmpeg.run(python(code), limits=QUICK, on_line=lambda line: 1 / 0)

    assert time.monotonic() - started < 4


def test_lines_arrive_while_the_command_runs():
    lines = []

    output = ffmpeg.run(
        python("print('a'); print('b')"), limits=QUICK, on_line=lines.append
    )

    assert lines == ["a", "b"]
    assert output == "a\nb\n"
