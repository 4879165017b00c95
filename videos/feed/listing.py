"""The rules of a list: how much of one thing may stand together.  Pure.

They know no shop and no product by name: the operator's own goods are counted like
anybody's.  A rule gives way where nothing is left that keeps it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

# So far behind the best that is left the next one is looked for.
LOOKAHEAD = 50


@dataclass(frozen=True)
class Limits:
    """Of any `page` neighbours; a shop also rests for `gap` - 1 places."""

    page: int = 10
    shop: int = 2
    category: int = 4
    commercial: int = 8
    fresh: int = 1
    gap: int = 4


class Listed(NamedTuple):
    pk: int
    shop: int
    categories: tuple[int, ...] = ()
    is_commercial: bool = False
    is_fresh: bool = False
    is_seen: bool = False


def arranged(
    best_first: Sequence[Listed],
    limits: Limits,
    count: int,
    before: Sequence[Listed] = (),
) -> list[Listed]:
    """The next `count`, after those of `before`: the best that break the fewest rules.

    What has been seen comes after all the rest.
    """
    unseen = [item for item in best_first if not item.is_seen]
    seen = [item for item in best_first if item.is_seen]
    chosen: list[Listed] = []
    for waiting in (unseen, seen):
        while waiting and len(chosen) < count:
            near = neighbours([*before, *chosen], limits)
            chosen.append(waiting.pop(next_place(waiting, near, limits)))
    return chosen


class Near(NamedTuple):
    """What the rules count of those beside a place, once for all that may have it."""

    shops: list[int]
    categories: Counter[int]
    commercial: int
    fresh: int


def neighbours(placed, limits) -> Near:
    """With which the next one shares a page, wherever a page begins."""
    near = placed[-(limits.page - 1) :] if limits.page > 1 else []
    return Near(
        [item.shop for item in near],
        Counter(category for item in near for category in item.categories),
        sum(item.is_commercial for item in near),
        sum(item.is_fresh for item in near),
    )


def next_place(waiting, near, limits):
    least, found = None, 0
    for place, item in enumerate(waiting[:LOOKAHEAD]):
        broken = excess(item, near, limits)
        if not broken:
            return place
        if least is None or broken < least:
            least, found = broken, place
    return found


def excess(item: Listed, near: Near, limits: Limits) -> int:
    """By how much it would pass the limits beside these; 0 keeps every rule."""
    over = max(0, 1 + near.shops.count(item.shop) - limits.shop)
    if limits.gap > 1:
        over += near.shops[-(limits.gap - 1) :].count(item.shop)
    if item.is_commercial:
        over += max(0, 1 + near.commercial - limits.commercial)
    for category in item.categories:
        over += max(0, 1 + near.categories[category] - limits.category)
    if not item.is_fresh:
        missing = limits.fresh - near.fresh
        over += max(0, missing - (limits.page - 1 - len(near.shops)))
    return over
