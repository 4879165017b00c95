"""Render the demo's pictures and films: python -m marketplace.demo.render

What is there already is kept; delete a file (or give --again) to make it anew.
Needs requirements/render.txt and the fonts named in lettering.py.
"""

import argparse
import os
from concurrent.futures import ProcessPoolExecutor

from marketplace.demo import shopfiles
from marketplace.demo.shopfiles import product_of, shops, shot_items

from . import films, pictures


def scenes_of(shop, video):
    for shot in video["shots"]:
        items = tuple(
            (product_of(shop, slug)["object"], finish)
            for slug, finish in shot_items(shot)
        )
        settings = {key: value for key, value in shot.items() if key != "items"}
        yield films.Scene(
            trade=shop["trade"], face=shop["face"], items=items, **settings
        )


def film(shop, video, seed):
    path = shopfiles.film_path(shop, video)
    path.parent.mkdir(parents=True, exist_ok=True)
    films.shoot(list(scenes_of(shop, video)), shop["music"], path, seed=seed)
    return path


def stills(shop):
    """Every variant once, each product's first variant from a second side."""
    for product in shop["products"]:
        for nth, finish in enumerate(product["finishes"]):
            for angle in (1, 2) if nth == 0 else (1,):
                yield product, finish, angle


def shop_jobs():
    for shop in shops():
        yield pictures.banner, (shop,), shopfiles.banner_path(shop)
        yield pictures.avatar, (shop,), shopfiles.avatar_path(shop)


def picture_jobs():
    for shop in shops():
        for product, finish, angle in stills(shop):
            path = shopfiles.picture_path(shop, product, finish, angle)
            yield pictures.product_picture, (shop, product, finish, angle), path


def film_jobs():
    """One film of each shop in turn, so that a part of the set is already varied."""
    for nth in range(max(len(shop["videos"]) for shop in shops())):
        for shop in shops():
            for video in shop["videos"][nth : nth + 1]:
                yield film, (shop, video, nth), shopfiles.film_path(shop, video)


KINDS = {"shops": shop_jobs, "pictures": picture_jobs, "films": film_jobs}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", default=[*KINDS])
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    os.nice(19)
    with ProcessPoolExecutor(options.jobs) as pool:
        waiting = [
            (pool.submit(work, *arguments), path)
            for kind in options.kinds
            for work, arguments, path in KINDS[kind]()
            if options.again or not path.exists()
        ]
        for future, path in waiting:
            future.result()
            print(path.relative_to(shopfiles.MEDIA), path.stat().st_size // 1000, "kB")


if __name__ == "__main__":
    main()
