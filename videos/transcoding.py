"""From a source to a published output set: probe, encode, package, publish."""

import contextlib
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from PIL import Image

from videos import encoding, ffmpeg, ladder, playlists
from videos.encoding import AUDIO, POSTER
from videos.models import Rendition, Video

HEARTBEAT_SECONDS = 2
# A container's own rounding: a clip of one second often says 999 ms.
GRACE_MS = 50
SMALLEST_SIDE = 64
# The rung that browsers without HLS get as one file.
PROGRESSIVE_EDGE = 540


@dataclass(frozen=True)
class Package:
    """A finished output set in a local folder."""

    folder: Path
    rungs: tuple[ladder.Rung, ...]
    codecs: dict[str, str]
    measured: dict[str, playlists.Measured]
    has_audio: bool


def transcode(video: Video) -> None:
    """Make the output set of a claimed video and publish it.

    Everything is written to a folder of this attempt's own, so that a worker
    believed dead can do no harm; only the holder of the lease publishes.
    """
    with _work_folder(video) as work:
        source = _local_source(video, work)
        probe = inspect(source)
        video.renew_lease(progress_percent=1)
        package = _encode(video, source, probe, work)
        folder = f"videos/{video.public_id}/{video.attempt}"
        with contextlib.ExitStack() as undo:
            undo.callback(remove_tree, default_storage, folder)
            _store(video, package, folder)
            _publish(video, package, folder)
            undo.pop_all()
    _remove_other_attempts(video)


@contextlib.contextmanager
def _work_folder(video: Video) -> Iterator[Path]:
    """A local folder; those that earlier attempts left on this machine go first."""
    settings.VIDEO_WORK_ROOT.mkdir(parents=True, exist_ok=True)
    for left in settings.VIDEO_WORK_ROOT.glob(f"{video.pk}-*"):
        shutil.rmtree(left, ignore_errors=True)
    work = settings.VIDEO_WORK_ROOT / f"{video.pk}-{video.attempt}"
    work.mkdir()
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _local_source(video: Video, work: Path) -> Path:
    try:
        return Path(video.source.path)
    except NotImplementedError:  # S3: ffmpeg reads from disk
        copy = work / "source"
        with video.source.open() as stored, copy.open("wb") as local:
            shutil.copyfileobj(stored, local, 1024 * 1024)
        return copy


def inspect(source: Path) -> ffmpeg.Probe:
    """Probe a source and apply the rules of the house."""
    if not source.stat().st_size:
        raise ffmpeg.UnreadableVideo("empty")
    probe = ffmpeg.probe(source)
    if min(probe.width, probe.height) < SMALLEST_SIDE:
        raise ffmpeg.UnreadableVideo("too_small")
    if probe.width * probe.height > encoding.MAX_PIXELS:
        raise ffmpeg.UnreadableVideo("too_large")
    if probe.duration_ms + GRACE_MS < settings.VIDEO_MIN_MS:
        raise ffmpeg.UnreadableVideo("too_short")
    if probe.duration_ms - GRACE_MS > settings.VIDEO_MAX_SECONDS * 1000:
        raise ffmpeg.UnreadableVideo("too_long")
    return probe


def _encode(video: Video, source: Path, probe: ffmpeg.Probe, work: Path) -> Package:
    rungs = ladder.rungs_for(probe.width, probe.height, probe.frame_rate)
    target = work / "output"
    has_audio = probe.audio_index is not None
    names = [rung.name for rung in rungs] + ([AUDIO] if has_audio else [])
    for name in names:
        (target / name).mkdir(parents=True)
    command = encoding.transcode_command(
        source, target, probe, rungs, settings.VIDEO_THREADS
    )
    seconds = probe.duration_ms // 1000 + 1
    limits = ffmpeg.Limits(
        wall_seconds=300 + seconds * settings.VIDEO_MAX_SLOWNESS,
        cpu_seconds=300 + seconds * settings.VIDEO_MAX_SLOWNESS,
        memory_bytes=settings.VIDEO_MEMORY_BYTES,
    )
    ffmpeg.run(
        [ffmpeg.binary(), *command],
        limits=limits,
        on_line=_Heartbeat(video, probe.duration_ms),
    )
    progressive = min(rungs, key=lambda rung: abs(rung.short_edge - PROGRESSIVE_EDGE))
    copy = encoding.progressive_command(target, progressive, has_audio)
    ffmpeg.run([ffmpeg.binary(), *copy], limits=limits)
    return _package(target, rungs, names, has_audio)


