"""From a source to a published output set: probe, encode, package, publish."""

import contextlib
import dataclasses
import hashlib
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction

from marketplace.user_files import STORAGE_FAILURES
from marketplace.video_files import video_files
from videos import (
    codecs,
    encoding,
    features,
    ffmpeg,
    formats,
    frames,
    ladder,
    leftovers,
    loudness,
    playlists,
    posters,
    previews,
    storing,
    storyboards,
    versions,
)
from videos.encoding import AUDIO
from videos.leases import HEARTBEAT_SECONDS, Lease
from videos.models import Rendition, Video
from videos.wholeness import require_whole, require_whole_file

# A container's own rounding: a clip of one second often says 999 ms.
GRACE_MS = 50
SMALLEST_SIDE = 64
# The rung that browsers without HLS get as one file.
PROGRESSIVE_EDGE = 540

# Per cent of the progress: up to here looking, then encoding, then storing.
LOOKED = 2
ENCODED = 90


@dataclass(frozen=True)
class Package:
    """A finished output set in a local folder."""

    folder: Path
    rungs: tuple[ladder.Rung, ...]
    codecs: dict[str, str]
    measured: dict[str, playlists.Measured]
    has_audio: bool
    frame_count: int
    poster: str
    look: posters.Look
    features: features.Features


def transcode(video: Video) -> None:
    """Make the output set of a claimed video and publish it.

    Everything is written to a folder of this attempt's own, so that a worker
    believed dead can do no harm; only the holder of the lease publishes.
    """
    lease = Lease(video)
    with _work_folder(video) as work:
        source = _local_source(video, work, lease)
        made = work / "made"
        made.mkdir()
        probe = inspect(source, on_line=lease.hear)
        plan = _plan(source, part_of(probe, video), made / "output")
        folder = f"videos/{video.public_id}/{video.attempt}"
        with contextlib.ExitStack() as undo:
            undo.callback(leftovers.remove_tree, video_files(), folder)
            heard = previews.offer_copy(lease, plan, _limits(plan), folder)
            shown = previews.GrowingPreview(lease, plan, folder)
            package = _encode(lease, plan, heard, shown)
            _store(lease, package, folder)
            _publish(video, package, folder, probe.duration_ms)
            undo.pop_all()
    with contextlib.suppress(*STORAGE_FAILURES):  # then the sweep does it
        leftovers.remove_from(video)


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


def _local_source(video: Video, work: Path, lease: Lease) -> Path:
    try:
        return Path(video.source.path)
    except NotImplementedError:  # S3: ffmpeg reads from disk
        copy = work / "source"
        digest = hashlib.sha256()
        # Piece by piece: the storage's own file would hold all of it in memory.
        stored = video.source.storage.bucket.Object(video.source.name).get()["Body"]
        with contextlib.closing(stored), copy.open("wb") as local:
            for chunk in stored.iter_chunks(1024 * 1024):
                local.write(chunk)
                digest.update(chunk)
                lease.keep()
        # Its bytes went past the web machines; it may have been replaced meanwhile.
        unknown = Video.objects.filter(pk=video.pk, source_sha256="")
        unknown.filter(source=video.source.name).update(
            source_sha256=digest.hexdigest()
        )
        return copy


def inspect(source: Path, **options: Callable[[str], None]) -> ffmpeg.Probe:
    """Probe a source and apply the rules of the house."""
    if not source.stat().st_size:
        raise ffmpeg.UnreadableVideo("empty")
    probe = ffmpeg.probe(source, **options)
    if min(probe.width, probe.height) < SMALLEST_SIDE:
        raise ffmpeg.UnreadableVideo("too_small")
    if max(probe.width, probe.height) > formats.MAX_SIDE:
        raise ffmpeg.UnreadableVideo("too_large")
    if probe.duration_ms + GRACE_MS < settings.VIDEO_MIN_MS:
        raise ffmpeg.UnreadableVideo("too_short")
    if probe.duration_ms - GRACE_MS > settings.VIDEO_MAX_SECONDS * 1000:
        raise ffmpeg.UnreadableVideo("too_long")
    return probe


