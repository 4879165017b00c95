"""Bytes that come in pieces, are cut, or meet a full disk."""

import errno
import os
import subprocess

import pytest
from django.utils import timezone

from marketplace.user_files import private_files
from tests.factories import make_seller
from tests.uploading import (
    FILM,
    LENGTH,
    Body,
    address_of,
    begin,
    make_upload,
    patch,
    random_film,
    received,
    send,
)
from videos import parts, receiving
from videos.models import Upload, UploadBusy, UploadClosed, UploadConflict, Video
from videos.models import upload as upload_model

BLOCK = receiving.BLOCK


@pytest.mark.django_db
def test_a_connection_that_breaks_leaves_every_byte_that_came(small_blocks):
    upload = make_upload(seller=make_seller())

    for cut_at in (0, 1, 99, 100, 511, 512, 513, 1777):
        upload.refresh_from_db()
        rest = FILM[upload.offset :]
        receiving.receive(upload, Body(rest, cut_at=cut_at), upload.offset, None)

    assert received(upload) == FILM[: upload.offset]
    assert upload.offset == 1 + 99 + 100 + 511 + 512 + 513 + 1777


@pytest.mark.django_db
def test_a_cut_piece_with_a_checksum_leaves_nothing(small_blocks):
    upload = make_upload(seller=make_seller(), received=FILM[:10])
    checksum = receiving.Checksum("sha1", bytes(20))

    with pytest.raises(receiving.ChecksumMismatch):
        receiving.receive(upload, Body(FILM[10:], cut_at=3000), 10, checksum)

    assert received(upload) == FILM[:10]


@pytest.mark.django_db
def test_no_more_than_a_block_is_in_memory(monkeypatch):
    sizes = []
    monkeypatch.setattr(parts, "write", lambda _id, _at, data: sizes.append(len(data)))
    film = bytes(5 * BLOCK + 17)
    upload = make_upload(seller=make_seller(), length=len(film))

    receiving.receive(upload, Body(film), 0, None)

    assert max(sizes) == BLOCK
    assert sum(sizes) == len(film)


@pytest.mark.django_db
def test_a_byte_is_on_the_disk_before_it_is_acknowledged(monkeypatch):
    upload = make_upload(seller=make_seller())
    seen, fsync = [], os.fsync

    def note(file):
        if os.readlink(f"/proc/self/fd/{file}").endswith(upload.public_id):
            at = Upload.objects.get().offset
            seen.append((os.fstat(file).st_size, at))
        fsync(file)

    monkeypatch.setattr(os, "fsync", note)

    receiving.receive(upload, Body(FILM[:700]), 0, None)

    assert seen == [(700, 0)]


@pytest.mark.django_db
def test_on_a_slow_line_less_than_a_block_is_made_safe(monkeypatch):
    monkeypatch.setattr(receiving, "FLUSH_SECONDS", 0)
    monkeypatch.setattr(receiving, "PIECE", 100)
    upload = make_upload(seller=make_seller())
    offsets = []
    body = Body(FILM[:300], between=lambda: offsets.append(Upload.objects.get().offset))

    receiving.receive(upload, body, 0, None)

    assert offsets == [0, 100, 200, 300]


@pytest.mark.django_db
def test_a_second_writer_is_sent_away_while_the_first_is_at_work(small_blocks):
    upload = make_upload(seller=make_seller())
    rival = Upload.objects.get()
    refusals = []

    def intrude():
        with pytest.raises((UploadBusy, UploadConflict)) as refusal:
            receiving.receive(rival, Body(b"x" * 100), 0, None)
        refusals.append(refusal.type)

    receiving.receive(upload, Body(FILM, between=intrude), 0, None)

    assert received(upload) == FILM
    # Busy as long as nothing has been counted, then for another place.
    assert refusals[0] is UploadBusy
    assert refusals[-1] is UploadConflict


