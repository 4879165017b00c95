"""The videos that one page is chosen from, in three queries."""

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

DAY = timedelta(days=1)
# Of the newest videos so many are ranked.
NEWEST = 500
# Where fewer than a page and one of these may be shown, so many times as many are.
FEWEST, FURTHER = 11, 8
FIELDS = [
    "pk", "seller_id", "published_at", "view_count", "like_count", "save_count",
    "share_count", "is_followed",
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
    seen = seen_by(watcher)
    candidates = shown(rows, watcher, seen)
    if len(rows) >= NEWEST and len(candidates) < FEWEST:
        # So much of what is new is sold out, or sent nowhere near: look further.
        further = newest[NEWEST : FURTHER * NEWEST]
        rows = rows_of(videos, watcher, [*chosen, further])
        candidates = shown(rows, watcher, seen)
    return candidates


def rows_of(videos, watcher, chosen):
    first, *rest = (
        annotated(videos.filter(pk__in=keys), watcher).order_by().values_list(*FIELDS)
        for keys in chosen
    )
    return list(first.union(*rest) if rest else first)


def shown(rows, watcher, seen):
    """Those that pass the gates, with what the rules of a list count of them."""
    goods = goods_of([row[0] for row in rows], watcher)
    candidates = []
    for pk, *figures, is_followed in rows:
        found = goods.get(pk, NO_GOODS)
        if found.is_shown:
            asked = (pk in seen, is_followed, found.has_products, found.categories)
            candidates.append(Candidate(pk, *figures, *asked))
    return candidates


def annotated(videos, watcher):
    follows = Follow.objects.filter(user=watcher.follower_pk, seller=OuterRef("seller"))
    return videos.annotate(
        is_followed=Exists(follows) if watcher.follower_pk else Value(False)
    )


def seen_by(watcher) -> set[int]:
    """In this browser, or by this person in any, not long ago.

    By a query of its own: many days are as many partitions, to be planned for once.
    """
    names = {"viewer": watcher.viewer, "user": watcher.user_pk}
    mine = Q(*((name, who) for name, who in names.items() if who), _connector=Q.OR)
    if not mine or not watcher.is_profiled:
        return set()
    now = timezone.now()
    since = now - timedelta(days=settings.FEED_REPEAT_DAYS)
    lately = Impression.objects.filter(created_at__gte=since, created_at__lt=now + DAY)
    seen = lately.filter(mine).order_by().values_list("video", flat=True)
    return set(seen.distinct())


def sources_of(candidate: Candidate, found: Found) -> Source:
    """All ways by which it came to the list."""
    sources = found.sources.get(candidate.pk, Source(0))
    if candidate.is_followed:
        sources |= Source.FOLLOWED
    return sources or Source.NEWEST
