"""What may be shown to a watcher at this moment, whatever any model thinks of it."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from sellers.models import Variant, orderable
from videos.feed.watchers import Watcher
from videos.models import ProductTag, Video

TAGS = ProductTag.objects.filter(video=OuterRef("pk"))


def public_videos() -> QuerySet[Video]:
    """Published and allowed by the moderators, by a shop that is open."""
    return Video.objects.published().exclude(published_at=None)


def passing(videos: QuerySet[Video], watcher: Watcher) -> QuerySet[Video]:
    """Those with something that can be bought and sent there, or nothing to buy.

    And none that the watcher has hidden.  All of it is asked with the videos: it costs
    no query more, and a change counts with the next page.
    """
    return unhidden(videos.filter(can_be_bought(watcher)), watcher)


def can_be_bought(watcher: Watcher) -> Q:
    return Q(~Exists(TAGS)) | Q(Exists(TAGS.filter(buyable(watcher))))


def unhidden(videos: QuerySet[Video], watcher: Watcher) -> QuerySet[Video]:
    if watcher.videos:
        videos = videos.exclude(pk__in=watcher.videos)
    if watcher.sellers:
        videos = videos.exclude(seller__in=watcher.sellers)
    if watcher.products:
        hidden = TAGS.filter(product__in=watcher.products)
        videos = videos.exclude(Exists(hidden))
    return videos


def buyable(watcher):
    """Of a tag: its product is on sale, not sold out, and goes where they live."""
    left = Variant.objects.on_sale().alias(left=orderable())
    in_stock = Q(Exists(left.filter(product=OuterRef("product"), left__gt=0)))
    return in_stock & delivered_to(watcher.country) if watcher.country else in_stock


def delivered_to(country):
    """By a rate of the product's shop, as the checkout would look for one."""
    rates = "product__seller__shipping_rates"
    goes_there = Q(**{f"{rates}__countries": []})
    goes_there |= Q(**{f"{rates}__countries__contains": [country]})
    return goes_there & Q(**{f"{rates}__is_active": True})
