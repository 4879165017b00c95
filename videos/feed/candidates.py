"""The videos that one page is chosen from, in one query; and what the rules count."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, Value
from django.utils import timezone

from sellers.models import Follow
from videos.feed.gates import TAGS, can_be_bought, unhidden
from videos.feed.ranking import Candidate
from videos.feed.sources import Found, Source, followed_keys
from videos.feed.watchers import Watcher
from videos.models import Impression, ProductTag

# Of the newest videos so many are ranked.
NEWEST = 500
# Where fewer than a page and one of these may be shown, so many times as many are.
FEWEST, FURTHER = 11, 8
FIELDS = [name for name in Candidate._fields if name != "affinity"]


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
    if len(rows) >= NEWEST and sum(passes for *_, passes in rows) < FEWEST:
        # So much of what is new is sold out, or sent nowhere near: look further.
        further = newest[NEWEST : FURTHER * NEWEST]
        rows = rows_of(videos, watcher, [*chosen, further])
    return [Candidate(*row) for *row, passes in rows if passes]


def rows_of(videos, watcher, chosen):
    """Of a bounded number of keys, so that the gates are asked of no more videos."""
    first, *rest = (
        annotated(videos.filter(pk__in=keys), watcher)
        .order_by()
        .values_list(*FIELDS, "passes")
        for keys in chosen
    )
    return list(first.union(*rest) if rest else first)


def annotated(videos, watcher):
    follows = Follow.objects.filter(user=watcher.follower_pk, seller=OuterRef("seller"))
    return videos.annotate(
        passes=can_be_bought(watcher),
        is_seen=was_seen(watcher),
        has_products=Exists(TAGS),
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


def categories_of(video_pks: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """Of the products in each video."""
    tags = ProductTag.objects.filter(video__in=video_pks, product__category__gt=0)
    found = defaultdict(tuple)
    for video, category in (
        tags.order_by().values_list("video", "product__category").distinct()
    ):
        found[video] += (category,)
    return found


def sources_of(candidate: Candidate, found: Found) -> Source:
    """All ways by which it came to the list."""
    sources = found.sources.get(candidate.pk, Source(0))
    if candidate.is_followed:
        sources |= Source.FOLLOWED
    return sources or Source.NEWEST
