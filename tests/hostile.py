"""Odd and hostile files, generated: each with how it must end.

`ready`, or the refusals of which one is given.
"""

import functools
import random
import struct

from tests.clips import encode, make_audio_only, make_clip, make_rotated
from tests.disguises import box, picture, rebuilt

SMALL = {"size": "320x180", "seconds": 1}


def clip(**fields):
    return make_clip(**(SMALL | fields)).read_bytes()


def coded(name, *options, source="testsrc2=size=320x180:rate=30", seconds=1):
    """A clip of any codec, size and rate, by the words of ffmpeg."""
    words = ["-f", "lavfi", "-i", source, "-t", str(seconds), *options]
    return encode(name, *words).read_bytes()


def sound_with_cover():
    """A song: its one picture is the record's sleeve."""
    return encode(
        "film.mp4", "-i", str(make_audio_only()),
        "-f", "lavfi", "-i", "color=size=640x640", "-frames:v", "1",
        "-map", "0", "-map", "1", "-c:a", "copy", "-c:v", "mjpeg",
        "-disposition:v", "attached_pic",
    ).read_bytes()  # fmt: skip


def many_streams():
    maps = [word for _ in range(200) for word in ("-map", "0:v")]
    return coded(
        "film.mkv", *maps, "-c:v", "mpeg4",
        source="color=size=64x64:rate=5", seconds=0.4,
    )  # fmt: skip


def pixel_bomb():
    """A picture of 150 megapixels that takes less than a megabyte."""
    return coded(
        "film.avi", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p",
        source="color=size=12288x12288:rate=5", seconds=0.2,
    )  # fmt: skip


def lying_fragments():
    """Fragments of one second under a header that claims 39 hours."""
    whole = clip(options=["-movflags", "+frag_keyframe+empty_moov"])
    claims = {
        b"mvhd": lambda c: c[:12] + struct.pack(">II", 1000, 140_000_000) + c[20:],
    }
    return rebuilt(whole, claims)


def renamed_codec():
    return clip().replace(b"avc1", b"vvc1")


def damaged_sound():
    """A good picture whose sound cannot be decoded."""
    return encode(
        "film.mp4", "-i", str(make_clip(**SMALL)),
        "-c", "copy", "-bsf:a", "noise=amount=3",
    ).read_bytes()  # fmt: skip


def second_picture(codec):
    """A good picture, and after it one of a codec that is not accepted."""
    return coded(
        "film.mkv", "-f", "lavfi", "-i", "testsrc=size=320x180", "-t", "1",
        "-map", "0", "-map", "1", "-c:v:0", "libx264", "-c:v:1", codec,
    )  # fmt: skip


def shifted(name, seconds):
    return encode(
        name, "-i", str(make_clip(**SMALL)), "-c", "copy",
        "-avoid_negative_ts", "disabled", "-output_ts_offset", str(seconds),
    ).read_bytes()  # fmt: skip


def heic():
    """What a photo of a phone begins with; its picture is left out."""
    return box(b"ftyp", b"heic\0\0\0\0mif1heic") + box(b"meta", bytes(64))


X264 = ["-c:v", "libx264", "-preset", "ultrafast"]