class _Heartbeat:
    """Reads ffmpeg's progress, and every few seconds renews the lease with it."""

    def __init__(self, video: Video, duration_ms: int):
        self.video = video
        self.duration_ms = duration_ms
        self.percent = 1
        self.next_at = time.monotonic() + HEARTBEAT_SECONDS

    def __call__(self, line: str) -> None:
        name, _, value = line.partition("=")
        if name == "out_time_us" and value.isdigit():
            done = int(value) / 1000 / self.duration_ms
            self.percent = max(self.percent, min(97, round(done * 97)))
        if time.monotonic() >= self.next_at:
            self.video.renew_lease(self.percent)
            self.next_at = time.monotonic() + HEARTBEAT_SECONDS


def _package(
    target: Path, rungs: tuple[ladder.Rung, ...], names: list[str], has_audio: bool
) -> Package:
    measured = {name: playlists.measure(target / name) for name in names}
    codecs = {
        rung.name: playlists.avc_codec(
            next((target / rung.name).glob("init*.mp4")).read_bytes()
        )
        for rung in rungs
    }
    index = playlists.multivariant(rungs, codecs, measured)
    (target / playlists.MULTIVARIANT).write_text(index)
    return Package(target, rungs, codecs, measured, has_audio)


class _FinishedFile(File):
    """A local file that the disk storage may move instead of copying it."""

    def temporary_file_path(self) -> str:
        return self.file.name


def _store(video: Video, package: Package, folder: str) -> None:
    """Into the storage, the multivariant playlist last."""
    files = sorted(path for path in package.folder.rglob("*") if path.is_file())
    files.sort(key=lambda path: path.name == playlists.MULTIVARIANT)
    renewed_at = time.monotonic()
    for path in files:
        with path.open("rb") as opened:
            name = f"{folder}/{path.relative_to(package.folder)}"
            default_storage.save(name, _FinishedFile(opened))
        if time.monotonic() - renewed_at > HEARTBEAT_SECONDS:
            video.renew_lease(progress_percent=98)
            renewed_at = time.monotonic()


def _publish(video: Video, package: Package, folder: str) -> None:
    top = package.rungs[-1]
    video.mark_ready(
        [
            Rendition(
                video=video,
                width=rung.width,
                height=rung.height,
                bandwidth=package.measured[rung.name].peak_bps,
                codecs=package.codecs[rung.name],
            )
            for rung in package.rungs
        ],
        folder=folder,
        poster=f"{folder}/{POSTER}",
        colour=_average_colour(f"{folder}/{POSTER}"),
        width=top.width,
        height=top.height,
        duration_ms=package.measured[top.name].duration_ms,
        has_audio=package.has_audio,
    )


def _average_colour(poster: str) -> str:
    """Shown while the poster loads."""
    with (
        default_storage.open(poster) as stored,
        Image.open(stored, formats=["JPEG"]) as image,
    ):
        red, green, blue = image.convert("RGB").resize((1, 1)).getpixel((0, 0))
    return f"#{red:02x}{green:02x}{blue:02x}"


def _remove_other_attempts(video: Video) -> None:
    root = f"videos/{video.public_id}"
    folders, _ = default_storage.listdir(root)
    for folder in folders:
        if f"{root}/{folder}" != video.folder:
            remove_tree(default_storage, f"{root}/{folder}")


def remove_tree(storage, folder: str) -> None:
    """All files below a folder of a storage; an empty or missing one is no error."""
    if not storage.exists(folder):
        return
    folders, files = storage.listdir(folder)
    for name in folders:
        remove_tree(storage, f"{folder}/{name}")
    for name in files:
        storage.delete(f"{folder}/{name}")
    storage.delete(folder)
