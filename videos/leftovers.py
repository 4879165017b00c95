"""Files of a storage that no row points to: who died half-way has left them."""

import logging
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from marketplace.user_files import is_bucket, private_files
from marketplace.video_files import PREVIEWS, video_files
from videos.models import FormerVersion, Upload, Video
from videos.models.rendition import caption_folder

logger = logging.getLogger(__name__)

# Of one run and kind; the next run goes on from there.
MOST_LOOKED_AT = 1000
# A file may be older than its row: an upload of a day, a transaction under way.
GRACE = timedelta(hours=48)
GRACE_OF_A_ROW = timedelta(hours=1)


def remove_tree(storage, folder: str) -> None:
    """All files below a folder of a storage; an empty or missing one is no error."""
    if is_bucket(storage):
        # A thousand at a time; a bucket has no folders of its own.
        storage.bucket.objects.filter(Prefix=f"{folder}/").delete()
        return
    folders, files = _entries(storage, folder)
    for name in folders:
        remove_tree(storage, f"{folder}/{name}")
    for name in files:
        storage.delete(f"{folder}/{name}")
    storage.delete(folder)


def _entries(storage, folder: str) -> tuple[list[str], list[str]]:
    """Its folders and files; S3 has no folders, so one cannot ask whether it exists."""
    try:
        return storage.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return [], []


def remove_from(video: Video) -> None:
    """Former posters, captions, sources and attempts; not what is shown or written.

    Nor does what is shown need a preview any more.
    The row is read after the folders: an attempt that has begun since is not seen.
    """
    root = f"videos/{video.public_id}"
    folders, files = _entries(video_files(), root)
    now = Video.objects.filter(pk=video.pk).first()
    if now is None:
        return
    kept = {now.folder}
    if now.status == Video.Status.PROCESSING:
        kept.add(f"{root}/{now.attempt}")
    for name in folders:
        if name.isdigit() and f"{root}/{name}" not in kept:
            remove_tree(video_files(), f"{root}/{name}")
    if now.folder:
        remove_tree(video_files(), f"{now.folder}/{PREVIEWS}")
    unused = [
        *((video_files(), name) for name in _unused_posters(now, root, files)),
        *((video_files(), name) for name in _unused_captions(now)),
        *((private_files(), name) for name in _unused_sources(now)),
    ]
    for storage, name in unused:
        if not _is_older(storage, name, GRACE_OF_A_ROW):
            return  # its row may be about to say so; the next sweep looks again
        storage.delete(name)
    as_seen = Video.objects.filter(pk=now.pk, attempt=now.attempt, status=now.status)
    as_seen.update(has_leftovers=False)


def _unused_posters(video: Video, root: str, files: list[str]) -> list[str]:
    names = [f"{root}/{name}" for name in files if name.startswith("poster-")]
    return [name for name in names if name != video.poster]


def _unused_captions(video: Video) -> list[str]:
    """The rows are read after the folder, as above."""
    folder = caption_folder(video.public_id)
    names = [f"{folder}/{name}" for name in _entries(video_files(), folder)[1]]
    used = set(video.captions.values_list("file", flat=True))
    return [name for name in names if name not in used]


def _unused_sources(video: Video) -> list[str]:
    """Replaced while the storage was down.

    The object of a direct upload may wait here to be adopted.  Uploads are read first:
    what is adopted meanwhile is then the video's own.
    """
    folder = f"sources/{video.public_id}"
    names = [f"{folder}/{name}" for name in _entries(private_files(), folder)[1]]
    used = set(video.replacements.open().values_list("object_name", flat=True))
    rows = Video.objects.filter(pk=video.pk)
    used.update(rows.values_list("source", flat=True))
    used.update(rows.values_list("former__source", flat=True))
    return [name for name in names if name not in used]


def remove_work_folders() -> None:
    """Of killed workers of this machine; one that runs holds the row.

    The rows are read after the folders: a worker claims first, then makes its own.
    """
    folders = list(settings.VIDEO_WORK_ROOT.glob("*-*"))
    busy = set(Video.objects.running().values_list("pk", "attempt")) if folders else ()
    for folder in folders:
        pk, _, attempt = folder.name.partition("-")
        if (int(pk), int(attempt)) not in busy:
            shutil.rmtree(folder, ignore_errors=True)
    remove_unfinished(settings.VIDEO_WORK_ROOT)


def remove_unfinished(root: Path) -> None:
    """Temporary folders of killed processes: nothing takes as long as they are old."""
    for folder in root.glob("tmp*"):
        with suppress(FileNotFoundError):  # it ends at this moment
            if time.time() - folder.stat().st_mtime > GRACE.total_seconds():
                shutil.rmtree(folder, ignore_errors=True)


def remove_orphans() -> None:
    """What has no row at all: of deleted videos and broken uploads."""
    for storage, folder, known in (
        (video_files(), "videos", _known_videos),
        (private_files(), "sources", _known_sources),
    ):
        names = _next_names(storage, folder)
        for name in sorted(set(names) - known(names)):
            _remove_if_old(storage, f"{folder}/{name}")


def _known_videos(names: list[str]) -> set[str]:
    rows = Video.objects.filter(public_id__in=names)
    return set(rows.values_list("public_id", flat=True))


def _known_sources(names: list[str]) -> set[str]:
    """Some lie in the folder of the upload that brought them, or is about to."""
    going = Upload.objects.open().filter(public_id__in=names)
    known = set(going.values_list("public_id", flat=True)) | _known_videos(names)
    for name in set(names) - known:
        inside = f"sources/{name}/"
        if (
            Video.objects.filter(source__startswith=inside).exists()
            or FormerVersion.objects.filter(source__startswith=inside).exists()
        ):
            known.add(name)
    return known


def _next_names(storage, folder: str) -> list[str]:
    """The names after those of the last run; from the first again at the end."""
    key = f"leftovers-{folder}"
    names = list(
        islice(_names_after(storage, folder, cache.get(key, "")), MOST_LOOKED_AT)
    )
    is_end = len(names) < MOST_LOOKED_AT
    cache.set(key, "" if is_end else names[-1], timeout=None)
    return names


def _names_after(storage, folder: str, last: str) -> Iterator[str]:
    if hasattr(storage, "bucket"):  # S3 pages by itself, also from the middle
        pages = storage.connection.meta.client.get_paginator("list_objects_v2")
        for page in pages.paginate(
            Bucket=storage.bucket_name,
            Prefix=f"{folder}/",
            Delimiter="/",
            # "0" follows "/": behind all that the last folder holds.
            StartAfter=f"{folder}/{last}0" if last else "",
        ):
            for entry in page.get("CommonPrefixes", []):
                yield entry["Prefix"].split("/")[-2]
            for entry in page.get("Contents", []):
                yield entry["Key"].split("/")[-1]
    else:
        folders, files = _entries(storage, folder)
        names = sorted([*folders, *files], key=lambda name: f"{name}/")
        yield from (name for name in names if f"{name}/" > f"{last}/")


def _remove_if_old(storage, path: str) -> None:
    if all(_is_older(storage, file, GRACE) for file in _files(storage, path)):
        logger.info("%s has no row, and is removed.", path)
        remove_tree(storage, path)


def _is_older(storage, file: str, age: timedelta) -> bool:
    return storage.get_modified_time(file) < timezone.now() - age


def _files(storage, path: str) -> Iterator[str]:
    """All files below; of an empty folder, or a file, itself."""
    folders, files = _entries(storage, path)
    if not folders and not files:
        yield path
    for name in files:
        yield f"{path}/{name}"
    for name in folders:
        yield from _files(storage, f"{path}/{name}")