@pytest.mark.django_db
def test_a_writer_that_fell_silent_is_replaced_and_touches_nothing_more(small_blocks):
    upload = make_upload(seller=make_seller())
    rival = Upload.objects.get()
    is_first = iter([False, True])

    def fall_silent():
        if next(is_first, False):
            Upload.objects.update(written_at=timezone.now() - 2 * upload_model.BUSY)
            receiving.receive(rival, Body(b"x" * 600), rival.offset, None)

    with pytest.raises(UploadConflict):
        receiving.receive(upload, Body(FILM, between=fall_silent), 0, None)

    assert received(upload) == b"x" * 600


@pytest.mark.django_db
def test_a_canceled_upload_takes_no_byte_more_from_its_writer(small_blocks):
    upload = make_upload(seller=make_seller())
    steps = iter(range(100))

    def cancel():
        if next(steps) == 20:
            receiving.cancel(Upload.objects.get())

    with pytest.raises(UploadClosed):
        receiving.receive(upload, Body(FILM, between=cancel), 0, None)

    assert not parts.path_of(upload.public_id).exists()


@pytest.mark.django_db
def test_a_part_that_vanished_is_not_begun_in_its_middle(shop, seller):
    upload = make_upload(seller=seller, received=FILM[:100])
    parts.remove(upload.public_id)

    assert patch(shop, upload, 100, FILM[100:]).status_code == 410
    assert send(shop, "HEAD", address_of(upload)).status_code == 410

    assert not parts.exists(upload.public_id)


@pytest.mark.django_db
def test_a_full_disk_says_so_and_the_upload_goes_on_later(
    shop, seller, small_blocks, monkeypatch, sent
):
    upload = make_upload(seller=seller)
    room, pwrite = [1000], os.pwrite

    def short_pwrite(file, data, position):
        if not room[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        count = pwrite(file, data[: room[0]], position)
        room[0] -= count
        return count

    monkeypatch.setattr(os, "pwrite", short_pwrite)
    refused = patch(shop, upload, 0, FILM)
    assert refused.status_code == 507
    assert "Nothing is lost" in refused.content.decode()
    assert received(upload) == FILM[: upload.offset]
    assert upload.offset > 0
    # What could not be acknowledged does not take the room that is left.
    assert parts.path_of(upload.public_id).stat().st_size == upload.offset

    room[0] = LENGTH
    assert patch(shop, upload, upload.offset, FILM[upload.offset :]).status_code == 204

    assert private_files().open(Video.objects.get().source.name).read() == FILM


@pytest.mark.django_db
def test_any_other_trouble_of_the_disk_is_not_hidden(monkeypatch):
    upload = make_upload(seller=make_seller())

    def broken(*_args):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "pwrite", broken)

    with pytest.raises(OSError, match="Input/output"):
        receiving.receive(upload, Body(FILM), 0, None)
    upload.refresh_from_db()
    assert (upload.offset, upload.writer) == (0, "")


@pytest.fixture
def small_disk(tmp_path, settings):
    """A disk of 8 MB that really runs full."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", "size=8m", "vitrine-test", str(disk)]
    if subprocess.run(mounted, capture_output=True).returncode:
        pytest.skip("only root may mount a small disk")
    settings.VIDEO_PARTS_ROOT = disk
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.django_db
def test_a_disk_that_runs_full_midway_loses_nothing(shop, seller, sent, small_disk):
    film, other = random_film(6_000_000), small_disk / "of-somebody-else"
    upload = make_upload(seller=seller, length=len(film))
    other.write_bytes(bytes(5_000_000))

    refused = patch(shop, upload, 0, film)

    assert refused.status_code == 507
    assert received(upload) == film[: upload.offset]
    assert 2_000_000 < upload.offset < 4_000_000
    assert begin(shop, len(film)).status_code == 507
    other.unlink()
    assert patch(shop, upload, upload.offset, film[upload.offset :]).status_code == 204
    assert private_files().open(Video.objects.get().source.name).read() == film
