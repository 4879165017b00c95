"""A new version under the same address: the old one is shown until it is ready.

Likes, views, comments and tags hang on the `Video`, which stays.  What no moderator has
seen never becomes public: with the swap, a published video goes back to review.
"""

from dataclasses import asdict, dataclass

from django.db import transaction
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Now

from marketplace.user_files import private_files
from videos import recutting
from videos.cutting import Span
from videos.models import FormerVersion, Video, VideoConflict
from videos.models.processing import MAX_ATTEMPTS

Publication = Video.Publication


@dataclass(frozen=True)
class Source:
    """A complete file in the private storage, and the part of it that is shown."""

    source: str
    source_name: str
    source_bytes: int
    source_sha256: str
    source_etag: str = ""
    trim_starts_ms: int = 0
    trim_ends_ms: int | None = None


@transaction.atomic
def replace_source(video_pk: int, new: Source) -> None:
    """Let the video be made anew from another file; who has it loses the lease."""
    video = _locked(video_pk)
    old = _source_of(video)
    if video.is_watchable and not video.is_changing:
        FormerVersion.objects.create(video=video, **asdict(old))
    elif old.source:
        _remove_unless_former(video, old.source)
    _wait(video, shows_unseen=True, **asdict(new))


@transaction.atomic
def change_cut(video_pk: int, cut: Span) -> None:
    """Let the video be made anew with another beginning and end."""
    video = _locked(video_pk)
    if video.status != Video.Status.READY or not video.source:
        raise VideoConflict(f"video {video_pk} is not there to be cut")
    FormerVersion.objects.create(video=video, **asdict(_source_of(video)))
    _wait(
        video,
        # Nothing new to see in a part of what was reviewed.
        shows_unseen=not video.cut.holds(cut),
        trim_starts_ms=cut.starts_ms,
        trim_ends_ms=None if cut.ends_ms >= video.full_ms else cut.ends_ms,
    )


def _locked(video_pk: int) -> Video:
    found = Video.objects.kept().select_for_update(no_key=True).filter(pk=video_pk)
    video = found.first()
    if video is None:
        raise VideoConflict(f"video {video_pk} is deleted")
    return video


def _source_of(version: Video | FormerVersion) -> Source:
    name = version.source.name if isinstance(version, Video) else version.source
    return Source(
        name or "",
        version.source_name,
        version.source_bytes,
        version.source_sha256,
        version.source_etag,
        version.trim_starts_ms,
        version.trim_ends_ms,
    )


def _wait(video: Video, **fields) -> None:
    Video.objects.filter(pk=video.pk).update(
        is_changing=video.is_watchable,
        status=Video.Status.UPLOADED,
        attempts_left=MAX_ATTEMPTS,
        progress_percent=0,
        failure_reason="",
        due_at=Now(),
        lease_expires_at=None,
        has_leftovers=True,
        **fields,
    )


def _remove_unless_former(video: Video, name: str) -> None:
    former = FormerVersion.objects.filter(video=video, source=name)
    if not former.exists():
        _remove_source(name)


def _remove_source(name: str) -> None:
    """Robust: a storage that is down now must not undo what is published already."""
    transaction.on_commit(lambda: private_files().delete(name), robust=True)


@transaction.atomic
def publish(video: Video, renditions, **fields) -> None:
    """Show what is ready: the one swap, by the holder of the lease."""
    was_shown = Q(publication__in=[Publication.PUBLISHED, Publication.SCHEDULED])
    is_unseen = Q(is_changing=True, shows_unseen=True) & was_shown
    video.mark_ready(
        renditions,
        publication=Case(
            When(is_unseen, then=Value(Publication.IN_REVIEW)),
            default=F("publication"),
        ),
        submitted_at=Case(When(is_unseen, then=Now()), default=F("submitted_at")),
        is_changing=False,
        shows_unseen=False,
        **fields,
    )
    former = FormerVersion.objects.filter(video=video).first()
    if former:
        former.delete()
        _follow(video, former)


def _follow(video: Video, former: FormerVersion) -> None:
    """Tags and captions go with the cut; with another file they stay in their time."""
    if former.source == video.source.name:
        old = Span(former.trim_starts_ms, former.trim_ends_ms or video.full_ms)
        recutting.move_cut(video, (old, video.cut))
        return
    Video.objects.filter(pk=video.pk).update(cut_away={})
    if former.source:
        _remove_source(former.source)


@transaction.atomic
def keep_former(video: Video) -> None:
    """Drop the new version, and stay with what is shown; refused after the swap."""
    video = _locked(video.pk)
    former = FormerVersion.objects.filter(video=video).first()
    if former is None or not video.is_changing:
        raise VideoConflict(f"video {video.pk} has no former version")
    _remove_unless_former(video, video.source.name)
    Video.objects.filter(pk=video.pk).update(
        **asdict(_source_of(former)),
        is_changing=False,
        shows_unseen=False,
        status=Video.Status.READY,
        progress_percent=100,
        failure_reason="",
        preview="",
        due_at=None,
        lease_expires_at=None,
        has_leftovers=True,
    )
    former.delete()
