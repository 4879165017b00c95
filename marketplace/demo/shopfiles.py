"""The demo's shops as written in `shops/*.toml`: what is sold, shown and said.

The renderer and the `demo` command read the same files, so that a video's product
tags hold the very times at which its shots were cut.
"""

import tomllib
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
MEDIA = HERE / "media"
FPS = 24  # of the rendered films


@cache
def shops():
    """Every shop in a fixed order."""
    files = sorted((HERE / "shops").glob("*.toml"))
    return [tomllib.loads(path.read_text(encoding="utf-8")) for path in files]


def product_of(shop, slug):
    return next(product for product in shop["products"] if product["slug"] == slug)


def shot_items(shot):
    """(product slug, finish) for each thing that a shot shows."""
    return [tuple(item.split(":")) for item in shot["items"]]


def shot_frames(shot):
    return round(shot["seconds"] * FPS)


def picture_path(shop, product, finish, angle=1):
    suffix = "" if angle == 1 else f"-{angle}"
    return (
        MEDIA / "pictures" / shop["slug"] / f"{product['slug']}-{finish}{suffix}.webp"
    )


def film_path(shop, video):
    return MEDIA / "films" / f"{shop['slug']}-{video['slug']}.mp4"


def banner_path(shop):
    return MEDIA / "shops" / f"{shop['slug']}-banner.webp"


def avatar_path(shop):
    return MEDIA / "shops" / f"{shop['slug']}-avatar.webp"
