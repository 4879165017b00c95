"""The ffmpeg commands, as pure functions: lists of words, never a shell's string."""

from dataclasses import dataclass
from pathlib import Path

from videos import codecs, formats, frames, scenes, storyboards
from videos.ffmpeg import Probe
from videos.ladder import HD_EDGE, SEGMENT_SECONDS, Rung
from videos.storyboards import Storyboard, storyboard_for

PLAYLIST = "playlist.m3u8"
PROGRESSIVE = "video.mp4"
AUDIO = "audio"

AUDIO_KBPS = 128
AUDIO_HZ = 48000
# The encoder overshoots by up to one decibel: -1 is what may come out.
PEAK_DBFS = -2

ZSCALE_TRANSFERS = {"pq": "smpte2084", "hlg": "arib-std-b67"}
# The white of paper in HDR, by BT.2408; what is brighter shares the last steps.
WHITE_NITS = 203
SCALE_MATRICES = {1: "bt709", 4: "fcc", 5: "bt470", 6: "smpte170m", 9: "bt2020"}
UNSPECIFIED_MATRIX = 2
PREVIEW_SOUND = ["-c:a", "aac", "-ac", "2"]


@dataclass(frozen=True)
class Plan:
    """All that the one run needs to know."""

    source: Path
    target: Path
    probe: Probe
    rungs: tuple[Rung, ...]
    threads: int
    gain_db: float = 0.0
    # The same sizes in other codecs.
    extras: tuple[Rung, ...] = ()

    @property
    def pictures(self) -> tuple[Rung, ...]:
        return (*self.rungs, *self.extras)

    @property
    def renditions(self) -> list[str]:
        """The folders of the rungs, and of the sound where there is some."""
        names = [rung.name for rung in self.pictures]
        return names if self.probe.audio_index is None else [*names, AUDIO]

    @property
    def frames(self) -> Path:
        """Where the frames lie of which the poster is chosen."""
        return self.target.with_name("frames")

    @property
    def samples(self) -> Path:
        """Where the small pictures lie by which a clip is known again."""
        return self.target.with_name("samples.rgb")

    @property
    def source_preview(self) -> Path:
        return self.target.with_name("preview.mp4")

    @property
    def storyboard(self) -> Storyboard:
        top = self.rungs[-1]
        return storyboard_for(top.width, top.height, self.probe.duration_ms)


def transcode_command(plan: Plan) -> list[str]:
    """All rungs, the sound and the stills by one run that decodes once."""
    return [
        "-nostdin", "-v", "error", "-y",
        # Above one bad frame in a hundred the file is damaged, not scratched.
        "-max_error_rate", "0.01",
        "-filter_complex_threads", str(plan.threads),
        *_input(plan.source, plan.threads, plan.probe),
        "-filter_complex", filter_graph(plan),
        *_package(plan),
        *_still("frames", plan.frames / "%02d.jpg"),
        *_still("storyboard", plan.target / storyboards.SHEET),
        "-map", "[samples]", "-fps_mode", "passthrough",
        "-f", "rawvideo", str(plan.samples),
    ]  # fmt: skip


def loudness_command(source: Path, probe: Probe, gain_db: float | None) -> list[str]:
    """Prints the loudness of the sound, as it is or as it will be after a gain."""
    gain = "" if gain_db is None else _gain(gain_db, over=1)
    return [
        "-nostdin", "-v", "error", "-max_error_rate", "0.01",
        *_input(source, 1, probe),
        *_measuring(probe, gain),
    ]  # fmt: skip


def _measuring(probe: Probe, gain: str = "") -> list[str]:
    return [
        "-map", f"0:{probe.audio_index}",
        "-af", f"{_stereo()}{gain}"
        ",ebur128=metadata=1:peak=sample,ametadata=mode=print:file=-",
        "-f", "null", "-",
    ]  # fmt: skip


def _input(source: Path, threads: int, probe: Probe | None = None) -> list[str]:
    """Only what is allowed is opened: a text named .mp4 could read other files."""
    return [
        "-protocol_whitelist", "file",
        "-format_whitelist", formats.DEMUXERS,
        "-codec_whitelist", formats.DECODERS,
        "-max_pixels", str(formats.MAX_PIXELS),
        "-max_streams", formats.MAX_STREAMS,
        "-threads", str(threads),
        *(_part(probe) if probe else []),
        "-i", f"file:{source}",
    ]  # fmt: skip


