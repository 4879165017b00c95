"""Product pictures, banners and avatars."""

import numpy as np
from PIL import Image

from marketplace.demo import shopfiles

from .darkroom import print_of
from .films import VIEW, Scene
from .models import HANGING, extent, model
from .studio import Camera, Placed, Set

SQUARE = (960, 960)
BANNER = (1500, 500)
AVATAR = (400, 400)


def scene_of(shop, product, finish):
    return Scene(
        trade=shop["trade"],
        face=shop["face"],
        items=((product["object"], finish),),
        seconds=1.0,
        ground=shop["backdrops"][finish],
        night=shop.get("night", False),
    )


def photographed(placed, scene, camera, size):
    put = Set(placed, scene.mood)
    paper, objects = put.photograph(camera, size, sharp=1.8)
    return print_of(paper, objects, size, glow=put.mood.bloom)


def save(pixels, path, quality=82):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, quality=quality, method=6)


def product_picture(shop, product, finish, angle):
    """The whole product, or (angle 2) from nearer, higher and the other side."""
    scene = scene_of(shop, product, finish)
    thing = model(shop["trade"], product["object"], finish)
    wide, high = extent(thing)
    up = HANGING.get(product["object"], 0.0)
    away = max(wide / 0.82, (high + up) / 2 / 0.66) / np.tan(np.radians(VIEW / 2))
    turn, rise, zoom = (-22, 15, 1.0) if angle == 1 else (24, 34, 0.74)
    if scene.night:
        rise *= 0.5  # into the lamp
    camera = Camera(
        rise=rise, away=(away + wide) * zoom, view=VIEW, target=(0, (high + up) / 2, 0)
    )
    placed = [Placed(thing, turn=turn, y=up)]
    pixels = photographed(placed, scene, camera, SQUARE)
    save(pixels, shopfiles.picture_path(shop, product, finish, angle), 84)


def banner(shop):
    """Five of the shop's products in a row."""
    chosen = shop["products"][:6:1]
    chosen = [p for p in chosen if p["object"] not in HANGING][:5]
    scene = scene_of(shop, chosen[0], chosen[0]["finishes"][0])
    placed, x = [], 0.0
    for nth, product in enumerate(chosen):
        thing = model(shop["trade"], product["object"], product["finishes"][0])
        wide, _ = extent(thing)
        x += wide * 0.86
        placed.append((thing, x, -0.35 * (nth % 2)))
        x += wide * 0.86
    placed = [
        Placed(thing, x=at - x / 2, z=z, turn=-18 + 9 * nth)
        for nth, (thing, at, z) in enumerate(placed)
    ]
    away = x / 2 / 0.9 / 3 / np.tan(np.radians(VIEW / 2)) + 1.2
    camera = Camera(rise=9, away=away, view=VIEW, target=(0, 0.48, 0))
    save(photographed(placed, scene, camera, BANNER), shopfiles.banner_path(shop))


def avatar(shop):
    product = shop["products"][0]
    finish = product["finishes"][0]
    scene = scene_of(shop, product, finish)
    thing = model(shop["trade"], product["object"], finish)
    wide, high = extent(thing)
    away = max(wide / 0.8, high / 2 / 0.72) / np.tan(np.radians(VIEW / 2)) + wide
    camera = Camera(rise=12, away=away, view=VIEW, target=(0, high / 2, 0))
    pixels = photographed([Placed(thing, turn=-28)], scene, camera, AVATAR)
    save(pixels, shopfiles.avatar_path(shop))
