"""In which order the feed shows videos.  Pure: candidates in, keys out.

Fresh, engaging and to this viewer's taste first, with no seller twice in a window.
"""

import heapq
from collections import deque
from collections.abc import Sequence
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

    def at(self, place: int) -> "Candidate":
        """One of many."""
        return Candidate(*(column[place].item() for column in self))


def columns(rows: Sequence, count: int) -> list[np.ndarray]:
    """So many, also where there is no row."""
    return [*map(np.array, zip(*rows, strict=True))] or [np.empty(0)] * count


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


def rank(many: Candidate, now: float, most: int | None = None) -> list[int]:
    """Keys of the best, best first; what has been seen comes after the rest."""
    order = np.lexsort((-many.published_seconds, -score(many, now), many.is_seen))
    sellers = many.seller_id[order].tolist()
    unseen = len(sellers) - np.count_nonzero(many.is_seen)
    places = spread_places(sellers[:unseen], most=most)
    if most is None or len(places) < most:
        left = most and most - len(places)
        seen = spread_places(sellers[unseen:], most=left)
        places += [unseen + place for place in seen]
    return many.pk[order[places]].tolist()


def spread(best_first: Sequence, window: int = WINDOW) -> list:
    """Each the best left, of none of the last `window` - 1 sellers if that can be."""
    places = spread_places([item.seller_id for item in best_first], window)
    return [best_first[place] for place in places]


def spread_places(
    sellers: Sequence[int], window: int = WINDOW, most: int | None = None
) -> list[int]:
    """The same, as places, from the sellers; as many as are asked for."""
    waiting: dict[int, deque[int]] = {}
    for place, seller in enumerate(sellers):
        waiting.setdefault(seller, deque()).append(place)
    free = [(queue[0], seller) for seller, queue in waiting.items()]
    heapq.heapify(free)
    resting: deque[int] = deque()  # sellers, the one shown longest ago first
    result: list[int] = []
    wanted = len(sellers) if most is None else min(most, len(sellers))
    while len(result) < wanted:
        seller = heapq.heappop(free)[1] if free else resting.popleft()
        if not waiting[seller]:
            continue
        result.append(waiting[seller].popleft())
        resting.append(seller)
        if len(resting) == window:
            rested = resting.popleft()
            if waiting[rested]:
                heapq.heappush(free, (waiting[rested][0], rested))
    return result
