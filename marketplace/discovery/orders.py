"""An order of products that was made for one visit, page by page.

It is kept in the cache under an unguessable name, which the links to its pages bear: no
product comes twice, whatever is published or watched meanwhile.  Without the cache, too
late, or for somebody else who was sent such a link, the pages are those of the order
that is the same for everybody.
"""

import re
import secrets
from dataclasses import dataclass

from django.core.cache import cache
from django.utils.functional import cached_property

from sellers.browsing import LAST_PAGE, PAGE, Listing
from sellers.cards import ProductCard, cards_by_key

LASTS_SECONDS = 3600
NAME = re.compile(r"[\w-]{16}")


@dataclass(frozen=True)
class Order:
    keys: tuple[int, ...] = ()
    # Whose goods are in front.
    shops: tuple[int, ...] = ()


NONE = Order()


def keep(order: Order, viewer: str) -> str:
    """The name under which this viewer finds it again."""
    name = secrets.token_urlsafe(12)
    cache.set(_key(name, viewer), (order.keys, order.shops), LASTS_SECONDS)
    return name


def kept(name: str, viewer: str) -> Order:
    found = cache.get(_key(name, viewer)) if NAME.fullmatch(name) else None
    return Order(*found) if found else NONE


def _key(name, viewer):
    return f"product-order:{viewer}:{name}"


class OrderedListing(Listing):
    """Sorted by the own order of a visitor, as long as no other sort is chosen."""

    own_sort = ""
    # An order of so many products goes on as the one that is the same for everybody.
    longest: int | None = None

    def __init__(self, products, wanted, viewer: str, make_order):
        super().__init__(products, wanted)
        sort = wanted.get("sort")
        self.sort = sort if sort in dict(self.sorts) else self.own_sort
        self.order, self.name = NONE, ""
        if self.sort == self.own_sort:
            self.take_order(wanted.get("order", ""), viewer, make_order)

    def take_order(self, name, viewer, make_order):
        self.order, self.name = kept(name, viewer), name
        if not self.order.keys and self.page == 1:
            self.order = make_order(self.filtered)
            self.name = keep(self.order, viewer) if self.order.keys else ""

    @property
    def is_own(self) -> bool:
        return bool(self.order.keys)

    @cached_property
    def found(self) -> list[ProductCard]:
        keys = self.order.keys[(self.page - 1) * PAGE : self.page * PAGE]
        if not keys:
            return super().found if self.goes_on else []
        cards = cards_by_key(self.filtered.filter(pk__in=keys).order_by())
        return [cards[key] for key in keys if key in cards]

    @property
    def goes_on(self) -> bool:
        return not self.is_own or len(self.order.keys) == self.longest

    @property
    def has_next(self) -> bool:
        end, last = self.page * PAGE, len(self.order.keys)
        if end > last:
            return self.goes_on and super().has_next
        if self.page == LAST_PAGE:
            return False
        return end < last or (self.goes_on and self.sorted()[end : end + 1].exists())

    @property
    def filters(self) -> list[tuple[str, str]]:
        pairs = [pair for pair in super().filters if pair[0] != "sort"]
        if self.sort != self.own_sort:
            pairs.append(("sort", self.sort))
        if self.is_own:
            pairs.append(("order", self.name))
        return pairs

    @property
    def is_filtered(self) -> bool:
        ours = {"q", "tab", "sort", "order"}
        return any(name not in ours for name, _value in self.filters)
