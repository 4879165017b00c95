"""The ffmpeg commands, as pure functions: lists of words, never a shell's string."""

from pathlib import Path

from videos import formats
from videos.ffmpeg import Probe
from videos.ladder import SEGMENT_SECONDS, Rung

PLAYLIST = "playlist.m3u8"
POSTER = "poster.jpg"
PROGRESSIVE = "video.mp4"
AUDIO = "audio"

# 8K: a larger picture costs gigabytes of memory before its first frame is seen.
MAX_PIXELS = 8192 * 4320
AUDIO_KBPS = 128
AUDIO_HZ = 48000

# Decoders go by other names than their codecs.
DECODERS = sorted(
    (formats.VIDEO_CODECS | formats.AUDIO_CODECS)
    | {"libdav1d", "mp3float", "libopus", "libvpx", "libvpx-vp9", "amrnb", "amrwb"}
)

ZSCALE_TRANSFERS = {"pq": "smpte2084", "hlg": "arib-std-b67"}
# Nits of what becomes white.  By eye, on phone clips: HLG looks pale below 300.
WHITE_NITS = {"pq": 203, "hlg": 300}
SCALE_MATRICES = {1: "bt709", 4: "fcc", 5: "bt470", 6: "smpte170m", 9: "bt2020"}
UNSPECIFIED_MATRIX = 2
HD_HEIGHT = 720  # from here on an untagged picture means BT.709, below it BT.601


def transcode_command(
    source: Path, target: Path, probe: Probe, rungs: tuple[Rung, ...], threads: int
) -> list[str]:
    """All rungs, the sound and the poster by one run that decodes once."""
    return [
        "-nostdin", "-v", "error", "-y",
        "-progress", "pipe:1", "-stats_period", "0.5",
        # Above one bad frame in a hundred the file is damaged, not scratched.
        "-max_error_rate", "0.01",
        "-filter_complex_threads", str(threads),
        *_input(source, threads),
        "-filter_complex", filter_graph(probe, rungs),
        *_package(target, probe, rungs, threads),
        *_poster(target),
    ]  # fmt: skip


def _input(source: Path, threads: int) -> list[str]:
    """Only what is allowed is opened: a text named .mp4 could read other files."""
    return [
        "-protocol_whitelist", "file",
        "-format_whitelist", formats.DEMUXERS,
        "-codec_whitelist", ",".join(DECODERS),
        "-max_pixels", str(MAX_PIXELS),
        "-max_streams", formats.MAX_STREAMS,
        "-threads", str(threads),
        "-i", f"file:{source}",
    ]  # fmt: skip


def filter_graph(probe: Probe, rungs: tuple[Rung, ...]) -> str:
    """One decode, scaled once to the top rung, the lower ones from there."""
    top = rungs[-1]
    outputs = "".join(f"[top{n}]" for n in range(len(rungs) + 1))
    chains = [
        f"[0:{probe.video_index}]{_normal(probe, top)},split={len(rungs) + 1}{outputs}"
    ]
    for n, rung in enumerate(rungs):
        chains.append(f"[top{n}]{_rung(rung, top)}[v{n}]")
    chains.append(f"[top{len(rungs)}]{_one_frame(probe)}[poster]")
    if probe.audio_index is not None:
        chains.append(f"[0:{probe.audio_index}]{_sound()}[a0]")
    return ";".join(chains)


def _normal(probe: Probe, top: Rung) -> str:
    """Constant rate from time zero, BT.709, square pixels, no side data."""
    return ",".join([
        *(["bwdif=deint=interlaced"] if probe.is_interlaced else []),
        f"fps={top.frame_rate}:start_time=0",
        *_colours(probe, top),
        "format=yuv420p",
        "setsar=1",
        "sidedata=delete",
    ])  # fmt: skip


def _colours(probe: Probe, top: Rung) -> list[str]:
    if probe.transfer == "sdr":
        return [
            f"scale={top.width}:{top.height}:in_color_matrix={_matrix(probe)}"
            ":out_color_matrix=bt709:out_range=limited"
        ]
    # Scaled first: the tone curve is computed in floating point, pixel by pixel.
    return [
        f"scale={top.width}:{top.height}",
        f"zscale=tin={ZSCALE_TRANSFERS[probe.transfer]}:min=bt2020nc:pin=bt2020"
        f":t=linear:npl={WHITE_NITS[probe.transfer]}",
        "format=gbrpf32le",
        "zscale=p=bt709",
        # Highlights lose their colour: a bright sky turns white, not yellow.
        "tonemap=tonemap=mobius:desat=2",
        "zscale=t=bt709:m=bt709:r=limited",
    ]


