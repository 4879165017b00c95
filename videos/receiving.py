"""An upload from its first word to its last byte; uploads.py makes the video of it."""

import contextlib
import hashlib
import logging
import time
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.http import UnreadablePostError
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.user_files import STORAGE_FAILURES
from sellers.models import Seller
from videos import multipart, parts
from videos.first_look import Refused, refuse_file, title_from
from videos.models import Upload, UploadClosed

logger = logging.getLogger(__name__)

# What one request holds in memory, and what a power cut may cost.
BLOCK = 1024 * 1024
PIECE = 64 * 1024
# On a slow line a smaller block is made safe after so many seconds.
FLUSH_SECONDS = 2

NO_ROOM = gettext_lazy("The server has no room left. Nothing is lost: try again later.")
TOO_OFTEN = gettext_lazy("Too many uploads in a short time. Try again later.")


class TooMuchUnderWay(Refused):
    pass


class ChecksumMismatch(Exception):
    """The bytes are not those that the client sent; none of them is kept."""


@dataclass(frozen=True)
class Checksum:
    algorithm: str
    digest: bytes


def open_upload(upload: Upload) -> Upload:
    """Promise room for a new upload, within what its seller may have under way."""
    refuse_file(upload.file_name, upload.length)
    if not upload.is_direct:
        parts.remove_stale()
        if not parts.has_room_for(upload.length):
            raise parts.NoRoom(upload.file_name)
    upload.title = upload.title or title_from(upload.file_name)
    with transaction.atomic():
        # One after another: two at once cannot both take the last place.
        Seller.objects.select_for_update(no_key=True).get(pk=upload.seller_id)
        _refuse_more(upload)
        upload.save()
    return upload


def _refuse_more(upload):
    mine = Upload.objects.unfinished().filter(seller_id=upload.seller_id)
    if mine.count() >= settings.VIDEO_UPLOADS_OPEN:
        raise TooMuchUnderWay(
            _("%(count)s uploads are unfinished. Finish or cancel one of them first.")
            % {"count": settings.VIDEO_UPLOADS_OPEN}
        )
    if mine.bytes_promised() + upload.length > settings.VIDEO_UPLOADS_OPEN_BYTES:
        raise TooMuchUnderWay(
            _("Together the unfinished uploads would be larger than %(size)s.")
            % {"size": filesizeformat(settings.VIDEO_UPLOADS_OPEN_BYTES)}
        )


def receive(upload: Upload, stream, offset: int, checksum: Checksum | None) -> None:
    """Write a request's body where the upload goes on.

    Each block is on the disk before `offset` moves.  A connection that breaks leaves
    what came until then; with a checksum all of it counts, or nothing.
    """
    upload.claim(offset)
    try:
        if checksum:
            _receive_checked(upload, stream, checksum)
        else:
            for block in blocks(stream):
                _keep(upload, upload.offset, block, counted=len(block))
    finally:
        upload.release()


def _receive_checked(upload, stream, checksum):
    """Behind the offset until the checksum has been seen, then all at once."""
    digest = hashlib.new(checksum.algorithm, usedforsecurity=False)
    position = upload.offset
    for block in blocks(stream):
        digest.update(block)
        _keep(upload, position, block, counted=0)
        position += len(block)
    if digest.digest() != checksum.digest:
        raise ChecksumMismatch(upload.public_id)
    _keep(upload, position, b"", counted=position - upload.offset)


def _keep(upload, position, block, *, counted):
    """Write and count, while nobody else can."""
    try:
        with transaction.atomic():
            upload.lock_for_writing()
            if block:
                parts.write(upload.public_id, position, block)
            upload.move_on(counted)
    except FileNotFoundError as error:
        raise UploadClosed(f"the part of upload {upload.pk} is gone") from error


def blocks(stream):
    """A body in blocks, also what came before its connection broke."""
    gathered, flushed_at = bytearray(), time.monotonic()
    for piece in _pieces(stream):
        gathered += piece
        is_late = time.monotonic() - flushed_at > FLUSH_SECONDS
        if len(gathered) >= BLOCK or is_late:
            yield bytes(gathered)
            gathered.clear()
            flushed_at = time.monotonic()
    if gathered:
        yield bytes(gathered)


def _pieces(stream):
    with contextlib.suppress(UnreadablePostError):  # the browser is gone
        while piece := stream.read(PIECE):
            yield piece


def cancel(upload: Upload) -> None:
    """Take its bytes away; refused once it is a video."""
    upload.close(Upload.State.CANCELED)
    remove_bytes(upload)


def expire(upload: Upload) -> None:
    """Take the bytes of an abandoned one away; refused if it has gone on since."""
    upload.close(Upload.State.EXPIRED)
    remove_bytes(upload)


def remove_bytes(upload: Upload) -> None:
    if not upload.is_direct:
        parts.remove(upload.public_id)
        return
    try:
        multipart.remove(upload)
    except STORAGE_FAILURES as error:
        # It is over all the same: the sweeps find parts and objects without a row.
        logger.warning("The bytes of upload %s stay for now: %s", upload.pk, error)
