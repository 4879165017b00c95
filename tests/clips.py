"""Small real clips, made once a test run by the ffmpeg that the product uses."""

import functools
import subprocess
import tempfile
from pathlib import Path

from videos import ffmpeg

# A folder that goes with the run: tests/conftest.py or bench/queue.py names one.
FOLDER = Path("unnamed")


def make_clip(
    *,
    name="clip.mp4",
    seconds=1,
    size="360x640",
    rate=30,
    has_audio=True,
    options=(),
    sound="sine=frequency=440:sample_rate=44100",
):
    sound = sound if has_audio else None
    return _encode(name, seconds, size, rate, sound, tuple(options))


@functools.cache
def _encode(name, seconds, size, rate, sound, options):
    folder = Path(tempfile.mkdtemp(dir=FOLDER))
    return _run(
        folder / name,
        "-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}",
        *(["-f", "lavfi", "-i", sound] if sound else []),
        "-t", str(seconds),
        "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p",
        *options,
    )  # fmt: skip


def make_hdr_clip(**fields):
    tags = "color_trc=arib-std-b67:color_primaries=bt2020:colorspace=bt2020nc"
    return make_clip(options=["-vf", f"setparams={tags}"], **fields)


def make_long(clip, times):
    """The same packets over and over, for what is to take long when it is encoded."""
    return encode(
        clip.name, "-stream_loop", str(times - 1), "-i", str(clip), "-c", "copy"
    )


@functools.cache
def make_audio_only():
    return _run(
        FOLDER / "sound.mp4",
        "-f", "lavfi", "-i", "sine=frequency=440", "-t", "1", "-c:a", "aac",
    )  # fmt: skip


def make_rotated(source, degrees, *, is_mirrored=False):
    """The same packets, with a display matrix as phones write it."""
    return _run(
        source.with_name(f"rotated{degrees}{'-mirrored' * is_mirrored}.mp4"),
        "-display_rotation", str(degrees),
        *(["-display_hflip"] if is_mirrored else []),
        "-i", str(source), "-c", "copy",
    )  # fmt: skip


@functools.cache
def encode(name, *words):
    """A file of that name, by the words of ffmpeg; made once."""
    return _run(Path(tempfile.mkdtemp(dir=FOLDER)) / name, *words)


def make_file(name, content):
    path = Path(tempfile.mkdtemp(dir=FOLDER)) / name
    path.write_bytes(content)
    return path


def _run(target, *words):
    command = [ffmpeg.binary(), "-nostdin", "-v", "error", "-y", *words, str(target)]
    subprocess.run(command, check=True, timeout=60)
    return target
