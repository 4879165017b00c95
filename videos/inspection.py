"""Looks inside an upload: python inspection.py FILE prints what it found as JSON.

A program of its own, run by `ffmpeg.probe` under limits, because the file is a
stranger's and the libraries that read it are written in C.  Of the
project it imports `formats` alone, which is constants.
"""

import itertools
import json
import math
import struct
import sys
from fractions import Fraction
from pathlib import Path

import av

# `python -I` leaves a program's own folder out.
sys.path.append(str(Path(__file__).parent))
from formats import (  # noqa: E402
    AUDIO_CODECS,
    DECODERS,
    DEMUXERS,
    MAX_PIXELS,
    MAX_STREAMS,
    VIDEO_CODECS,
)

OPTIONS = {
    "format_whitelist": DEMUXERS,
    "codec_whitelist": DECODERS,
    "protocol_whitelist": "file",
    "max_streams": MAX_STREAMS,
    "max_pixels": str(MAX_PIXELS),
}
TRANSFERS = {16: "pq", 18: "hlg"}
# So much sound without one frame that can be decoded is no sound.
SOUND_PACKETS = 200


class Refused(Exception):
    """Its one argument is a key of `videos.refusals.WORDS`."""


def inspect(path):
    """What the file really holds; the container's own claims are not believed."""
    Path(path).open("rb").close()  # an OSError here is the machine's fault
    av.logging.set_level(av.logging.ERROR)
    with av.logging.Capture(local=False) as said:
        try:
            with av.open(path, options=OPTIONS, metadata_errors="replace") as opened:
                return _facts(opened)
        except av.error.FFmpegError as error:
            raise Refused("not_a_video") from error
        except Refused:
            # Nothing else tells: a decoder that refuses a size forgets it.
            if any("max pixel count" in words for *_, words in said):
                raise Refused("too_large") from None
            raise


def _facts(container):
    """Of the first picture that can be shown; a bad one beside it does no harm."""
    pictures = [s for s in container.streams.video if not _is_cover(s)]
    if not pictures:
        raise Refused("no_picture")
    listed = [s for s in pictures if _is_allowed(s, VIDEO_CODECS)]
    refusals = [] if listed else [Refused("codec")]
    for stream in listed:
        try:
            return {
                **_times(container, stream),
                **_picture(container, stream),
                **_sound(container),
            }
        except Refused as refusal:
            refusals.append(refusal)
    raise refusals[0]


def _sound(container):
    """Of the first sound of which something can be heard."""
    for stream in container.streams.audio:
        if _is_allowed(stream, AUDIO_CODECS):
            container.seek(0)
            packets = itertools.islice(container.demux(stream), SOUND_PACKETS)
            if next(_frames(packets), None):
                codec = stream.codec_context.codec.canonical_name
                return {"audio_index": stream.index, "audio_codec": codec}
    return {"audio_index": None, "audio_codec": None}


def _is_cover(stream):
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _is_allowed(stream, codecs):
    context = stream.codec_context
    return bool(context) and context.codec.canonical_name in codecs


def _times(container, stream):
    """How long and how fast, by reading the packets.

    A fragmented file may claim 39 hours and hold 1 second.
    """
    starts_at = (container.start_time or 0) / av.time_base
    container.seek(0)
    first, last, packets = _span(container, stream, min(starts_at, 0))
    if packets < 2 or last <= first:
        raise Refused("not_a_video")
    # The picture may begin after the sound; both are shown from the earlier one.
    return {
        "duration_ms": round((last - min(first, starts_at)) * 1000),
        "frames_per_second": packets / (last - first),
    }


def _span(container, stream, earliest):
    """First and last moment shown, in seconds, and the number of packets."""
    # In whole ticks: fractions take five times as long, for thousands of packets.
    tick = stream.time_base
    earliest = math.ceil(Fraction(earliest) / tick)
    first = last = None
    packets = 0
    for packet in container.demux(stream):
        starts = packet.pts
        if starts is None or starts < earliest or packet.is_discard:
            continue
        ends = starts + (packet.duration or 0)
        if packets:
            first, last = min(first, starts), max(last, ends)
        else:
            first, last = starts, ends
        packets += 1
    return float((first or 0) * tick), float((last or 0) * tick), packets


def _picture(container, stream):
    """The first frame that can be decoded; HDR may be told in the bitstream only."""
    context = stream.codec_context
    context.thread_count = 1
    context.options = {"max_pixels": str(MAX_PIXELS)}
    container.seek(0)
    frame = next(_frames(container.demux(stream)), None)
    if frame is None:
        raise Refused("damaged")
    aspect = stream.sample_aspect_ratio
    return {
        "video_index": stream.index,
        "video_codec": context.codec.canonical_name,
        "width": frame.width,
        "height": frame.height,
        "rotation": frame.rotation,
        "is_mirrored": any(map(_mirrors, frame.side_data)),
        "pixel_format": frame.format.name,
        "pixel_aspect": f"{aspect or 1}",
        "transfer": TRANSFERS.get(int(frame.color_trc), "sdr"),
        "matrix": int(frame.colorspace),
        "is_full_range": int(frame.color_range) == 2,
        "is_interlaced": frame.interlaced_frame,
    }


def _mirrors(side_data):
    """Whether this is a matrix (of nine numbers, by rows) that also mirrors."""
    if side_data.type.name != "DISPLAYMATRIX":
        return False
    a, b, _, c, d, *_ = struct.unpack("=9i", bytes(side_data))
    return a * d < b * c


def _frames(packets):
    for packet in packets:
        try:
            yield from packet.decode()
        except av.error.FFmpegError:
            continue  # the next group of pictures may be whole


def main(path):
    try:
        print(json.dumps(inspect(path)))
    except Refused as refusal:
        print(json.dumps({"refused": refusal.args[0]}))
    except OSError as error:
        print(json.dumps({"unopened": str(error)}))


if __name__ == "__main__":
    main(sys.argv[1])
