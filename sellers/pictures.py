"""Pictures: what people send, re-encoded; nothing of the file itself is kept."""

import io
from dataclasses import dataclass
from secrets import token_hex

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from sellers.models import Product, ProductMedia

# An explicit list: each other decoder of Pillow is a way in.
FORMATS = ["JPEG", "PNG", "WEBP"]
MAX_BYTES = 10 * 1024 * 1024
# A JPEG is decoded at a fraction of its size, the others whole.
MAX_PIXELS = {"JPEG": 64_000_000, "PNG": 16_000_000, "WEBP": 16_000_000}
DECODED_SIDE = 2 * 1280
MIN_SIDE = 80
WIDTHS = [320, 640, 960, 1280]
QUALITY = 82
GROUND = (255, 255, 255)
MAX_PICTURES = 12

KNOWN_BY_START = {
    b"GIF8": "GIF",
    b"<svg": "SVG",
    b"<?xm": "SVG",
    b"<!do": "HTML",
    b"<htm": "HTML",
    b"%PDF": "PDF",
    b"BM": "BMP",
    b"II*\x00": "TIFF",
    b"MM\x00*": "TIFF",
}


class UnusablePicture(Exception):
    """Says to a person why the file is refused."""


@dataclass(frozen=True)
class Encoded:
    """One picture in all its widths; the last is the largest."""

    files: dict[int, bytes]
    height: int
    colour: str

    @property
    def width(self) -> int:
        return max(self.files)


def name_of_format(data: bytes) -> str:
    """What a file that is refused is, where its first bytes tell."""
    if data[4:8] == b"ftyp" and data[8:12] in {b"heic", b"heix", b"mif1", b"hevc"}:
        return "HEIC"
    if data[4:12] == b"ftypavif":
        return "AVIF"
    start = data[:64].lstrip().lower()
    for mark, name in KNOWN_BY_START.items():
        if start.startswith(mark.lower()):
            return name
    return ""


def open_picture(data: bytes) -> Image.Image:
    """The decoded picture, upright and without alpha, or UnusablePicture."""
    if len(data) > MAX_BYTES:
        limit = MAX_BYTES // 1024 // 1024
        raise UnusablePicture(
            _("The picture has more than %(limit)s MB.") % {"limit": limit}
        )
    try:
        picture = Image.open(io.BytesIO(data), formats=FORMATS)
        check_size(picture)
        picture.draft("RGB", (DECODED_SIDE, DECODED_SIDE))
        picture.load()
        return on_white(reduced(ImageOps.exif_transpose(picture)))
    except UnidentifiedImageError as error:
        raise UnusablePicture(refusal_of_format(data)) from error
    except Image.DecompressionBombError as error:
        raise UnusablePicture(_("The picture has too many pixels.")) from error
    except (OSError, SyntaxError, ValueError, MemoryError) as error:
        raise UnusablePicture(_("The picture is damaged.")) from error


def refusal_of_format(data: bytes) -> str:
    if name := name_of_format(data):
        return _("This is a %(name)s file: send a JPEG, PNG or WebP.") % {"name": name}
    return _("This is not a JPEG, PNG or WebP picture.")


def check_size(picture: Image.Image) -> None:
    """From the header alone, before a single pixel is decoded."""
    width, height = picture.size
    if width * height > MAX_PIXELS[picture.format]:
        raise UnusablePicture(
            _("The picture has %(width)s × %(height)s pixels, which is too many.")
            % {"width": width, "height": height}
        )
    if min(width, height) < MIN_SIDE:
        raise UnusablePicture(
            _("The picture is too small: at least %(side)s pixels on each side.")
            % {"side": MIN_SIDE}
        )


def reduced(picture: Image.Image) -> Image.Image:
    """Near the size that is needed, before conversions multiply the memory."""
    if picture.mode not in {"RGB", "RGBA", "L"}:
        picture = picture.convert("RGBA")
    factor = max(picture.size) // DECODED_SIDE
    return picture.reduce(factor) if factor > 1 else picture


def on_white(picture: Image.Image) -> Image.Image:
    if picture.mode in {"RGB", "L"} and "transparency" not in picture.info:
        return picture.convert("RGB")
    ground = Image.new("RGBA", picture.size, (*GROUND, 255))
    ground.alpha_composite(picture.convert("RGBA"))
    return ground.convert("RGB")


def average_colour(picture: Image.Image) -> str:
    red, green, blue = picture.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    return f"#{red:02x}{green:02x}{blue:02x}"


def webp(picture: Image.Image) -> bytes:
    """A new file from the pixels alone: no EXIF, no profile, no trailing bytes."""
    bare = Image.new("RGB", picture.size)
    bare.paste(picture)
    file = io.BytesIO()
    bare.save(file, "WEBP", quality=QUALITY, method=4)
    return file.getvalue()


def encode(data: bytes) -> Encoded:
    picture = open_picture(data)
    widest = min(picture.width, WIDTHS[-1])
    files = {}
    height = picture.height
    for width in [*(w for w in WIDTHS if w < widest), widest]:
        height = max(1, round(picture.height * width / picture.width))
        files[width] = webp(picture.resize((width, height), Image.Resampling.LANCZOS))
    return Encoded(files, height, average_colour(picture))


def add_picture(product: Product, data: bytes, alt: str = "") -> ProductMedia:
    """Encode and append; the slow part is outside the transaction."""
    return attach(product, encode(data), alt)


@transaction.atomic
def attach(product: Product, encoded: Encoded, alt: str = "") -> ProductMedia:
    """Append an encoded picture to the product's."""
    Product.objects.select_for_update(no_key=True).get(pk=product.pk)
    last = product.media.aggregate(last=Max("position"))["last"]
    media = ProductMedia(
        product=product,
        widths=sorted(set(encoded.files) - {encoded.width}),
        colour=encoded.colour,
        alt=alt[:200],
        position=0 if last is None else last + 1,
    )
    store(media, f"products/{token_hex(16)}.webp", encoded)
    media.save()
    return media


def store(media: ProductMedia, name: str, encoded: Encoded) -> None:
    name = default_storage.save(name, ContentFile(encoded.files[encoded.width]))
    media.image = name
    media.width, media.height = encoded.width, encoded.height
    for width in media.widths:
        default_storage.save(media.name_for(width), ContentFile(encoded.files[width]))


def delete_files(media: ProductMedia) -> None:
    for name in [media.image.name, *map(media.name_for, media.widths)]:
        default_storage.delete(name)


def encode_to_fit(data: bytes, size: tuple[int, int]) -> ContentFile:
    """Cut to that shape around the middle: banners and avatars."""
    picture = ImageOps.fit(open_picture(data), size, Image.Resampling.LANCZOS)
    return ContentFile(webp(picture), f"{token_hex(16)}.webp")
