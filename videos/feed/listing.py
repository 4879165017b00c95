"""The rules of a list: how much of one thing may stand together.  Pure.

They know no shop and no product by name: the operator's own goods are counted like
anybody's.  A rule gives way where nothing is left that keeps it.
"""

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


def neighbours(placed, limits):
    """With which the next one shares a page, wherever a page begins."""
    return placed[-(limits.page - 1) :] if limits.page > 1 else []


def next_place(waiting, near, limits):
    least, found = None, 0
    for place, item in enumerate(waiting[:LOOKAHEAD]):
        broken = excess(item, near, limits)
        if not broken:
            return place
        if least is None or broken < least:
            least, found = broken, place
    return found


def excess(item: Listed, near: Sequence[Listed], limits: Limits) -> int:
    """By how much it would pass the limits beside these; 0 keeps every rule."""
    over = max(0, 1 + sum(n.shop == item.shop for n in near) - limits.shop)
    if limits.gap > 1:
        over += sum(n.shop == item.shop for n in near[-(limits.gap - 1) :])
    if item.is_commercial:
        over += max(0, 1 + sum(n.is_commercial for n in near) - limits.commercial)
    for category in item.categories:
        same = sum(category in n.categories for n in near)
        over += max(0, 1 + same - limits.category)
    if not item.is_fresh:
        missing = limits.fresh - sum(n.is_fresh for n in near)
        over += max(0, missing - (limits.page - 1 - len(near)))
    return over
