"""The bytes of unfinished uploads: a part file each, under its generated name."""

import contextlib
import errno
import hashlib
import os
import secrets
import shutil
import time
from pathlib import Path

from django.conf import settings
from django.core.files.base import File

NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


# After an upload has expired, for the sweep that closes it first.
SPARE_SECONDS = 1800


class NoRoom(Exception):
    """The disk is full.  What was acknowledged is safe; it may go on later."""


def path_of(public_id: str) -> Path:
    return Path(settings.VIDEO_PARTS_ROOT) / public_id


def remove_stale() -> None:
    """Of this machine: parts whose upload has expired, names of killed processes.

    Told by their age, because another machine's sweep closes the rows.
    """
    stale = time.time() - (settings.VIDEO_UPLOAD_KEEP_HOURS * 3600 + SPARE_SECONDS)
    for part in settings.VIDEO_PARTS_ROOT.glob("*"):
        with contextlib.suppress(FileNotFoundError):  # moved or removed meanwhile
            if part.stat().st_mtime < stale:
                part.unlink()


def has_room_for(size: int) -> bool:
    settings.VIDEO_PARTS_ROOT.mkdir(parents=True, exist_ok=True)
    return shutil.disk_usage(settings.VIDEO_PARTS_ROOT).free >= size


@contextlib.contextmanager
def noticing_no_room():
    """Tells a full disk from what should never happen."""
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM:
            raise NoRoom(error.strerror) from error
        raise


@noticing_no_room()
def write(public_id: str, position: int, data: bytes) -> None:
    """Put the bytes at their place, on the disk itself when this returns."""
    settings.VIDEO_PARTS_ROOT.mkdir(parents=True, exist_ok=True)
    # A part that has vanished is not begun again in its middle.
    begins = 0 if position else os.O_CREAT
    file = os.open(path_of(public_id), os.O_WRONLY | begins, 0o600)
    try:
        _write_all(file, position, data)
        os.fsync(file)
    except OSError:
        # What came of the block is not acknowledged: its room is given back.
        os.ftruncate(file, position)
        raise
    finally:
        os.close(file)
    if begins:
        sync_folder(settings.VIDEO_PARTS_ROOT)


def _write_all(file, position, data):
    left = memoryview(data)
    while left:
        count = os.pwrite(file, left, position)
        left, position = left[count:], position + count


def sha256(public_id: str) -> str:
    with path_of(public_id).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def second_name(public_id: str):
    """The whole file once more, without its bytes: a storage may move this away.

    The part itself stays until the video's row is committed, so that a failure on
    the way loses nothing.
    """
    linked = path_of(public_id).with_name(f"{public_id}.{secrets.token_hex(8)}")
    os.link(path_of(public_id), linked)
    try:
        with linked.open("rb") as content:
            file = File(content, name="source")
            file.temporary_file_path = lambda: str(linked)
            yield file
    finally:
        linked.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """So that a power cut cannot take a new name away."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def exists(public_id: str) -> bool:
    return path_of(public_id).exists()


def remove(public_id: str) -> None:
    path_of(public_id).unlink(missing_ok=True)
