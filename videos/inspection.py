"""Looks inside an upload: python inspection.py FILE prints what it found as JSON.

A program of its own, run by `ffmpeg.probe` under limits, because the file is a
stranger's and the libraries that read it are written in C.  Of the
project it imports `formats` alone, which is constants.
"""

import json
import sys
from pathlib import Path

import av

# `python -I` leaves a program's own folder out.
sys.path.append(str(Path(__file__).parent))
from formats import (  # noqa: E402
    AUDIO_CODECS,
    DEMUXERS,
    MAX_STREAMS,
    VIDEO_CODECS,
)

TRANSFERS = {16: "pq", 18: "hlg"}


class Refused(Exception):
    """Its one argument is a value of `videos.models.Refusal`."""


def inspect(path):
    """What the file really holds; the container's own claims are not believed."""
    options = {
        "format_whitelist": DEMUXERS,
        "protocol_whitelist": "file",
        "max_streams": MAX_STREAMS,
    }
    try:
        with av.open(path, container_options=options) as container:
            return _facts(container)
    except av.error.FFmpegError as error:
        raise Refused("not_a_video") from error


def _facts(container):
    pictures = [s for s in container.streams.video if not _is_cover(s)]
    if not pictures:
        raise Refused("no_picture")
    video = pictures[0]
    if not _is_allowed(video, VIDEO_CODECS):
        raise Refused("codec")
    audio = next(
        (s for s in container.streams.audio if _is_allowed(s, AUDIO_CODECS)), None
    )
    first, last, packets = _span(container, video)
    if packets < 2 or last <= first:
        raise Refused("not_a_video")
    # The picture may begin after the sound; both are shown from the earlier one.
    begins = min(first, (container.start_time or 0) / av.time_base)
    container.seek(0)
    return {
        "duration_ms": round((last - begins) * 1000),
        "frames_per_second": packets / (last - first),
        "video_index": video.index,
        "video_codec": video.codec_context.codec.canonical_name,
        "audio_index": audio.index if audio else None,
        **_picture(container, video),
    }


def _is_cover(stream):
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _is_allowed(stream, codecs):
    context = stream.codec_context
    return bool(context) and context.codec.canonical_name in codecs


def _span(container, stream):
    """First and last moment shown, in seconds, and the number of packets.

    By reading the packets: a fragmented file may claim 39 hours and hold 1 second.
    """
    first = last = None
    packets = 0
    for packet in container.demux(stream):
        if packet.pts is None or packet.is_discard or packet.pts < 0:
            continue
        starts = float(packet.pts * packet.time_base)
        ends = float((packet.pts + (packet.duration or 0)) * packet.time_base)
        first = starts if first is None else min(first, starts)
        last = ends if last is None else max(last, ends)
        packets += 1
    return first or 0, last or 0, packets


def _picture(container, stream):
    """The first frame that can be decoded; HDR may be told in the bitstream only."""
    stream.codec_context.thread_count = 1
    frame = next(_frames(container, stream), None)
    if frame is None:
        raise Refused("damaged")
    aspect = stream.sample_aspect_ratio
    return {
        "width": frame.width,
        "height": frame.height,
        "rotation": frame.rotation,
        "pixel_aspect": f"{aspect or 1}",
        "transfer": TRANSFERS.get(int(frame.color_trc), "sdr"),
        "matrix": int(frame.colorspace),
        "is_full_range": int(frame.color_range) == 2,
        "is_interlaced": frame.interlaced_frame,
    }


def _frames(container, stream):
    for packet in container.demux(stream):
        try:
            yield from packet.decode()
        except av.error.InvalidDataError:
            continue  # the next group of pictures may be whole


if __name__ == "__main__":
    try:
        print(json.dumps(inspect(sys.argv[1])))
    except Refused as refusal:
        print(json.dumps({"refused": refusal.args[0]}))