def part_of(probe: ffmpeg.Probe, video: Video) -> ffmpeg.Probe:
    """The part of the source that its seller wants to show."""
    ends_ms = min(video.trim_ends_ms or probe.duration_ms, probe.duration_ms)
    if (video.trim_starts_ms, ends_ms) == (0, probe.duration_ms):
        return probe
    if ends_ms - video.trim_starts_ms + GRACE_MS < settings.VIDEO_MIN_MS:
        raise ffmpeg.UnreadableVideo("too_short")
    return dataclasses.replace(
        probe,
        starts_ms=video.trim_starts_ms,
        duration_ms=ends_ms - video.trim_starts_ms,
        is_plain=False,  # packets can be cut at key frames only
    )


def _plan(source: Path, probe: ffmpeg.Probe, target: Path) -> encoding.Plan:
    rungs = ladder.rungs_for(probe.width, probe.height, probe.frame_rate)
    return encoding.Plan(
        source=source,
        target=target,
        probe=probe,
        rungs=rungs,
        extras=ladder.in_codecs(rungs, settings.VIDEO_EXTRA_CODECS),
        threads=settings.VIDEO_THREADS,
    )


def _limits(plan: encoding.Plan) -> ffmpeg.Limits:
    seconds = plan.probe.duration_ms // 1000 + 1
    return ffmpeg.Limits(
        wall_seconds=300 + seconds * settings.VIDEO_MAX_SLOWNESS,
        cpu_seconds=300 + seconds * settings.VIDEO_MAX_SLOWNESS,
        memory_bytes=settings.VIDEO_MEMORY_BYTES,
        reads=(plan.source,),
        writes=(plan.target.parent,),
    )


def _encode(
    lease: Lease,
    plan: encoding.Plan,
    heard: loudness.Loudness | None,
    shown: previews.GrowingPreview,
) -> Package:
    judge = frames.Judge(plan.frames)
    try:
        lufs = _run_ladder(lease, plan, heard, (shown.grow, judge.look))
    except ffmpeg.UnreadableVideo as error:
        if plan.probe.audio_index is None or error.refusal != "damaged":
            raise
        # It may be the sound that is damaged; a good picture can be shown without.
        shown.stop()
        silent = dataclasses.replace(plan.probe, audio_index=None)
        return _encode(lease, dataclasses.replace(plan, probe=silent), None, shown)
    for name in plan.renditions:
        playlists.finish(plan.target / name)
    require_whole(plan.target)
    with _progressive_copy(lease, plan):
        return _package(plan, lufs, judge)


@contextlib.contextmanager
def _progressive_copy(lease: Lease, plan: encoding.Plan) -> Iterator[None]:
    """The one file is copied while the playlists are written and the poster is chosen.

    By a thread, which touches neither lease nor database.
    """
    copy = encoding.progressive_command(plan, progressive_rung(plan.rungs))
    with ThreadPoolExecutor(max_workers=1) as beside:
        copied = beside.submit(
            ffmpeg.run, [ffmpeg.binary(), *copy], limits=_limits(plan)
        )
        yield
        while not wait([copied], timeout=HEARTBEAT_SECONDS).done:
            lease.keep()
        copied.result()
    require_whole_file(plan.target / encoding.PROGRESSIVE)


def _run_ladder(
    lease: Lease,
    plan: encoding.Plan,
    heard: loudness.Loudness | None,
    meanwhile: tuple[Callable[[], None], ...],
) -> float | None:
    """Make all rungs and stills; how loud the source was."""
    limits = _limits(plan)
    sound = loudness.levelling(plan.source, plan.probe, limits, lease.hear, heard)
    lease.keep(LOOKED)
    for folder in (plan.target, plan.frames):  # of a run with the sound
        shutil.rmtree(folder, ignore_errors=True)
    for folder in (plan.frames, *(plan.target / name for name in plan.renditions)):
        folder.mkdir(parents=True, exist_ok=True)
    levelled = dataclasses.replace(plan, gain_db=sound.gain_db)
    command = encoding.transcode_command(levelled)
    ffmpeg.run(
        [ffmpeg.binary(), *command],
        limits=limits,
        on_line=_Progress(lease, plan, meanwhile),
    )
    return sound.lufs


