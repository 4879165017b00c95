"""The encoders of the picture: what each is told for a rung, and its CODECS."""

from dataclasses import dataclass

from videos.ladder import H264, SEGMENT_SECONDS, Rung

# Beside H.264, where VIDEO_EXTRA_CODECS names them.
ENCODERS = {"av1": "libsvtav1", "hevc": "libx265"}


@dataclass(frozen=True)
class Effort:
    preset: str
    crf: float
    params: str


# Measured, see docs/video.md.  Trellis and a longer look ahead win more than the finer
# search for motion that `superfast` leaves out, and cost less; where pixels are few,
# that costs little too.  To search for the best place of each B frame costs a tenth
# and more, and wins nothing over always so many.
LARGE_EDGE = 540
LARGE = Effort(
    "superfast", 23.5, "mbtree=1:rc-lookahead=20:trellis=1:b-adapt=0:bframes=2"
)
SMALL = Effort("veryfast", 23, "rc-lookahead=20:trellis=1:b-adapt=0")


def stream_options(n: int, rung: Rung, threads: int) -> list[str]:
    """Of the picture's n-th stream: each group closed and as long as on other rungs."""
    told = {
        f"-maxrate:v:{n}": f"{rung.video_kbps}k",
        f"-bufsize:v:{n}": f"{rung.video_kbps * SEGMENT_SECONDS}k",
        f"-g:v:{n}": str(rung.group_frames),
    }
    options = {H264: _h264, "av1": _av1, "hevc": _hevc}[rung.codec](rung, threads)
    told |= {f"-{name}:v:{n}": value for name, value in options.items()}
    return [word for pair in told.items() for word in pair]


def effort_of(rung: Rung) -> Effort:
    return LARGE if rung.short_edge >= LARGE_EDGE else SMALL


def _h264(rung: Rung, threads: int) -> dict[str, str]:
    effort = effort_of(rung)
    return {
        "c": "libx264",
        "profile": "high",
        "preset": effort.preset,
        "crf": str(effort.crf),
        "x264-params": effort.params,
        "keyint_min": str(rung.group_frames),
        "threads": str(threads),
    }


def _av1(_rung: Rung, _threads: int) -> dict[str, str]:
    return {
        "c": ENCODERS["av1"],
        "preset": "10",
        "crf": "38",
        # One picture at a time: its memory grows with their number.
        "svtav1-params": "lp=1:scd=0:irefresh-type=2",
    }


def _hevc(rung: Rung, threads: int) -> dict[str, str]:
    return {
        "c": ENCODERS["hevc"],
        "preset": "superfast",
        "crf": "26",
        "tag": "hvc1",  # Apple plays no other
        "x265-params": f"pools={threads}:frame-threads=1:scenecut=0:open-gop=0"
        f":min-keyint={rung.group_frames}:log-level=error",
    }


def codecs_word(init: bytes) -> str:
    """The CODECS of an init segment, by RFC 6381, from the decoder's configuration."""
    for box, word in (
        (b"avcC", _avc_word),
        (b"hvcC", _hevc_word),
        (b"av1C", _av1_word),
    ):
        if box in init:
            return word(init[init.index(box) + len(box) :])
    raise ValueError("an init segment without H.264, HEVC or AV1")


def _avc_word(box: bytes) -> str:
    return f"avc1.{box[1:4].hex().upper()}"


def _hevc_word(box: bytes) -> str:
    """Compatibility bits in reverse, and constraints without the zeros at their end."""
    bits = f"{int.from_bytes(box[2:6]):032b}"[::-1]
    tier = "H" if box[1] & 0x20 else "L"
    constraints = [f"{byte:X}" for byte in box[6:12].rstrip(b"\0")]
    parts = [f"{box[1] & 0x1F}", f"{int(bits, 2):X}", f"{tier}{box[12]}", *constraints]
    return ".".join(["hvc1", *parts])


def _av1_word(box: bytes) -> str:
    profile, level = box[1] >> 5, box[1] & 0x1F
    tier = "H" if box[2] & 0x80 else "M"
    depth = 10 if box[2] & 0x40 else 8
    return f"av01.{profile}.{level:02}{tier}.{depth:02}"
