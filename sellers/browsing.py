"""Products a page at a time, as the visitor sorts and filters them."""

from functools import cached_property
from urllib.parse import urlencode

from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from sellers.cards import ProductCard, cards_of
from sellers.models import Product, Variant
from sellers.prices import BadPrice, parse_price

PAGE = 24
# Nobody scrolls further; a crawler that does would only cost.
LAST_PAGE = 50
SORTS = {
    "new": _("Newest"),
    "cheap": _("Price: low to high"),
    "dear": _("Price: high to low"),
}


class Listing:
    """One page of products; the number of all of them is never counted."""

    def __init__(self, products: QuerySet, wanted, currency: str | None = None):
        self.currency = currency or Product._meta.get_field("currency").default
        self.sort = wanted.get("sort") if wanted.get("sort") in SORTS else "new"
        self.in_stock = bool(wanted.get("in_stock"))
        self.low_text = wanted.get("from", "").strip()[:12]
        self.high_text = wanted.get("to", "").strip()[:12]
        page = wanted.get("page", "1")
        self.page = min(max(int(page), 1), LAST_PAGE) if page.isdecimal() else 1
        self.all = products
        self.tab = wanted.get("tab", "")

    sorts = SORTS.items()

    def price(self, text: str) -> int | None:
        """A bound that cannot be read bounds nothing."""
        try:
            return parse_price(text, self.currency) if text else None
        except BadPrice:
            return None

    @cached_property
    def filtered(self) -> QuerySet:
        offers = Variant.objects.filter(product=OuterRef("pk"), is_active=True)
        low, high = self.price(self.low_text), self.price(self.high_text)
        if low is not None:
            offers = offers.filter(price_minor__gte=low)
        if high is not None:
            offers = offers.filter(price_minor__lte=high)
        if self.in_stock:
            offers = offers.filter(stock__on_hand__gt=F("stock__reserved"))
        is_bounded = low is not None or high is not None or self.in_stock
        return self.all.filter(Exists(offers)) if is_bounded else self.all

    @cached_property
    def found(self) -> list[ProductCard]:
        """The page, and one more that tells whether there is another."""
        first = (self.page - 1) * PAGE
        return cards_of(self.sorted()[first : first + PAGE + 1])

    def sorted(self) -> QuerySet:
        if self.sort == "new":
            return self.filtered.order_by("-published_at", "-pk")
        offered = Q(variants__is_active=True)
        cheapest = self.filtered.annotate(
            lowest=Min("variants__price_minor", filter=offered)
        )
        is_rising = self.sort == "cheap"
        by = F("lowest").asc() if is_rising else F("lowest").desc(nulls_last=True)
        return cheapest.order_by(by, "-pk")

    @property
    def products(self) -> list[ProductCard]:
        return self.found[:PAGE]

    @property
    def has_next(self) -> bool:
        return len(self.found) > PAGE and self.page < LAST_PAGE

    @property
    def next_query(self) -> str:
        """The address of the page after this one; empty on the last."""
        if not self.has_next:
            return ""
        return urlencode([*self.filters, ("page", self.page + 1)])

    @property
    def previous_query(self) -> str:
        if self.page == 1:
            return ""
        return urlencode([*self.filters, ("page", self.page - 1)])

    @property
    def filters(self) -> list[tuple[str, str]]:
        pairs = [
            ("tab", self.tab),
            ("sort", self.sort if self.sort != "new" else ""),
            ("in_stock", "1" if self.in_stock else ""),
            ("from", self.low_text),
            ("to", self.high_text),
        ]
        return [(name, value) for name, value in pairs if value]

    @property
    def is_filtered(self) -> bool:
        return any(name not in {"tab", "sort"} for name, _value in self.filters)
