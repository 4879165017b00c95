"""Which of the results that fit the words about equally well come first.

What the words find, and how well, is never touched: only among neighbours whose text
fits as well does it count what suits the person who asks.
"""

from collections.abc import Sequence

from django.db.models import F

from marketplace.discovery.orders import Order
from videos.feed.ranking import PRIOR_REACTIONS, PRIOR_VIEWS, engagement
from videos.feed.suiting import Stocked, Suiting, stocked
from videos.feed.watchers import Watcher
from videos.models import Video

# The text is said to fit equally well down to so much of the best of them.
NEAR = 0.9
# The best so many products are looked at: ten pages.
RERANKED = 240
# A video that is twice as engaging as one of which nothing is known gains so much.
ENGAGING = 0.5
USUAL = PRIOR_REACTIONS / PRIOR_VIEWS


def reranked(
    items: Sequence, relevance: Sequence[float], gains: Sequence[float]
) -> list:
    """Of items with the most relevant first: runs of about the same relevance stay in
    their order, and within a run those that gain most come first.
    """
    runs, leading = [], None
    for place, found in enumerate(relevance):
        if leading is None or found < NEAR * leading:
            leading = found
            runs.append([])
        runs[-1].append(place)
    return [
        items[place]
        for run in runs
        for place in sorted(run, key=lambda place: (-gains[place], place))
    ]


def order_for(products, watcher: Watcher, known: Suiting) -> Order:
    """Of products with their `relevance`; in one query."""
    best_first = products.order_by(F("relevance").desc(), "-pk")[:RERANKED]
    found = list(stocked(best_first, watcher, "relevance"))
    rows = [Stocked(*row) for *row, _relevance in found]
    gains = [
        # What is sold out gains by half.
        gain if row.is_buyable else gain / 2
        for row, gain in zip(rows, known.gains(rows), strict=True)
    ]
    in_order = reranked(rows, [row[-1] for row in found], gains)
    return Order(tuple(row.pk for row in in_order))


def reordered(videos: Sequence[Video], known: Suiting | None) -> list[Video]:
    """Of videos with their `relevance`; in no query."""
    if known is None:
        return list(videos)
    shares = known.shares([video.pk for video in videos])
    gains = [
        share + ENGAGING * min(engagement(video) / USUAL - 1, 1)
        for video, share in zip(videos, shares, strict=True)
    ]
    return reranked(videos, [video.relevance for video in videos], gains)
