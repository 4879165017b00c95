"""The playlists that ffmpeg does not write, from what the renditions really weigh."""

from dataclasses import dataclass
from pathlib import Path

from videos.encoding import AUDIO, AUDIO_KBPS, PLAYLIST
from videos.ladder import H264, SEGMENT_SECONDS, Rung

AAC_LC = "mp4a.40.2"
MULTIVARIANT = "index.m3u8"
KEY_FRAMES = "key-frames.m3u8"
TYPE = "#EXT-X-PLAYLIST-TYPE:"

# Flags of `trun` and `tfhd`, each with the bytes of its field, up to those in use.
DATA_OFFSET, SAMPLE_SIZE, DEFAULT_SAMPLE_SIZE = 0x1, 0x200, 0x10
FIELDS = {
    b"trun": ((DATA_OFFSET, 4), (0x4, 4), (0x100, 4), (SAMPLE_SIZE, 4)),
    b"tfhd": ((0x1, 8), (0x2, 4), (0x8, 4), (DEFAULT_SAMPLE_SIZE, 4)),
}
# The boxes before the samples begin with a few hundred bytes of the segment.
BOXES_BYTES = 4096


@dataclass(frozen=True)
class Measured:
    """One media playlist and its segments."""

    duration_ms: int
    size_bytes: int
    peak_bps: int
    average_bps: int


def measure(folder: Path) -> Measured:
    """Weigh a rendition's segments against the durations in its playlist."""
    durations = [seconds for seconds, _ in segments(folder)]
    sizes = [path.stat().st_size for _, path in segments(folder)]
    average = round(sum(sizes) * 8 / sum(durations))
    return Measured(
        duration_ms=round(sum(durations) * 1000),
        size_bytes=sum(sizes),
        peak_bps=max([average, *_rates(durations, sizes)]),
        average_bps=average,
    )


def segments(folder: Path) -> list[tuple[float, Path]]:
    """Seconds and file of each segment, as the rendition's playlist has them by now."""
    playlist = folder / PLAYLIST
    lines = playlist.read_text().splitlines() if playlist.exists() else []
    return [
        (float(line.removeprefix("#EXTINF:").split(",")[0]), folder / lines[n + 1])
        for n, line in enumerate(lines)
        if line.startswith("#EXTINF:")
    ]


def _rates(durations: list[float], sizes: list[int]) -> list[int]:
    """Of runs that last half to one and a half of the target, as RFC 8216bis asks."""
    rates = []
    for first in range(len(sizes)):
        seconds = size = 0
        for duration, length in zip(durations[first:], sizes[first:], strict=True):
            seconds += duration
            size += length
            if seconds > 1.5 * SEGMENT_SECONDS:
                break
            if seconds >= 0.5 * SEGMENT_SECONDS:
                rates.append(round(size * 8 / seconds))
    return rates


def init_of(folder: Path) -> bytes:
    return next(folder.glob("init*.mp4")).read_bytes()


def finish(folder: Path) -> None:
    """Turn the list that grew with the rendition into one that is complete."""
    playlist = folder / PLAYLIST
    text = playlist.read_text()
    playlist.write_text(text.replace(f"{TYPE}EVENT", f"{TYPE}VOD", 1))


def write_key_frames(folder: Path) -> int:
    """Write the I-frame playlist of a rung, for scrubbing; its peak in bit/s.

    Each segment holds one key frame, at its start.
    """
    lines, peak = [], 0
    for seconds, path in segments(folder):
        length = _key_frame_end(path)
        peak = max(peak, round(length * 8 / seconds))
        lines += [f"#EXTINF:{seconds:.6f},", f"#EXT-X-BYTERANGE:{length}@0", path.name]
    head = [
        *("#EXTM3U", "#EXT-X-VERSION:7", f"#EXT-X-TARGETDURATION:{_target(folder)}"),
        *(f"{TYPE}VOD", "#EXT-X-I-FRAMES-ONLY"),
        f'#EXT-X-MAP:URI="{next(folder.glob("init*.mp4")).name}"',
    ]
    text = "\n".join([*head, *lines, "#EXT-X-ENDLIST", ""])
    (folder / KEY_FRAMES).write_text(text)
    return peak


def _target(folder: Path) -> int:
    return max(1, *(round(seconds) for seconds, _ in segments(folder)))


def _key_frame_end(segment: Path) -> int:
    """Where its first sample ends, by the boxes `tfhd` and `trun` (ISO/IEC 14496-12).

    Read by hand: opening each segment of a 1080p ladder with PyAV takes 12 ms.
    """
    with segment.open("rb") as opened:
        head = opened.read(BOXES_BYTES)
    moof = head.index(b"moof") - 4
    fragment, run = _fields(head, b"tfhd"), _fields(head, b"trun")
    place = run[DATA_OFFSET]
    size = run.get(SAMPLE_SIZE) or fragment[DEFAULT_SAMPLE_SIZE]
    return moof + place + size


def _fields(head: bytes, box: bytes) -> dict[int, int]:
    """What a box says by its flags: fields stand in the flags' order, where set."""
    at = head.index(box) + 4
    flags = int.from_bytes(head[at + 1 : at + 4])
    at += 8  # one number follows that is always there
    found = {}
    for flag, length in FIELDS[box]:
        if flags & flag:
            found[flag] = int.from_bytes(head[at : at + length])
            at += length
    return found


def multivariant(
    rungs: tuple[Rung, ...],
    codecs: dict[str, str],
    measured: dict[str, Measured],
    key_frame_bps: dict[str, int],
) -> str:
    """The playlist that a player opens first; dictionaries are by rendition name.

    The middle rung of H.264, which come first, stands at the top: players begin there.
    """
    audio = measured.get(AUDIO)
    lines = _head(audio is not None)
    count = sum(rung.codec == H264 for rung in rungs)
    middle = count // 2 - (count % 2 == 0)
    for rung in (rungs[middle], *rungs[:middle], *rungs[middle + 1 :]):
        attributes = _attributes(rung, codecs[rung.name], measured[rung.name], audio)
        lines += [f"#EXT-X-STREAM-INF:{attributes}", f"{rung.name}/{PLAYLIST}"]
    for rung in rungs:
        lines.append(
            f"#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH={key_frame_bps[rung.name]}"
            f',CODECS="{codecs[rung.name]}",RESOLUTION={rung.width}x{rung.height}'
            f',URI="{rung.name}/{KEY_FRAMES}"'
        )
    return "\n".join(lines) + "\n"


def growing(rung: Rung, codec: str, has_audio: bool) -> str:
    """Of a rung that is being made; how much it will weigh, its caps tell."""
    video = _capped(rung.video_kbps)
    audio = _capped(AUDIO_KBPS) if has_audio else None
    lines = [
        *_head(has_audio),
        "#EXT-X-START:TIME-OFFSET=0",  # else players join what grows at its end
        f"#EXT-X-STREAM-INF:{_attributes(rung, codec, video, audio)}",
        f"{rung.name}/{PLAYLIST}",
    ]
    return "\n".join(lines) + "\n"


def _capped(kbps: int) -> Measured:
    return Measured(0, 0, peak_bps=kbps * 1000, average_bps=kbps * 1000)


def _head(has_audio: bool) -> list[str]:
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
    if has_audio:
        lines.append(
            f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="{AUDIO}",NAME="Original",'
            f'DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="{AUDIO}/{PLAYLIST}"'
        )
    return lines


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
