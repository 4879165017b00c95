"""The Shop tab as one viewer has it: what suits them in front, the new among it."""

from collections.abc import Sequence

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.discovery.orders import NONE, Order, OrderedListing
from sellers.browsing import SORTS
from videos.feed.gates import products_for
from videos.feed.ranking import spread
from videos.feed.suiting import Stocked, Suiting, best_shops, stocked, suiting
from videos.feed.watchers import Watcher

# Of the newest so many are ranked, ten pages, and so many of what the videos show.
NEWEST, FOUND = 240, 120
# Days after which newness counts half; things are sold longer than videos are new.
HALF_LIFE_DAYS = 30
SHOPS = 8
# Among so many neighbours each shop comes once, as long as there are others.
WINDOW = 3


class ForYou(OrderedListing):
    """Products on sale; who is known, and sorts by nothing else, has an own order."""

    SORTS = {"you": _("For you"), **SORTS}
    sorts = SORTS.items()
    own_sort = "you"

    def __init__(self, products, wanted, watcher: Watcher):
        def make_order(products):
            return order_for(products, watcher)

        super().__init__(products, wanted, watcher.viewer, make_order)

    def sorted(self):
        if self.sort == self.own_sort:
            return self.filtered.order_by("-published_at", "-pk")
        return super().sorted()


def order_for(products, watcher: Watcher) -> Order:
    """In two queries; none for somebody of whom nothing is known."""
    known = suiting(watcher)
    if known is None:
        return NONE
    rows = rows_for(products, watcher, known)
    gains = known.gains(rows)
    keys = tuple(row.pk for row in ranked(rows, gains))
    return Order(keys, tuple(best_shops(rows, gains, SHOPS)))


def rows_for(products, watcher, known: Suiting) -> list[Stocked]:
    """The newest, and what was found; each choice by an index of its own."""
    products = products_for(products, watcher)
    newest = products.order_by("-published_at", "-pk").values("pk")
    chosen = [newest.filter(pk__in=known.shown_products())[:FOUND]]
    if keys := known.keys():
        chosen.append(products.filter(pk__in=keys).order_by().values("pk"))
    chosen = newest[:NEWEST].union(*chosen)
    rows = stocked(products.filter(pk__in=chosen).order_by(), watcher)
    return [Stocked(*row) for row in rows]


def ranked(rows: Sequence[Stocked], gains: Sequence[float]) -> list[Stocked]:
    """The best first, no shop twice among neighbours; what is sold out comes last."""
    scores = {
        row.pk: (0.5 + newness(row) / 2) * (1 + gain)
        for row, gain in zip(rows, gains, strict=True)
    }
    best_first = sorted(rows, key=lambda row: (-scores[row.pk], -row.pk))
    left = [row for row in best_first if row.is_buyable]
    sold_out = [row for row in best_first if not row.is_buyable]
    return [*spread(left, WINDOW), *spread(sold_out, WINDOW)]


def newness(row: Stocked) -> float:
    if row.published_at is None:
        return 0
    days = (timezone.now() - row.published_at).total_seconds() / 86_400
    return HALF_LIFE_DAYS / (HALF_LIFE_DAYS + max(days, 0))
