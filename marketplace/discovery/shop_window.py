"""What the Shop tab shows beside the products."""

from django.db.models import Exists, OuterRef, Subquery

from sellers.models import Category, Product, ProductMedia, Seller
from videos.models import Video

TILES = 12
STRIP = 12
# Popular among what is new: no counter of all videos is sorted.
STRIP_FROM = 200
SHOPS = 8


def category_tiles() -> list[Category]:
    """Top categories with something on sale, each with the `picture` of one product."""
    within = Product.objects.published().filter(category=OuterRef("pk"))
    beneath = Product.objects.published().filter(category__parent=OuterRef("pk"))
    tops = Category.objects.filter(parent=None)
    stocked = tops.filter(Exists(within) | Exists(beneath))
    tiles = list(
        stocked.annotate(
            own=Subquery(first_picture(within)), below=Subquery(first_picture(beneath))
        )[:TILES]
    )
    pictures = ProductMedia.objects.in_bulk({t.own or t.below for t in tiles} - {None})
    for tile in tiles:
        tile.picture = pictures.get(tile.own or tile.below)
    return tiles


def first_picture(products):
    pictured = products.filter(media__isnull=False).order_by("-published_at", "-pk")
    return pictured.values("media__pk")[:1]


def popular_videos() -> list[Video]:
    newest = Video.objects.published().order_by("-published_at", "-pk")
    recent = list(newest.select_related("seller")[:STRIP_FROM])
    return sorted(recent, key=popularity, reverse=True)[:STRIP]


def popularity(video):
    """A like says more than a look, and a share more than both."""
    return video.view_count + 5 * video.like_count + 10 * video.share_count


def shops_to_follow(user) -> list[Seller]:
    """New shops that the person does not follow yet."""
    shops = Seller.objects.open().order_by("-approved_at", "-pk")
    if user.is_authenticated:
        shops = shops.exclude(followers__user=user)
    return list(shops[:SHOPS])
