"""What a folder of HLS must be, told by its bytes: rules of our own over m3u8 and PyAV.

After RFC 8216bis and Apple's HLS authoring specification.  Nothing of the code that
wrote the playlists is used to check them.
"""

import io
import itertools
from dataclasses import dataclass
from pathlib import Path

import av
import m3u8

IDR = 5
VIDEO_SLICES = range(1, 6)
HEVC_IDR, HEVC_SLICES = (19, 20), range(22)
SEQUENCE_HEADER_OBU = 1
TOLERANCE = 0.10
LONGEST_GROUP_SECONDS = 2.1
SECOND_RUNG_FROM = 540


@dataclass(frozen=True)
class Segment:
    uri: str
    told_seconds: float  # by EXTINF
    size_bytes: int
    starts: float
    ends: float
    key_frames_at: tuple[float, ...]
    first_slice: int  # NAL unit type, as in H.264, of the first slice; 0 for sound


def violations(folder: Path) -> list[str]:
    """Every broken rule of an output set, in words; empty when all hold."""
    text = (folder / "index.m3u8").read_text()
    index = m3u8.loads(text)
    found = [*_of_index(text, index, folder)]
    renditions = {}
    for uri in [p.uri for p in index.playlists] + [m.uri for m in index.media]:
        broken, segments = _of_media(folder / uri)
        found += [f"{uri}: {words}" for words in broken]
        renditions[uri] = segments
    if not found:
        found += _of_timing(index, renditions)
        for variant in index.playlists:
            found += _of_variant(folder, variant, index.media, renditions)
        found += _of_trick_play(folder, index)
    return found


def _of_index(text, index, folder):
    if not index.is_variant or not index.playlists:
        yield "has no variant"
    if not index.is_independent_segments:
        yield "no EXT-X-INDEPENDENT-SEGMENTS"
    if not text.startswith("#EXTM3U\n") or int(index.version or 1) < 6:
        yield "no #EXTM3U, or not the version that EXT-X-MAP needs"
    groups = {media.group_id for media in index.media}
    for variant in index.playlists:
        info = variant.stream_info
        named = ("bandwidth", "average_bandwidth", "codecs", "resolution", "frame_rate")
        yield from (f"{variant.uri}: no {n}" for n in named if not getattr(info, n))
        if {info.audio} - {None} != groups:
            yield f"{variant.uri}: its group of sound is not that of the playlist"
    yield from _of_names(index, folder)


def _of_names(index, folder):
    rungs = [p.uri for p in index.playlists]
    if len(set(rungs)) != len(rungs):
        yield "a variant stands twice"
    shortest = [min(p.stream_info.resolution or (0, 0)) for p in index.playlists]
    if len(rungs) == 1 and shortest[0] >= SECOND_RUNG_FROM:
        yield "a large picture has one variant only"
    named = {*rungs, *(m.uri for m in index.media)}
    for path in folder.glob("*/playlist.m3u8"):
        if str(path.relative_to(folder)) not in named:
            yield f"{path.parent.name} is named nowhere"


def _of_media(path):
    playlist = m3u8.loads(path.read_text())
    broken = []
    if not playlist.is_endlist or playlist.playlist_type != "vod":
        broken.append("is not a finished VOD playlist")
    if not playlist.segment_map:
        return [*broken, "no EXT-X-MAP"], []
    if any(round(s.duration) > playlist.target_duration for s in playlist.segments):
        broken.append("a segment is longer than EXT-X-TARGETDURATION")
    init = (path.parent / playlist.segment_map[0].uri).read_bytes()
    segments = [_segment(path.parent, init, s) for s in playlist.segments]
    for segment in segments:
        broken += [f"{segment.uri} {words}" for words in _of_segment(segment)]
    for before, after in itertools.pairwise(segments):
        if abs(after.starts - before.ends) > 0.002:
            broken.append(f"{before.uri} and the next leave a gap")
    return broken, segments


def _segment(folder, init, told):
    data = (folder / told.uri).read_bytes()
    with av.open(io.BytesIO(init + data)) as container:
        stream = container.streams[0]
        packets = [p for p in container.demux(stream) if p.size]
        # libav moves pictures by the reordering delay; players go by the boxes.
        shift = packets[0].pts - first_moment(data)
        first_slice = 0
        if stream.type == "video":
            first_slice = _first_slice(stream, bytes(packets[0]))
        return Segment(
            uri=told.uri,
            told_seconds=told.duration,
            size_bytes=len(data),
            starts=float((min(p.pts for p in packets) - shift) * stream.time_base),
            ends=float(
                (max(p.pts + p.duration for p in packets) - shift) * stream.time_base
            ),
            key_frames_at=tuple(
                float((p.pts - shift) * stream.time_base)
                for p in packets
                if p.is_keyframe
            ),
            first_slice=first_slice,
        )


