"""Files of a finished output set into the storage, which may be down for a while."""

import logging
import time
from collections.abc import Iterator
from pathlib import Path

from django.core.files import File
from django.core.files.base import ContentFile

from marketplace.user_files import STORAGE_FAILURES, is_bucket
from marketplace.video_files import video_files
from videos.leases import Lease

logger = logging.getLogger(__name__)

# How long a finished encoding waits for a storage that is down.
STORAGE_PATIENCE_SECONDS = 600
LONGEST_PAUSE_SECONDS = 30


class _FinishedFile(File):
    """A local file that the disk storage may move instead of copying it."""

    def temporary_file_path(self) -> str:
        return self.file.name


def store_file(lease: Lease, path: Path, name: str) -> None:
    """A storage that fails is tried again: what took minutes is not made anew."""
    give_up_at = time.monotonic() + STORAGE_PATIENCE_SECONDS
    for pause in _growing_pauses():
        with path.open("rb") as opened:
            try:
                if pause > 1:
                    video_files().delete(name)  # written half, or before it failed
                video_files().save(name, _FinishedFile(opened))
                return
            except STORAGE_FAILURES as error:
                if time.monotonic() > give_up_at:
                    raise
                logger.warning("The storage does not take %s: %s", name, error)
        for _ in range(pause):
            time.sleep(1)
            lease.keep()


def replace_text(name: str, text: str) -> None:
    """At one stroke: who reads it meanwhile has all of the old one or of the new."""
    storage = video_files()
    if is_bucket(storage):
        storage.save(name, ContentFile(text.encode()))
        return
    part = storage.save(f"{name}.part", ContentFile(text.encode()))
    Path(storage.path(part)).replace(storage.path(name))


def _growing_pauses() -> Iterator[int]:
    pause = 1
    while True:
        yield pause
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
