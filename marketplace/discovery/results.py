"""The pages of a search, tab by tab."""

from urllib.parse import urlencode

from django.db.models import F
from django.utils.translation import gettext_lazy as _

from marketplace.discovery import searching
from sellers.browsing import LAST_PAGE, Listing
from sellers.cards import cards_of

TABS = {
    "all": _("All"),
    "products": _("Products"),
    "videos": _("Videos"),
    "shops": _("Shops"),
}
PAGE = 24
GLANCE = {"products": 8, "videos": 6, "shops": 6}


class ProductResults(Listing):
    """Products that fit the words; the best first unless sorted otherwise."""

    SORTS = {
        "best": _("Best match"),
        "new": _("Newest"),
        "cheap": _("Price: low to high"),
        "dear": _("Price: high to low"),
    }
    sorts = SORTS.items()

    def __init__(self, text, wanted):
        super().__init__(searching.products(text), wanted)
        self.text = text
        sort = wanted.get("sort")
        self.sort = sort if sort in self.SORTS else "best"

    def sorted(self):
        if self.sort == "best":
            return self.filtered.order_by(F("relevance").desc(), "-pk")
        return super().sorted()

    @property
    def filters(self):
        pairs = [("q", self.text), *super().filters]
        return [pair for pair in pairs if pair != ("sort", "best")]

    @property
    def is_filtered(self):
        return any(name not in {"q", "tab", "sort"} for name, _value in self.filters)


class Results:
    """What fits the words, for the tab that is open."""

    def __init__(self, text: str, wanted):
        self.text = text
        self.tab = wanted.get("tab") if wanted.get("tab") in TABS else "all"
        page = wanted.get("page", "1")
        self.page = min(max(int(page), 1), LAST_PAGE) if page.isdecimal() else 1
        self.next_query = ""
        self.previous_query = self.query(self.page - 1) if self.page > 1 else ""
        self.listing = None
        self.products, self.videos, self.shops = [], [], []
        getattr(self, f"find_{self.tab}")(wanted)

    @property
    def is_empty(self):
        has_any = self.products or self.videos or self.shops
        is_narrowed = self.listing is not None and self.listing.is_filtered
        return not has_any and not is_narrowed and self.page == 1

    def query(self, page):
        return urlencode({"q": self.text, "tab": self.tab, "page": page})

    def find_all(self, wanted):
        self.products = cards_of(searching.products(self.text)[: GLANCE["products"]])
        self.videos = list(searching.videos(self.text)[: GLANCE["videos"]])
        self.shops = list(searching.shops(self.text)[: GLANCE["shops"]])

    def find_products(self, wanted):
        self.listing = ProductResults(self.text, wanted)
        self.products = self.listing.products

    def find_videos(self, wanted):
        self.videos = self.one_page(searching.videos(self.text))

    def find_shops(self, wanted):
        self.shops = self.one_page(searching.shops(self.text))

    def one_page(self, found):
        """And whether there is another, by asking for one row more."""
        first = (self.page - 1) * PAGE
        rows = list(found[first : first + PAGE + 1])
        if len(rows) > PAGE and self.page < LAST_PAGE:
            self.next_query = self.query(self.page + 1)
        return rows[:PAGE]