def first_moment(segment):
    """When the first sample is shown: base decode time and composition offset."""
    at = segment.index(b"tfdt") + 4
    length = 8 if segment[at] else 4
    decoded = int.from_bytes(segment[at + 4 : at + 4 + length], "big")
    at = segment.index(b"trun") + 4
    flags = int.from_bytes(segment[at + 1 : at + 4], "big")
    if not flags & 0x800:
        return decoded
    before = (0x1, 0x4, 0x100, 0x200, 0x400)  # four bytes each, where present
    at += 8 + 4 * sum(bool(flags & bit) for bit in before)
    return decoded + int.from_bytes(segment[at : at + 4], "big", signed=True)


def _first_slice(stream, packet):
    """The type of the first slice, in the words of H.264."""
    codec = stream.codec_context.codec.canonical_name
    if codec == "av1":
        return IDR if _is_av1_key_frame(packet) else 1
    for first in _unit_bytes(packet):
        if codec == "hevc" and first >> 1 & 0x3F in HEVC_SLICES:
            return IDR if first >> 1 & 0x3F in HEVC_IDR else 1
        if codec == "h264" and first & 0x1F in VIDEO_SLICES:
            return first & 0x1F
    return 0


def _unit_bytes(packet):
    """The first byte of each length-prefixed NAL unit."""
    at = 0
    while at < len(packet):
        yield packet[at + 4]
        at += 4 + int.from_bytes(packet[at : at + 4], "big")


def _is_av1_key_frame(packet):
    """A sequence header, then a frame that is shown anew and of the type KEY_FRAME."""
    if packet[0] >> 3 & 0xF != SEQUENCE_HEADER_OBU:
        return False
    frame = 2 + packet[1]  # a sequence header is shorter than 128 bytes
    while packet[frame] >> 3 & 0xF not in (3, 6):  # metadata may stand between
        frame += 2 + packet[frame + 1]
    size_bytes = next(n for n in range(1, 9) if not packet[frame + n] & 0x80)
    return not packet[frame + 1 + size_bytes] & 0b11100000


def _of_segment(segment):
    if abs(segment.ends - segment.starts - segment.told_seconds) > 0.05:
        yield f"lasts {segment.ends - segment.starts}, told {segment.told_seconds}"
    if segment.first_slice not in (0, IDR):
        yield "does not begin with an IDR picture"
    if segment.first_slice:
        points = [segment.starts, *segment.key_frames_at, segment.ends]
        if abs(points[1] - segment.starts) > 0.001:
            yield "shows a picture before its first key frame"
        gaps = (b - a for a, b in itertools.pairwise(points))
        if max(gaps) > LONGEST_GROUP_SECONDS:
            yield "has a group of pictures longer than two seconds"


def _of_timing(index, renditions):
    pictures = [renditions[p.uri] for p in index.playlists]
    first = pictures[0]
    for segments in pictures[1:]:
        if len(segments) != len(first) or any(
            abs(a.starts - b.starts) > 0.001
            for a, b in zip(segments, first, strict=False)
        ):
            yield "the segments of the rungs do not begin together"
    for media in index.media:
        sound = renditions[media.uri]
        if abs(sound[0].starts - first[0].starts) > 0.1:
            yield "sound and picture do not begin together"
        if abs(sound[-1].ends - first[-1].ends) > 0.1:
            yield "sound and picture do not end together"


def _of_variant(folder, variant, media, renditions):
    info = variant.stream_info
    sound = [renditions[m.uri] for m in media if m.group_id == info.audio]
    parts = [renditions[variant.uri], *sound]
    for name, told, rate in (
        ("BANDWIDTH", info.bandwidth, peak_bps),
        ("AVERAGE-BANDWIDTH", info.average_bandwidth, average_bps),
    ):
        measured = sum(rate(part) for part in parts)
        if abs(told - measured) > TOLERANCE * measured:
            yield f"{variant.uri}: {name} {told}, measured {measured:.0f}"
    codecs = info.codecs.split(",")
    yield from _of_picture(folder / variant.uri, info, codecs[0], parts[0])
    for one in media:
        if one.group_id == info.audio:
            yield from _of_sound(folder / one.uri, codecs[1:])


def peak_bps(segments):
    """Over every run of segments that lasts half to one and a half of the target."""
    target = max(round(s.told_seconds) for s in segments) or 1
    rates = [average_bps(segments)]
    for first in range(len(segments)):
        for last in range(first + 1, len(segments) + 1):
            run = segments[first:last]
            seconds = sum(s.told_seconds for s in run)
            if seconds > 1.5 * target:
                break
            if seconds >= 0.5 * target:
                rates.append(average_bps(run))
    return max(rates)


def average_bps(segments):
    seconds = sum(s.told_seconds for s in segments)
    return sum(s.size_bytes for s in segments) * 8 / seconds