def _part(probe: Probe) -> list[str]:
    """Nothing of the rest is decoded, and no filter sees it."""
    if probe.starts_ms is None:
        return []
    starts, length = probe.starts_ms / 1000, probe.duration_ms / 1000
    return ["-ss", f"{starts:.3f}", "-t", f"{length:.3f}"]


def filter_graph(plan: Plan) -> str:
    """One decode; each rung is scaled from the one above, and so are the stills."""
    probe, rungs = plan.probe, plan.rungs
    chain = f"[0:{probe.video_index}]{_normal(probe, rungs[-1])}"
    chains = []
    for n in reversed(range(len(rungs))):
        size = rungs[n].short_edge
        outputs = [
            *(f"[v{m}]" for m, r in enumerate(plan.pictures) if r.short_edge == size),
            f"[down{n}]" if n else "[sheet][small]",
        ]
        if rungs[n] == rungs[-1]:
            outputs.append("[large]")
        names = "".join(outputs)
        chains.append(f"{chain},split={names.count('[')}{names}")
        if n:
            chain = f"[down{n}]{_scaled(rungs[n - 1], rungs[n])}"
    each_ms = probe.duration_ms / (frames.CANDIDATES * frames.CHOICES)
    chains.append(f"[large]{_each(each_ms)},{_jpeg()}[frames]")
    chains.append(f"[sheet]{_sheet(plan.storyboard)}[storyboard]")
    chains.append(f"[small]{samples(probe.duration_ms)}[samples]")
    if probe.audio_index is not None:
        chains.append(f"[0:{probe.audio_index}]{_sound(plan.gain_db)}[a0]")
    return ";".join(chains)