def _matrix(probe: Probe) -> str:
    if probe.matrix == UNSPECIFIED_MATRIX:
        return "bt709" if min(probe.width, probe.height) >= HD_HEIGHT else "bt601"
    return SCALE_MATRICES.get(probe.matrix, "auto")


def _rung(rung: Rung, top: Rung) -> str:
    steps = []
    if rung.frame_rate != top.frame_rate:
        steps.append(f"fps={rung.frame_rate}")
    if rung != top:
        steps.append(f"scale={rung.width}:{rung.height}")
    return ",".join(steps) or "null"


def _one_frame(probe: Probe) -> str:
    """A frame from the first third, or 1 s in: the very first is often black."""
    seconds = min(1, probe.duration_ms / 3000)
    return f"select=gte(t\\,{seconds:.3f}),scale=out_range=full"


def _sound() -> str:
    """Stereo from time zero, and silence to the end where the sound is shorter."""
    resampled = f"aresample={AUDIO_HZ}:async=1:first_pts=0"
    return f"{resampled},aformat=channel_layouts=stereo,apad"


def _package(
    target: Path, probe: Probe, rungs: tuple[Rung, ...], threads: int
) -> list[str]:
    has_audio = probe.audio_index is not None
    group = ",agroup:audio" if has_audio else ""
    streams = [f"v:{n}{group},name:{rung.name}" for n, rung in enumerate(rungs)]
    if has_audio:
        streams.append(f"a:0,agroup:audio,name:{AUDIO}")
    return [
        *(word for n, rung in enumerate(rungs) for word in _video_stream(n, rung)),
        "-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high",
        "-crf", "23", "-pix_fmt", "yuv420p", "-threads", str(threads),
        "-sc_threshold", "0", "-flags:v", "+cgop", "-fps_mode", "passthrough",
        "-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709",
        "-color_range", "tv",
        *(_audio_stream() if has_audio else []),
        "-map_metadata", "-1", "-map_chapters", "-1",
        "-t", f"{probe.duration_ms / 1000:.3f}",
        "-f", "hls", "-hls_playlist_type", "vod", "-hls_time", str(SEGMENT_SECONDS),
        "-hls_flags", "independent_segments", "-hls_segment_type", "fmp4",
        # Time zero in every track without edit lists, which hls.js does not read.
        "-hls_segment_options", "movflags=+negative_cts_offsets:use_editlist=0",
        "-hls_fmp4_init_filename", "init.mp4",
        "-hls_segment_filename", str(target / "%v" / "segment-%03d.m4s"),
        "-var_stream_map", " ".join(streams),
        str(target / "%v" / PLAYLIST),
    ]  # fmt: skip


def _video_stream(n: int, rung: Rung) -> list[str]:
    return [
        "-map", f"[v{n}]",
        f"-maxrate:v:{n}", f"{rung.video_kbps}k",
        f"-bufsize:v:{n}", f"{rung.video_kbps * SEGMENT_SECONDS}k",
        f"-g:v:{n}", str(rung.group_frames),
        f"-keyint_min:v:{n}", str(rung.group_frames),
    ]  # fmt: skip


def _audio_stream() -> list[str]:
    return ["-map", "[a0]", "-c:a", "aac", "-b:a", f"{AUDIO_KBPS}k"]


def _poster(target: Path) -> list[str]:
    return [
        "-map", "[poster]", "-frames:v", "1", "-c:v", "mjpeg", "-q:v", "3",
        "-map_metadata", "-1", "-f", "image2", "-update", "1", str(target / POSTER),
    ]  # fmt: skip


def progressive_command(target: Path, rung: Rung, has_audio: bool) -> list[str]:
    """One MP4 for browsers that run no script, copied from a rung: no encoding."""
    inputs = [target / rung.name / PLAYLIST]
    if has_audio:
        inputs.append(target / AUDIO / PLAYLIST)
    return [
        "-nostdin", "-v", "error", "-y",
        *(
            word
            for path in inputs
            for word in ("-protocol_whitelist", "file", "-i", f"file:{path}")
        ),
        *(word for n in range(len(inputs)) for word in ("-map", f"{n}:0")),
        "-c", "copy", "-map_metadata", "-1", "-movflags", "+faststart",
        str(target / PROGRESSIVE),
    ]  # fmt: skip