ODD = {
    # name: (what makes it, how it must end)
    "zero bytes": (lambda: b"", {"empty"}),
    "one byte": (lambda: b"\0", {"not_a_video"}),
    "zeros": (lambda: bytes(100_000), {"not_a_video"}),
    "noise": (lambda: random.Random(1).randbytes(100_000), {"not_a_video"}),
    "cut in the middle": (lambda: clip()[:20_000], {"not_a_video"}),
    "header without samples": (
        lambda: rebuilt(clip(), {b"mdat": lambda content: b""}),
        {"damaged", "not_a_video"},
    ),
    "still image": (lambda: picture("JPEG"), {"not_a_video"}),
    "motion photo": (lambda: picture("JPEG") + clip(), {"not_a_video"}),
    "HEIC": (heic, {"not_a_video"}),
    "sound alone": (lambda: make_audio_only().read_bytes(), {"no_picture"}),
    "sound with a cover": (sound_with_cover, {"no_picture"}),
    "turned by 45 degrees": (
        lambda: make_rotated(make_clip(**SMALL), 45).read_bytes(),
        {"ready"},
    ),
    "codec that is not known": (renamed_codec, {"codec"}),
    "codec that is not listed": (
        lambda: coded("film.mkv", "-c:v", "ffv1"),
        {"codec"},
    ),
    "10 bits": (
        lambda: coded("film.mp4", *X264, "-pix_fmt", "yuv420p10le"),
        {"ready"},
    ),
    "4:4:4": (lambda: coded("film.mp4", *X264, "-pix_fmt", "yuv444p"), {"ready"}),
    "fragments that lie": (lying_fragments, {"ready"}),
    "200 streams": (many_streams, {"not_a_video"}),
    "pixel bomb": (pixel_bomb, {"too_large"}),
    "no times": (lambda: shifted("film.mkv", -5), {"not_a_video"}),
    "time before zero": (lambda: shifted("film.flv", -5), {"ready"}),
    "time after a day": (lambda: shifted("film.ts", 90_000), {"ready"}),
    "one frame in ten seconds": (
        lambda: coded(
            "film.mkv", *X264, source="testsrc2=size=320x180:rate=1/10", seconds=30
        ),
        {"ready"},
    ),
    "1000 frames a second": (
        lambda: coded("film.mkv", *X264, source="testsrc2=size=320x180:rate=1000"),
        {"ready"},
    ),
    "pixels 50 times as wide": (
        lambda: clip(options=["-vf", "setsar=50/1"]),
        {"too_large"},
    ),
    "pixels 50 times as tall": (
        lambda: clip(options=["-vf", "setsar=1/50"]),
        {"too_large"},
    ),
    "a strip of 64×4096": (lambda: clip(size="64x4096"), {"ready"}),
    "a strip of 8192×64": (lambda: clip(size="8192x64"), {"ready"}),
    "odd sides": (
        lambda: coded(
            "film.mkv", *X264, "-pix_fmt", "yuv444p",
            source="testsrc=size=321x179:rate=30",
        ),
        {"ready"},
    ),
    "sound that cannot be decoded": (damaged_sound, {"ready"}),
    "a second picture": (lambda: second_picture("mpeg4"), {"ready"}),
    "a second picture of another codec": (lambda: second_picture("ffv1"), {"ready"}),
}  # fmt: skip


@functools.cache
def seeds():
    """Good files of several containers and codecs, to be damaged."""
    return (
        clip(),
        clip(options=["-movflags", "+faststart"]),
        clip(options=["-movflags", "+frag_keyframe+empty_moov"]),
        clip(name="film.mkv"),
        clip(name="film.ts", options=["-f", "mpegts"]),
        coded("film.avi", "-c:v", "mpeg4"),
        coded("film.webm", "-c:v", "libvpx", "-deadline", "realtime"),
        coded("film.mpg", "-c:v", "mpeg2video"),
    )


def mutated(number):
    """Number `number` of endlessly many damaged files; the same each time."""
    dice = random.Random(number)
    data = bytearray(dice.choice(seeds()))
    for _ in range(dice.choice([1, 3, 10, 100])):
        # Half of the damage falls on the first kilobytes, where the headers are.
        end = len(data) if dice.random() < 0.5 else min(len(data), 4096)
        at = dice.randrange(end)
        kind = dice.randrange(5)
        if kind == 0:
            data[at] ^= 1 << dice.randrange(8)
        elif kind == 1:
            data[at : at + 4] = dice.choice(
                [b"\0" * 4, b"\xff" * 4, b"\x7f" + b"\xff" * 3]
            )
        elif kind == 2:
            data[at : at + 16] = dice.randbytes(16)
        elif kind == 3:
            other = dice.randrange(len(data))
            data[at : at + 64] = data[other : other + 64]
        elif dice.random() < 0.2:
            del data[at + 1024 :]
        else:
            del data[at : at + dice.randrange(1, 64)]
    return bytes(data)