def whole(path):
    """Init segment and all media segments of a playlist, as one file."""
    playlist = m3u8.loads(path.read_text())
    uris = [playlist.segment_map[0].uri, *(s.uri for s in playlist.segments)]
    return io.BytesIO(b"".join((path.parent / uri).read_bytes() for uri in uris))


def _of_picture(path, info, codec, segments):
    with av.open(whole(path)) as container:
        stream = container.streams.video[0]
        extradata = stream.codec_context.extradata
        frames = list(container.decode(stream))
    name = f"{path.parent.name}: "
    if codec != _codec_told_by(stream.codec_context.codec.canonical_name, extradata):
        yield f"{name}CODECS says {codec}"
    shapes = {(f.width, f.height, f.format.name, f.rotation) for f in frames}
    if shapes != {(*info.resolution, "yuv420p", 0)}:
        yield f"{name}RESOLUTION {info.resolution}, pictures {shapes}"
    if stream.sample_aspect_ratio not in (None, 0, 1):
        yield f"{name}pixels are not square"
    colours = {(f.color_primaries, f.color_trc, f.colorspace) for f in frames}
    if colours != {(1, 1, 1)}:
        yield f"{name}colours are not BT.709 but {colours}"
    seconds = segments[-1].ends - segments[0].starts
    if abs(len(frames) / seconds - info.frame_rate) > 0.01 * info.frame_rate:
        yield f"{name}FRAME-RATE {info.frame_rate}, measured {len(frames) / seconds}"
    steps = {b.pts - a.pts for a, b in itertools.pairwise(frames)}
    if len(steps) > 2 or (steps and max(steps) - min(steps) > 1):
        yield f"{name}the frame rate is not constant: {steps}"


def _codec_told_by(codec, extradata):
    """For the profiles of 8 bits that are expected; others would not match."""
    if codec == "av1":  # Main, its tier by one bit
        level, flags = extradata[1] & 0x1F, extradata[2]
        told = f"av01.0.{level:02}{'H' if flags & 0x80 else 'M'}.08"
        return told if (extradata[1] >> 5, flags & 0x60) == (0, 0) else "not Main"
    if codec == "hevc":  # Main, which Main 10 can read too; progressive frames
        told = f"hvc1.1.6.L{extradata[12]}.{extradata[6]:X}"
        return told if extradata[1:3] == b"\x01\x60" else "not Main"
    return f"avc1.{extradata[1:4].hex().upper()}"


def _of_sound(path, codecs):
    with av.open(whole(path)) as container:
        stream = container.streams.audio[0]
        context = stream.codec_context
        facts = (context.name, context.profile, context.sample_rate, context.channels)
        samples = sum(f.samples for f in container.decode(stream))
    if codecs != ["mp4a.40.2"] or facts != ("aac", "LC", 48000, 2) or not samples:
        yield f"{path.parent.name}: CODECS {codecs}, sound {facts}"


def _of_trick_play(folder, index):
    """An I-frame playlist per rung, whose every byte range is one whole picture."""
    sizes = {p.stream_info.resolution for p in index.playlists}
    told = {p.iframe_stream_info.resolution for p in index.iframe_playlists}
    if told != sizes:
        yield f"I-frame playlists for {told}, rungs {sizes}"
    for entry in index.iframe_playlists:
        info = entry.iframe_stream_info
        if not info.bandwidth or not info.codecs:
            yield f"{entry.uri}: no BANDWIDTH or no CODECS"
        path = folder / entry.uri
        playlist = m3u8.loads(path.read_text())
        if not playlist.is_i_frames_only or not playlist.is_endlist:
            yield f"{entry.uri}: no EXT-X-I-FRAMES-ONLY or not finished"
        peak = 0
        for key in playlist.segments:
            length, _, offset = key.byterange.partition("@")
            peak = max(peak, int(length) * 8 / key.duration)
            if words := _of_key_frame(path.parent, playlist, key.uri, length, offset):
                yield f"{entry.uri}: {key.uri} {words}"
        if abs(info.bandwidth - peak) > TOLERANCE * peak:
            yield f"{entry.uri}: BANDWIDTH {info.bandwidth}, measured {peak:.0f}"


def _of_key_frame(folder, playlist, uri, length, offset):
    init = (folder / playlist.segment_map[0].uri).read_bytes()
    begin = int(offset)
    data = (folder / uri).read_bytes()[begin : begin + int(length)]
    with av.open(io.BytesIO(init + data)) as container:
        packets = [p for p in container.demux(video=0) if p.size]
        if len(packets) != 1:
            return f"gives {len(packets)} pictures"
        decoder = container.streams.video[0]
        if _first_slice(decoder, bytes(packets[0])) != IDR:
            return "is no IDR picture"
        if len([*packets[0].decode(), *decoder.decode(None)]) != 1:
            return "cannot be decoded alone"
    return ""
