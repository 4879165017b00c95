"""Type: labels printed on products and words that move over the picture.

The fonts (SIL Open Font License) are not part of the tree; fetch them once with
    npm install --prefix var/demo-fonts @fontsource/bricolage-grotesque \
        @fontsource/instrument-serif @fontsource/syne @fontsource/fraunces \
        @fontsource/unbounded @fontsource/outfit
"""

from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .palette import linear

FONTS = Path(__file__).resolve().parents[3] / "var" / "demo-fonts" / "node_modules"
FACES = {
    "grotesque": ("bricolage-grotesque", "700-normal"),
    "text": ("bricolage-grotesque", "500-normal"),
    "serif": ("instrument-serif", "400-normal"),
    "italic": ("instrument-serif", "400-italic"),
    "wide": ("unbounded", "700-normal"),
    "round": ("outfit", "700-normal"),
    "soft": ("fraunces", "600-normal"),
    "syne": ("syne", "700-normal"),
}


class FontsMissing(Exception):
    """The fonts have not been fetched; the module's docstring says how."""


@cache
def font(face, size):
    family, style = FACES[face]
    path = FONTS / "@fontsource" / family / "files" / f"{family}-latin-{style}.woff"
    if not path.exists():
        raise FontsMissing(f"{path} is missing.{__doc__}")
    return ImageFont.truetype(str(path), size)


def layer(width, height):
    return Image.new("RGBA", (width, height), (0, 0, 0, 0))


def premultiplied(image):
    pixels = np.asarray(image, np.float32) / 255
    pixels[..., :3] *= pixels[..., 3:]
    return pixels


def line_of(text, face, size, color, *, spacing=0.0):
    """One line of type on a transparent ground, cut close."""
    typeface = font(face, size)
    gap = size * spacing
    width = sum(typeface.getlength(c) + gap for c in text) if gap else None
    width = width or typeface.getlength(text)
    image = layer(int(width) + size, int(size * 1.5))
    draw = ImageDraw.Draw(image)
    if not gap:
        draw.text((size // 2, size // 5), text, font=typeface, fill=color)
    else:
        x = size / 2
        for letter in text:
            draw.text((x, size // 5), letter, font=typeface, fill=color)
            x += typeface.getlength(letter) + gap
    return image.crop(image.getbbox())


def label(title, small="", *, ink="#222222", ground=None, face="serif"):
    """A printed label (512 x 256) as linear light with coverage."""
    image = Image.new("RGBA", (512, 256), ground or ink + "00")
    draw = ImageDraw.Draw(image)
    size = 96
    while font(face, size).getlength(title) > 440:
        size -= 4
    draw.text((256, 108), title, font=font(face, size), fill=ink, anchor="mm")
    if small:
        spaced = " ".join(small.upper())
        length = 26
        while font("text", length).getlength(spaced) > 450:
            length -= 1
        draw.text((256, 192), spaced, font=font("text", length), fill=ink, anchor="mm")
    pixels = np.asarray(image, np.float32) / 255
    table = np.array([linear(f"#{i:02x}{i:02x}{i:02x}")[0] for i in range(256)])
    color = table[(pixels[..., :3] * 255).astype(int)]
    return np.concatenate([color, pixels[..., 3:]], -1).astype(np.float32)
