"""Shops that somebody does not follow yet: those that suit them, then the new ones."""

from collections.abc import Sequence

from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, F, Func, Value

from sellers.models import Seller
from videos.feed.suiting import suiting
from videos.feed.watchers import Watcher
from videos.models import Video

SHOWN = 8


def shops_to_follow(watcher: Watcher, best: Sequence[int] = ()) -> list[Seller]:
    """Neither those followed nor those hidden; `best` come first, in that order."""
    shops = Seller.objects.open().exclude(pk__in=watcher.sellers)
    if watcher.user_pk:
        shops = shops.exclude(followers__user=watcher.user_pk)
    keys = Value(list(best), ArrayField(BigIntegerField()))
    place = Func(keys, F("pk"), function="array_position")
    in_order = shops.order_by(place.asc(nulls_last=True), "-approved_at", "-pk")
    return list(in_order[:SHOWN])


def suited_shops(watcher: Watcher) -> list[int]:
    """Keys of the shops whose videos suit best together; in two queries."""
    known = suiting(watcher)
    if known is None:
        return []
    keys = {*known.liking.videos, *known.found.scores}
    rows = Video.objects.filter(pk__in=keys).order_by().values_list("seller", "pk")
    sums = {}
    for shop, key in rows:
        sums[shop] = sums.get(shop, 0) + known.shares([key])[0]
    return sorted(sums, key=lambda shop: (-sums[shop], shop))[:SHOWN]