def _normal(probe: Probe, top: Rung) -> str:
    """Constant rate from time zero, BT.709, square pixels, no side data."""
    return ",".join([
        *(["bwdif=deint=interlaced"] if probe.is_interlaced else []),
        f"fps={top.frame_rate}:start_time=0",
        *_colours(probe, top),
        "format=yuv420p",
        "setsar=1",
        # A frame's own tags would be written, whatever the encoder is told.
        "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv",
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
        f":t=linear:npl={WHITE_NITS}",
        "format=gbrpf32le",
        "zscale=p=bt709",
        # Of the curves at hand the nearest to BT.2390; `desat` would pale all colours.
        "tonemap=tonemap=mobius:param=0.6:desat=0",
        "zscale=t=bt709:m=bt709:r=limited",
    ]


def _matrix(probe: Probe) -> str:
    if probe.matrix == UNSPECIFIED_MATRIX:
        # As players take it.
        return "bt709" if min(probe.width, probe.height) >= HD_EDGE else "bt601"
    return SCALE_MATRICES.get(probe.matrix, "auto")


def _scaled(rung: Rung, above: Rung) -> str:
    """Lanczos: on the small rungs four points of VMAF for a sixteenth of the bytes."""
    scale = f"scale={rung.width}:{rung.height}:flags=lanczos"
    if rung.frame_rate == above.frame_rate:
        return scale
    return f"fps={rung.frame_rate},{scale}"


def _each(milliseconds: float) -> str:
    """One frame from the middle of each such part of the clip."""
    return f"select=gte(t\\,(selected_n+0.5)*{milliseconds / 1000:.6f})"


def _sheet(board: Storyboard) -> str:
    size = f"scale={board.width}:{board.height}"
    tiled = f"tile={board.columns}x{board.rows}:nb_frames={board.tiles}"
    return f"{_each(board.interval_ms)},{size},{tiled},{_jpeg()}"


def samples(duration_ms: int) -> str:
    """By area: each pixel is the mean of what it stands for, so noise is gone."""
    every = _each(scenes.interval_ms(duration_ms))
    return f"{every},scale={scenes.SIDE}:{scenes.SIDE}:flags=area,format=rgb24"


def _jpeg() -> str:
    """JPEG has no word for its colours: readers take them for BT.601, full range."""
    return "scale=out_range=full:out_color_matrix=bt601,format=yuvj420p"


def _sound(gain_db: float) -> str:
    """Stereo from time zero, and silence to the end where the sound is shorter."""
    return f"{_stereo()}{_gain(gain_db)},apad"


def _stereo() -> str:
    resampled = f"aresample={AUDIO_HZ}:async=1:first_pts=0"
    return f"{resampled},aformat=channel_layouts=stereo"


def _gain(gain_db: float, over: int = 4) -> str:
    """Limited between the samples too, hence at four times their rate.

    To measure what that takes away, the plain rate will do: it differs by 0.03 LU.
    """
    limiter = (
        f"alimiter=limit={10 ** (PEAK_DBFS / 20):.4f}:level=disabled:latency=1"
        ":attack=5:release=50"
    )
    if over > 1:
        limiter = f"aresample={over * AUDIO_HZ},{limiter},aresample={AUDIO_HZ}"
    return f",volume={gain_db:.2f}dB,{limiter}"


def _package(plan: Plan) -> list[str]:
    rungs, target = plan.pictures, plan.target
    has_audio = plan.probe.audio_index is not None
    group = ",agroup:audio" if has_audio else ""
    streams = [f"v:{n}{group},name:{rung.name}" for n, rung in enumerate(rungs)]
    if has_audio:
        streams.append(f"a:0,agroup:audio,name:{AUDIO}")
    return [
        *(word for n in range(len(rungs)) for word in ("-map", f"[v{n}]")),
        *(
            word
            for n, rung in enumerate(rungs)
            for word in codecs.stream_options(n, rung, plan.threads)
        ),
        "-pix_fmt", "yuv420p",
        "-sc_threshold", "0", "-flags:v", "+cgop", "-fps_mode", "passthrough",
        *(_audio_stream() if has_audio else []),
        "-map_metadata", "-1", "-map_chapters", "-1",
        "-t", f"{plan.probe.duration_ms / 1000:.3f}",
        # A list that grows is written with each segment, and both appear whole.
        "-f", "hls", "-hls_playlist_type", "event", "-hls_time", str(SEGMENT_SECONDS),
        "-hls_flags", "independent_segments+temp_file", "-hls_segment_type", "fmp4",
        # Time zero in every track without edit lists, which hls.js does not read.
        "-hls_segment_options", "movflags=+negative_cts_offsets:use_editlist=0",
        "-hls_fmp4_init_filename", "init.mp4",
        "-hls_segment_filename", str(target / "%v" / "segment-%03d.m4s"),
        "-var_stream_map", " ".join(streams),
        str(target / "%v" / PLAYLIST),
    ]  # fmt: skip


def _audio_stream() -> list[str]:
    return ["-map", "[a0]", "-c:a", "aac", "-b:a", f"{AUDIO_KBPS}k"]


def _still(output: str, path: Path) -> list[str]:
    return [
        "-map", f"[{output}]", "-c:v", "mjpeg", "-q:v", "3",
        "-fps_mode", "passthrough", "-map_metadata", "-1",
        "-f", "image2", str(path),
    ]  # fmt: skip


def copy_command(plan: Plan, *, measures: bool = False) -> list[str]:
    """The source's own packets in a new file, without what it says of itself.

    On the way it can measure the sound, as `loudness_command` does.
    """
    has_audio = plan.probe.audio_index is not None
    return [
        "-nostdin", "-v", "error", "-y", "-max_error_rate", "0.01",
        *_input(plan.source, plan.threads),
        "-map", f"0:{plan.probe.video_index}",
        *(["-map", f"0:{plan.probe.audio_index}"] if has_audio else []),
        # SEI: phones write there what they are.
        "-c:v", "copy", "-bsf:v", "filter_units=remove_types=6",
        *(["-c:a", "copy"] if plan.probe.has_plain_sound else PREVIEW_SOUND),
        "-map_metadata", "-1", "-map_chapters", "-1", "-movflags", "+faststart",
        "-t", f"{plan.probe.duration_ms / 1000:.3f}", str(plan.source_preview),
        *(_measuring(plan.probe) if measures and has_audio else []),
    ]  # fmt: skip


def progressive_command(plan: Plan, rung: Rung) -> list[str]:
    """One MP4 for browsers that run no script, copied from a rung: no encoding."""
    names = [rung.name, *(name for name in plan.renditions if name == AUDIO)]
    return [
        "-nostdin", "-v", "error", "-y",
        *(
            word
            for name in names
            for word in (
                "-protocol_whitelist", "file",
                "-i", f"file:{plan.target / name / PLAYLIST}",
            )
        ),
        *(word for n in range(len(names)) for word in ("-map", f"{n}:0")),
        "-c", "copy", "-map_metadata", "-1", "-movflags", "+faststart",
        str(plan.target / PROGRESSIVE),
    ]  # fmt: skip
