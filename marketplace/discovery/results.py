"""The pages of a search, tab by tab."""

from functools import cached_property
from typing import NamedTuple
from urllib.parse import urlencode

from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from marketplace.discovery import searching
from marketplace.discovery.orders import NONE, OrderedListing
from marketplace.discovery.reranking import RERANKED, order_for, reordered
from sellers.browsing import LAST_PAGE
from sellers.cards import cards_by_key, cards_of
from videos.feed.gates import unhidden, unhidden_products
from videos.feed.suiting import suiting
from videos.feed.watchers import Watcher

TABS = {
    "all": _("All"),
    "products": _("Products"),
    "videos": _("Videos"),
    "shops": _("Shops"),
}
PAGE = 24
GLANCE = {"products": 8, "videos": 6, "shops": 6}


class Found(NamedTuple):
    products: QuerySet
    videos: QuerySet
    shops: QuerySet


def found_for(text: str, watcher: Watcher) -> Found:
    """All that fits, but for what the watcher has hidden."""
    shops = searching.shops(text)
    return Found(
        unhidden_products(searching.products(text), watcher),
        unhidden(searching.videos(text), watcher),
        shops.exclude(pk__in=watcher.sellers) if watcher.sellers else shops,
    )


class ProductResults(OrderedListing):
    """Products that fit the words; the best first unless sorted otherwise."""

    SORTS = {
        "best": _("Best match"),
        "new": _("Newest"),
        "cheap": _("Price: low to high"),
        "dear": _("Price: high to low"),
    }
    sorts = SORTS.items()
    own_sort = "best"
    longest = RERANKED

    def __init__(self, text, products, wanted, viewer, make_order):
        self.text = text
        super().__init__(products, wanted, viewer, make_order)

    def sorted(self):
        if self.sort == "best":
            return self.filtered.order_by(F("relevance").desc(), "-pk")
        return super().sorted()

    @property
    def filters(self):
        return [("q", self.text), *super().filters]


class Results:
    """What fits the words, for the tab that is open, less what the watcher hid."""

    def __init__(self, text: str, wanted, watcher: Watcher):
        self.text = text
        self.watcher = watcher
        self.found = found_for(text, watcher)
        self.tab = wanted.get("tab") if wanted.get("tab") in TABS else "all"
        page = wanted.get("page", "1")
        self.page = min(max(int(page), 1), LAST_PAGE) if page.isdecimal() else 1
        self.next_query = ""
        self.previous_query = self.query(self.page - 1) if self.page > 1 else ""
        self.listing = None
        self.products, self.videos, self.shops = [], [], []
        getattr(self, f"find_{self.tab}")(wanted)

    @cached_property
    def suiting(self):
        return suiting(self.watcher)

    @property
    def is_empty(self):
        has_any = self.products or self.videos or self.shops
        is_narrowed = self.listing is not None and self.listing.is_filtered
        return not has_any and not is_narrowed and self.page == 1

    def query(self, page):
        return urlencode({"q": self.text, "tab": self.tab, "page": page})

    def find_all(self, wanted):
        self.products = self.best_products(GLANCE["products"])
        self.videos = self.in_order(self.found.videos[:PAGE])
        self.videos = self.videos[: GLANCE["videos"]]
        self.shops = list(self.found.shops[: GLANCE["shops"]])

    def find_products(self, wanted):
        self.listing = ProductResults(
            self.text,
            self.found.products,
            wanted,
            self.watcher.viewer,
            self.make_order,
        )
        self.products = self.listing.products

    def find_videos(self, wanted):
        # The words alone say what is on which page.
        self.videos = self.in_order(self.one_page(self.found.videos))

    def find_shops(self, wanted):
        self.shops = self.one_page(self.found.shops)

    def best_products(self, count):
        found = self.found.products
        keys = self.make_order(found).keys[:count]
        if not keys:
            return cards_of(found[:count])
        cards = cards_by_key(found.filter(pk__in=keys))
        return [cards[key] for key in keys if key in cards]

    def make_order(self, products):
        if self.suiting is None:
            return NONE
        return order_for(products, self.watcher, self.suiting)

    def in_order(self, videos):
        return reordered(list(videos), self.suiting)

    def one_page(self, found):
        """And whether there is another, by asking for one row more."""
        first = (self.page - 1) * PAGE
        rows = list(found[first : first + PAGE + 1])
        if len(rows) > PAGE and self.page < LAST_PAGE:
            self.next_query = self.query(self.page + 1)
        return rows[:PAGE]
