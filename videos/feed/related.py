"""Videos beside one that is on a page: what goes with it, and what is like it.

The same for everybody, with a profile or without: nothing of the past is asked.  The
gates and what a watcher hid count as in the feed.
"""

from django.conf import settings

from videos.feed import serving
from videos.feed.clips import Clip
from videos.feed.gates import NO_GOODS, goods_of, public_videos, unhidden
from videos.feed.listing import Limits, Listed, arranged
from videos.feed.sources import found_by_model
from videos.feed.watchers import Watcher
from videos.models import ProductTag, Video

SHOWN = 12
# Looked at beside what the model finds: the newest of the shop, of all, of its kind.
OF_SHOP, NEWEST, OF_KIND = 12, 24, 48
FOUND = 60
# For what the model does not know: the best that it finds has 1 or more.
SAME_CATEGORY, SAME_SHOP = 0.2, 0.1
LIMITS = Limits(page=SHOWN, shop=4, category=SHOWN, commercial=SHOWN, fresh=0, gap=2)


def related_videos(clip: Clip, watcher: Watcher) -> list[Video]:
    """In three queries."""
    found = goes_with(clip)
    near = nearest_first(clip, watcher, found)
    keys = [item.pk for item in arranged(near, LIMITS, SHOWN)]
    videos = Video.objects.for_cards().in_bulk(keys)
    return [videos[key] for key in keys if key in videos]


def goes_with(clip: Clip) -> dict[int, float]:
    """By the model; without one, nothing."""
    serves = serving.current()
    if serves is None:
        return {}
    recommender = serves.recommender
    if len(recommender.rows([clip.pk])):
        scores = found_by_model(recommender, [clip.pk], settings.FEED_RELATED).scores
        best = sorted(scores, key=scores.get, reverse=True)[:FOUND]
        return {key: scores[key] for key in best}
    keys, scores = recommender.like_text(document_of(clip), FOUND)
    return dict(zip(keys.tolist(), scores.tolist(), strict=True))


def document_of(clip: Clip) -> list[tuple[str, float]]:
    """As the training reads a video, as far as the page knows it."""
    return [
        (clip.title, 3),
        (clip.description, 1),
        *((title, 2) for title in {tag.title for tag in clip.shown_tags}),
        (clip.seller.name, 1),
    ]


def nearest_first(clip, watcher, found):
    rows = list(rows_near(clip, watcher, found))
    goods = goods_of([clip.pk, *(pk for pk, *_ in rows)], watcher)
    kind = set(goods.get(clip.pk, NO_GOODS).categories)

    def score(row):
        pk, shop, published_at = row
        is_of_kind = bool(kind & set(goods.get(pk, NO_GOODS).categories))
        known = SAME_CATEGORY * is_of_kind + SAME_SHOP * (shop == clip.seller.pk)
        return found.get(pk, 0) + known, published_at, pk

    rows.sort(key=score, reverse=True)
    return [
        Listed(pk, shop) for pk, shop, _ in rows if goods.get(pk, NO_GOODS).is_shown
    ]


def rows_near(clip, watcher, found):
    """Key, shop and time of a bounded number; each choice by an index of its own."""
    videos = unhidden(public_videos(), watcher).exclude(pk=clip.pk)
    newest = videos.order_by("-published_at", "-pk").values("pk")
    of_shop = newest.filter(seller=clip.seller.pk)[:OF_SHOP]
    if found:
        others = videos.filter(pk__in=list(found)).order_by().values("pk")
    else:
        others = newest.filter(pk__in=of_kind(clip))[:OF_KIND]
    chosen = of_shop.union(newest[:NEWEST], others)
    rows = Video.objects.filter(pk__in=chosen).order_by()
    return rows.values_list("pk", "seller", "published_at")


def of_kind(clip):
    """Keys of videos that show a product of a category that this one shows."""
    own = ProductTag.objects.filter(video=clip.pk).values("product__category")
    return ProductTag.objects.filter(product__category__in=own).values("video")
