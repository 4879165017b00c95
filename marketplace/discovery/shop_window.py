"""What the Shop tab shows beside the products."""

from dataclasses import dataclass

from django.core.cache import cache
from django.db.models import Exists, F, OuterRef, Subquery
from django.urls import reverse

from sellers.cards import ProductCard, cards_of
from sellers.models import Category, Picture, Product, ProductMedia
from videos.feed.gates import unhidden, unhidden_products
from videos.feed.watchers import Watcher
from videos.models import Video

TILES = 12
TILES_KEY = "category-tiles"
TILES_SECONDS = 60
STRIP = 12
# Popular among what is new: no counter of all videos is sorted.
STRIP_FROM = 200
LATEST = 8


@dataclass(frozen=True)
class Tile:
    name: str
    slug: str
    picture: Picture | None

    @property
    def url(self):
        return reverse("sellers:category", args=[self.slug])


def category_tiles() -> tuple[Tile, ...]:
    """As they were up to a minute ago: to find them means to look at every product."""
    return cache.get_or_set(TILES_KEY, read_category_tiles, TILES_SECONDS)


def read_category_tiles() -> tuple[Tile, ...]:
    """Top categories with something on sale, each with the picture of one product."""
    within = Product.objects.published().filter(category=OuterRef("pk"))
    beneath = Product.objects.published().filter(category__parent=OuterRef("pk"))
    tops = Category.objects.filter(parent=None)
    stocked = tops.filter(Exists(within) | Exists(beneath))
    tiles = list(
        stocked.annotate(
            own=Subquery(first_picture(within)), below=Subquery(first_picture(beneath))
        )[:TILES]
    )
    media = ProductMedia.objects.in_bulk({t.own or t.below for t in tiles} - {None})
    pictures = {pk: found.picture for pk, found in media.items()}
    return tuple(
        Tile(tile.name, tile.slug, pictures.get(tile.own or tile.below))
        for tile in tiles
    )


def first_picture(products):
    pictured = products.filter(media__isnull=False).order_by("-published_at", "-pk")
    return pictured.values("media__pk")[:1]


def latest_products(watcher: Watcher) -> list[ProductCard]:
    """Without what the watcher hid."""
    latest = unhidden_products(Product.objects.published(), watcher)
    return cards_of(latest.order_by("-published_at", "-pk")[:LATEST])


def popular_videos(watcher: Watcher) -> list[Video]:
    """Without what the watcher hid, and what shows it."""
    videos = unhidden(Video.objects.published(), watcher)
    if watcher.products:
        videos = videos.exclude(tags__product__in=watcher.products)
    newest = videos.order_by("-published_at", "-pk")
    recent = Video.objects.filter(pk__in=newest.values("pk")[:STRIP_FROM])
    # A like says more than a look, and a share more than both.
    popularity = F("view_count") + 5 * F("like_count") + 10 * F("share_count")
    best_first = recent.order_by(popularity.desc(), "-published_at", "-pk")
    return list(best_first.for_cards()[:STRIP])
