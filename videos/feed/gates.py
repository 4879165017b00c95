"""What may be shown to a watcher at this moment, whatever any model thinks of it.

Asked anew for every page, of a bounded number of videos: a change counts with the next
page, and costs the same whatever the catalogue holds.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from marketplace.prepared import Prepared, given_keys
from sellers.models import Product, Seller, Variant, orderable
from videos.feed.watchers import Watcher
from videos.models import ProductTag, Video


@dataclass(frozen=True)
class Goods:
    """What a video has to sell, for one watcher."""

    has_products: bool = False
    categories: tuple[int, ...] = ()
    # Nothing is hidden, and something can be bought and sent there, if it has any.
    is_shown: bool = True


NO_GOODS = Goods()


def public_videos() -> QuerySet[Video]:
    """Published and allowed by the moderators, by a shop that is open."""
    return PUBLIC.all()


# Built once: that takes longer than to copy it.
PUBLIC = Video.objects.published().exclude(published_at=None)


def unhidden(videos: QuerySet[Video], watcher: Watcher) -> QuerySet[Video]:
    """Without the videos and shops that the watcher does not want to see."""
    if watcher.videos:
        videos = videos.exclude(pk__in=watcher.videos)
    if watcher.sellers:
        videos = videos.exclude(seller__in=watcher.sellers)
    return videos


def unhidden_products(
    products: QuerySet[Product], watcher: Watcher
) -> QuerySet[Product]:
    """Without the products and shops that the watcher does not want to see."""
    if watcher.products:
        products = products.exclude(pk__in=watcher.products)
    if watcher.sellers:
        products = products.exclude(seller__in=watcher.sellers)
    return products


def products_for(products: QuerySet[Product], watcher: Watcher) -> QuerySet[Product]:
    """Those that are not hidden and are sent to where the watcher lives.

    Whether any is left is seen on its card.
    """
    products = unhidden_products(products, watcher)
    if watcher.country:
        sending = Seller.objects.filter(sent_to(watcher.country, "shipping_rates"))
        products = products.filter(seller__in=sending)
    return products


def passing(videos: QuerySet[Video], watcher: Watcher) -> set[int]:
    """Keys of those, out of a few, that may be shown."""
    keys = list(unhidden(videos, watcher).values_list("pk", flat=True))
    goods = goods_of(keys, watcher)
    return {key for key in keys if goods.get(key, NO_GOODS).is_shown}


def goods_of(video_pks: Collection[int], watcher: Watcher) -> dict[int, Goods]:
    """In one query; videos without products are left out."""
    found = defaultdict(list)
    rows = TAGGED.rows(timezone.localdate(), watcher.country, videos=list(video_pks))
    for video, *tag in rows:
        found[video].append(tag)
    return {video: goods(tags, watcher) for video, tags in found.items()}


def goods(tags, watcher):
    products, categories, variants = map(set, zip(*tags, strict=True))
    is_shown = variants != {None} and not products & watcher.products
    return Goods(True, tuple(sorted(categories - {None})), is_shown)


def tagged(today, country):
    tags = ProductTag.objects.filter(video__in=given_keys("videos")).order_by()
    return tags.values_list("video", "product", "product__category", bought(country))


TAGGED = Prepared(tagged, is_binary=True)


def bought(country, product="product"):
    """Of a tag: a variant of its product that can be bought and sent where they live.

    Of other rows, if `product` says where they have its key.

    A single row, which is looked up for each tag: of an Exists the planner may make a
    table of the whole catalogue.
    """
    left = Variant.objects.on_sale().alias(left=orderable())
    left = left.filter(product=OuterRef(product), left__gt=0)
    if country:
        of_profile = "product__seller__shipping_rates__profile"
        usual = Q(**{of_profile: None, "product__delivery_profile": None})
        own = Q(**{of_profile: F("product__delivery_profile")})
        left = left.filter(sent_to(country) & (usual | own))
    return Subquery(left.order_by().values("pk")[:1])


def sent_to(country, rates="product__seller__shipping_rates"):
    """By a rate of the product's shop, as the checkout would look for one."""
    goes_there = Q(**{f"{rates}__countries": []})
    goes_there |= Q(**{f"{rates}__countries__contains": [country]})
    return goes_there & Q(**{f"{rates}__is_active": True})