def progressive_rung(rungs: tuple[ladder.Rung, ...]) -> ladder.Rung:
    return min(rungs, key=lambda rung: abs(rung.short_edge - PROGRESSIVE_EDGE))


class _Progress:
    """Sees how far ffmpeg is, and keeps the lease with it.

    By the list of its lowest rung: what ffmpeg itself says of its progress comes
    at the end, because the storyboard, one of its files, is begun only then.
    `meanwhile` is done each time, while it goes on.
    """

    def __init__(
        self,
        lease: Lease,
        plan: encoding.Plan,
        meanwhile: tuple[Callable[[], None], ...],
    ):
        self.lease = lease
        self.rung = plan.target / plan.rungs[0].name
        self.duration_ms = plan.probe.duration_ms
        self.meanwhile = meanwhile

    def __call__(self, _line: str) -> None:
        seconds = sum(length for length, _ in playlists.segments(self.rung))
        done = min(1, seconds * 1000 / self.duration_ms)
        self.lease.keep(LOOKED + round(done * (ENCODED - LOOKED)))
        for step in self.meanwhile:
            step()


def _package(plan: encoding.Plan, lufs: float | None, judge: frames.Judge) -> Package:
    target, rungs = plan.target, plan.rungs
    measured = {name: playlists.measure(target / name) for name in plan.renditions}
    names = [rung.name for rung in plan.pictures]
    words = {
        name: codecs.codecs_word(playlists.init_of(target / name)) for name in names
    }
    key_frames = {name: playlists.write_key_frames(target / name) for name in names}
    index = playlists.multivariant(plan.pictures, words, measured, key_frames)
    (target / playlists.MULTIVARIANT).write_text(index)
    (target / storyboards.CUES).write_text(storyboards.cues(plan.storyboard))
    kept, poster = _keep_frames(plan, judge)
    return Package(
        folder=target,
        rungs=rungs,
        codecs=words,
        measured=measured,
        has_audio=AUDIO in plan.renditions,
        frame_count=kept,
        poster=poster,
        look=posters.look_of(target / poster),
        features=features.features_of(plan.samples, plan.probe.duration_ms, lufs),
    )


def _keep_frames(plan: encoding.Plan, judge: frames.Judge) -> tuple[int, str]:
    """Keep the candidates for the poster: how many, and the name of the best."""
    chosen = judge.candidates()
    if not chosen:
        raise ffmpeg.UnreadableVideo("damaged", "not one frame came out")
    for number, frame in enumerate(chosen, start=1):
        frame.path.rename(plan.target / f"frame-{number}.jpg")
    return len(chosen), f"frame-{chosen.index(frames.best(chosen)) + 1}.jpg"


def _store(lease: Lease, package: Package, folder: str) -> None:
    """Into the storage, the multivariant playlist last."""
    files = sorted(path for path in package.folder.rglob("*") if path.is_file())
    files.sort(key=lambda path: path.name == playlists.MULTIVARIANT)
    for number, path in enumerate(files):
        storing.store_file(lease, path, f"{folder}/{path.relative_to(package.folder)}")
        lease.keep(ENCODED + number * (99 - ENCODED) // len(files))


@transaction.atomic
def _publish(video: Video, package: Package, folder: str, source_ms: int) -> None:
    top = package.rungs[-1]
    versions.publish(
        video,
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
        poster=f"{folder}/{package.poster}",
        colour=package.look.colour,
        placeholder=package.look.placeholder,
        frame_count=package.frame_count,
        has_storyboard=True,
        source_ms=source_ms,
        width=top.width,
        height=top.height,
        duration_ms=package.measured[top.name].duration_ms,
        has_audio=package.has_audio,
    )
    features.keep_features(video, package.features)
