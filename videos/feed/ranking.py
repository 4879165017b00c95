"""In which order the feed shows videos.  Pure: candidates in, keys out.

Fresh, engaging and to this viewer's taste first, with no seller twice in a window.
"""

import heapq
from collections import deque
from collections.abc import Collection
from typing import NamedTuple

import numpy as np

# Days after which freshness counts half.
HALF_LIFE_DAYS = 3
# A video without views is believed to be as engaging as an average one.
PRIOR_VIEWS = 50
PRIOR_REACTIONS = 4
# Among so many neighbours, each seller comes once (as long as there are others).
WINDOW = 4


class Candidate(NamedTuple):
    """One video; or many, with an array for each field."""

    pk: int
    seller_id: int
    published_seconds: float  # since 1970
    view_count: int = 0
    like_count: int = 0
    save_count: int = 0
    share_count: int = 0
    is_seen: bool = False
    is_followed: bool = False
    has_products: bool = False
    # How much more than usual it suits this viewer.
    affinity: float = 1.0

    @classmethod
    def columns_of(cls, candidates):
        return cls(*map(np.array, zip(*candidates, strict=True)))


def engagement(candidate: Candidate) -> float:
    """Reactions per view, smoothed; a save and a share say more than a like."""
    reactions = (
        candidate.like_count + 2 * candidate.save_count + 3 * candidate.share_count
    )
    return (reactions + PRIOR_REACTIONS) / (candidate.view_count + PRIOR_VIEWS)


def freshness(candidate: Candidate, now: float) -> float:
    """From 1 now towards 0: half of it after `HALF_LIFE_DAYS`."""
    days = np.maximum(now - candidate.published_seconds, 0) / 86_400
    return HALF_LIFE_DAYS / (HALF_LIFE_DAYS + days)


def score(candidate: Candidate, now: float) -> float:
    merit = engagement(candidate) * candidate.affinity
    return merit * (0.25 + freshness(candidate, now))


def rank(
    candidates: Collection[Candidate], now: float, most: int | None = None
) -> list[int]:
    """Keys of the best, best first; what has been seen comes after the rest."""
    if not candidates:
        return []
    candidates = list(candidates)
    # At once, since there are hundreds on each page.
    all_ = Candidate.columns_of(candidates)
    order = np.lexsort((-all_.published_seconds, -score(all_, now), all_.is_seen))
    best_first = [candidates[place] for place in order]
    seen = next((n for n, c in enumerate(best_first) if c.is_seen), len(best_first))
    order = spread(best_first[:seen], most=most)
    if most is None or len(order) < most:
        order += spread(best_first[seen:], most=most and most - len(order))
    return [c.pk for c in order]


def spread(
    best_first: list[Candidate], window: int = WINDOW, most: int | None = None
) -> list[Candidate]:
    """Each the best left, of none of the last `window` - 1 sellers if that can be.

    As many as are asked for.
    """
    waiting: dict[int, deque[tuple[int, Candidate]]] = {}
    for place, candidate in enumerate(best_first):
        waiting.setdefault(candidate.seller_id, deque()).append((place, candidate))
    free = [(queue[0][0], seller) for seller, queue in waiting.items()]
    heapq.heapify(free)
    resting: deque[int] = deque()  # sellers, the one shown longest ago first
    result: list[Candidate] = []
    wanted = len(best_first) if most is None else min(most, len(best_first))
    while len(result) < wanted:
        seller = heapq.heappop(free)[1] if free else resting.popleft()
        if not waiting[seller]:
            continue
        result.append(waiting[seller].popleft()[1])
        resting.append(seller)
        if len(resting) == window:
            rested = resting.popleft()
            if waiting[rested]:
                heapq.heappush(free, (waiting[rested][0][0], rested))
    return result
