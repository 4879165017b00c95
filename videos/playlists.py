"""The multivariant playlist, from what the finished renditions really weigh."""

from dataclasses import dataclass
from pathlib import Path

from videos.encoding import AUDIO, PLAYLIST
from videos.ladder import SEGMENT_SECONDS, Rung

AAC_LC = "mp4a.40.2"
MULTIVARIANT = "index.m3u8"


@dataclass(frozen=True)
class Measured:
    """One media playlist and its segments."""

    duration_ms: int
    size_bytes: int
    peak_bps: int
    average_bps: int


def measure(folder: Path) -> Measured:
    """Weigh a rendition's segments against the durations in its playlist."""
    lines = (folder / PLAYLIST).read_text().splitlines()
    segments = [
        (float(line.removeprefix("#EXTINF:").split(",")[0]), folder / lines[n + 1])
        for n, line in enumerate(lines)
        if line.startswith("#EXTINF:")
    ]
    seconds = sum(duration for duration, _ in segments)
    sizes = [path.stat().st_size for _, path in segments]
    # RFC 8216bis measures peaks over at least half of the target duration.
    rates = [
        size * 8 / duration
        for (duration, _), size in zip(segments, sizes, strict=True)
        if duration >= SEGMENT_SECONDS / 2
    ]
    average = round(sum(sizes) * 8 / seconds)
    return Measured(
        duration_ms=round(seconds * 1000),
        size_bytes=sum(sizes),
        peak_bps=max([average, *map(round, rates)]),
        average_bps=average,
    )


def avc_codec(init: bytes) -> str:
    """The CODECS string of an H.264 init segment: profile, constraints, level."""
    start = init.index(b"avcC") + len(b"avcC") + 1
    return f"avc1.{init[start : start + 3].hex().upper()}"


def multivariant(
    rungs: tuple[Rung, ...],
    codecs: dict[str, str],
    measured: dict[str, Measured],
) -> str:
    """The playlist that a player opens first; dictionaries are by rendition name.

    The middle rung stands first: players begin with the first one.
    """
    audio = measured.get(AUDIO)
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
    if audio:
        lines.append(
            f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="{AUDIO}",NAME="Original",'
            f'DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="{AUDIO}/{PLAYLIST}"'
        )
    middle = len(rungs) // 2 - (len(rungs) % 2 == 0)
    for rung in (rungs[middle], *rungs[:middle], *rungs[middle + 1 :]):
        attributes = _attributes(rung, codecs[rung.name], measured[rung.name], audio)
        lines += [f"#EXT-X-STREAM-INF:{attributes}", f"{rung.name}/{PLAYLIST}"]
    return "\n".join(lines) + "\n"


def _attributes(rung: Rung, codec: str, video: Measured, audio: Measured | None) -> str:
    peak, average = video.peak_bps, video.average_bps
    codecs = [codec]
    group = ""
    if audio:
        peak, average = peak + audio.peak_bps, average + audio.average_bps
        codecs.append(AAC_LC)
        group = f',AUDIO="{AUDIO}"'
    return (
        f"BANDWIDTH={peak},AVERAGE-BANDWIDTH={average}"
        f',CODECS="{",".join(codecs)}",RESOLUTION={rung.width}x{rung.height}'
        f",FRAME-RATE={float(rung.frame_rate):.3f}{group}"
    )
