"""Pictures: re-encoded, nothing of the file kept; attacks refused."""

import io
import struct
import zlib

import pytest
from django.core.files.storage import default_storage
from PIL import Image

from sellers import pictures
from sellers.models import ProductMedia
from sellers.pictures import UnusablePicture
from tests.factories import make_picture, make_product, picture_bytes


def decoded(data):
    return Image.open(io.BytesIO(data))


def with_position_and_rotation():
    """A phone's JPEG: on its side, with the place where it was taken."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it clockwise by 90 degrees
    exif[0x010F] = "Secret Camera"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    return picture_bytes(size=(400, 200), exif=exif)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_each_kind_becomes_webp_in_several_widths(kind):
    encoded = pictures.encode(picture_bytes(size=(1000, 500), kind=kind))

    assert list(encoded.files) == [320, 640, 960, 1000]
    assert encoded.height == 500
    assert {decoded(data).format for data in encoded.files.values()} == {"WEBP"}
    assert decoded(encoded.files[320]).size == (320, 160)


def test_a_picture_is_never_enlarged():
    assert list(pictures.encode(picture_bytes(size=(300, 200))).files) == [300]


def test_the_place_and_the_camera_are_dropped_and_the_picture_is_upright():
    encoded = pictures.encode(with_position_and_rotation())

    upright = encoded.files[encoded.width]
    assert decoded(upright).size == (200, 400)
    assert b"Secret" not in upright
    assert b"Exif" not in upright
    assert not decoded(upright).getexif()


def test_what_is_transparent_becomes_white():
    file = io.BytesIO()
    Image.new("RGBA", (100, 100), (0, 0, 0, 0)).save(file, "PNG")

    assert pictures.encode(file.getvalue()).colour == "#ffffff"


def test_what_follows_the_picture_in_the_file_is_dropped():
    data = picture_bytes() + b"<html><script>alert(1)</script>PK\x03\x04"

    encoded = pictures.encode(data)

    assert all(b"script" not in file for file in encoded.files.values())


def png_that_claims(width, height):
    """A header of a few bytes that would take gigabytes to decode."""

    def chunk(name, body):
        code = zlib.crc32(name + body)
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", code)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\x00" * 1000)
    end = chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + end


HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (png_that_claims(30_000, 30_000), "too many"),
        (png_that_claims(20_000, 3_000), "too many"),
        (SVG, "SVG"),
        (b"<?xml version='1.0'?>" + SVG, "SVG"),
        (b"<!doctype html><script>alert(1)</script>", "HTML"),
        (b"GIF89a/*" + b"\x00" * 40 + b"*/=1;alert(1)//", "GIF"),
        (picture_bytes(kind="GIF"), "GIF"),
        (picture_bytes(kind="BMP"), "BM"),
        (picture_bytes(kind="TIFF"), "TIFF"),
        (HEIC, "HEIC"),
        (b"", "not a JPEG"),
        (b"just text", "not a JPEG"),
        (picture_bytes(size=(2000, 1500), kind="PNG")[:3000], "damaged"),
        (picture_bytes(size=(40, 40)), "too small"),
        (b"\xff" * (pictures.MAX_BYTES + 1), "10 MB"),
    ],
)
def test_what_is_not_a_usable_picture_is_refused_with_a_reason(data, reason):
    with pytest.raises(UnusablePicture, match=reason):
        pictures.encode(data)


@pytest.mark.django_db
def test_the_files_of_a_picture_have_generated_names():
    media = make_picture(product=make_product())

    assert media.image.name.startswith("products/")
    assert media.image.name.endswith(".webp")
    assert (media.width, media.height) == (400, 300)
    assert media.widths == [320]
    assert default_storage.exists(media.name_for(320))
    assert media.srcset == f"{media.url_for(320)} 320w, {media.image.url} 400w"


@pytest.mark.django_db
def test_a_refused_picture_leaves_nothing_behind():
    product = make_product()

    with pytest.raises(UnusablePicture):
        pictures.add_picture(product, SVG)

    assert ProductMedia.with_removed.exists() is False
    assert default_storage.exists("products") is False


@pytest.mark.django_db
def test_deleting_the_files_deletes_every_width():
    media = make_picture()

    pictures.delete_files(media)

    assert default_storage.listdir("products")[1] == []
