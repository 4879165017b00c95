"""The videos that one page is chosen from, in two queries."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, Value
from django.utils import timezone

from sellers.models import Follow
from videos.feed.gates import NO_GOODS, goods_of, unhidden
from videos.feed.ranking import Candidate
from videos.feed.sources import Found, Source, followed_keys
from videos.feed.watchers import Watcher
from videos.models import Impression

# Of the newest videos so many are ranked.
NEWEST = 500
# Where fewer than a page and one of these may be shown, so many times as many are.
FEWEST, FURTHER = 11, 8
FIELDS = [
    "pk", "seller_id", "published_at", "view_count", "like_count", "save_count",
    "share_count", "is_seen", "is_followed",
]  # fmt: skip


def candidates_among(videos, watcher: Watcher, found: Found) -> list[Candidate]:
    """The newest, what was found for this viewer, and what followed shops have new."""
    videos = unhidden(videos, watcher)
    newest = videos.order_by("-published_at", "-pk").values("pk")
    chosen = [newest[:NEWEST]]
    if found.scores:
        chosen.append(list(found.scores))
    if watcher.follower_pk:
        chosen.append(followed_keys(videos, watcher.follower_pk))
    rows = rows_of(videos, watcher, chosen)
    candidates = shown(rows, watcher)
    if len(rows) >= NEWEST and len(candidates) < FEWEST:
        # So much of what is new is sold out, or sent nowhere near: look further.
        further = newest[NEWEST : FURTHER * NEWEST]
        candidates = shown(rows_of(videos, watcher, [*chosen, further]), watcher)
    return candidates


def rows_of(videos, watcher, chosen):
    first, *rest = (
        annotated(videos.filter(pk__in=keys), watcher).order_by().values_list(*FIELDS)
        for keys in chosen
    )
    return list(first.union(*rest) if rest else first)


def shown(rows, watcher):
    """Those that pass the gates, with what the rules of a list count of them."""
    goods = goods_of([row[0] for row in rows], watcher)
    candidates = []
    for row in rows:
        found = goods.get(row[0], NO_GOODS)
        if found.is_shown:
            candidates.append(Candidate(*row, found.has_products, found.categories))
    return candidates


def annotated(videos, watcher):
    follows = Follow.objects.filter(user=watcher.follower_pk, seller=OuterRef("seller"))
    return videos.annotate(
        is_seen=was_seen(watcher),
        is_followed=Exists(follows) if watcher.follower_pk else Value(False),
    )


def was_seen(watcher):
    """In this browser, or by this person in any, not long ago."""
    if not watcher.viewer:
        return Value(False)
    since = timezone.now() - timedelta(days=settings.FEED_REPEAT_DAYS)
    lately = Impression.objects.filter(created_at__gte=since)
    seen = Exists(lately.filter(viewer=watcher.viewer, video=OuterRef("pk")))
    if not watcher.user_pk:
        return seen
    return seen | Q(pk__in=lately.filter(user=watcher.user_pk).values("video"))


def sources_of(candidate: Candidate, found: Found) -> Source:
    """All ways by which it came to the list."""
    sources = found.sources.get(candidate.pk, Source(0))
    if candidate.is_followed:
        sources |= Source.FOLLOWED
    return sources or Source.NEWEST
