"""Full-text search over products, videos and shops, by their GIN indexes."""

import re
from collections import Counter
from difflib import get_close_matches

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.core.cache import cache
from django.db.models import F, QuerySet

from sellers.models import Category, Product, Seller
from videos.models import Video

LANGUAGE = "english"
MAX_LENGTH = 100
# A frequent word matches more than anybody reads: the newest of them are ranked.
RANKED = 1000
# Of a card, and how many liked, saved and shared it.
VIDEO_FIELDS = [
    "public_id", "title", "poster", "seller", "view_count", "like_count", "save_count",
    "share_count",
]  # fmt: skip
VOCABULARY_KEY = "search-vocabulary"
VOCABULARY_SECONDS = 600
VOCABULARY_TITLES = 5000
VOCABULARY_WORDS = 5000


def clean(text: str) -> str:
    """One line without control characters, of a length that people type."""
    printable = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(printable.split())[:MAX_LENGTH]


def query_for(text: str) -> SearchQuery:
    """As the web searches; the last word may be unfinished."""
    whole = whole_words(text)
    head, _space, last = text.rpartition(" ")
    if '"' in text or not re.fullmatch(r"\w+", last):
        return whole
    unfinished = SearchQuery(f"{last}:*", config=LANGUAGE, search_type="raw")
    if head:
        unfinished = whole_words(head) & unfinished
    return whole | unfinished


def whole_words(text):
    return SearchQuery(text, config=LANGUAGE, search_type="websearch")


def matching(rows: QuerySet, text: str) -> QuerySet:
    """The rows that fit, best first; each has `relevance`."""
    whole, query = whole_words(text), query_for(text)
    fitting = newest(rows, whole).union(newest(rows, query))
    found = rows.model.objects.filter(pk__in=fitting)
    # A word that stands there whole counts more than the beginning of another.
    relevance = SearchRank(F("search"), whole) * 10 + SearchRank(F("search"), query)
    return found.annotate(relevance=relevance).order_by("-relevance", "-pk")


def newest(rows, query):
    return rows.filter(search=query).order_by("-pk").values("pk")[:RANKED]


def products(text: str) -> QuerySet:
    return matching(Product.objects.published(), text)


def videos(text: str) -> QuerySet:
    """With what `videos.feed.ranking` says of each by its reactions."""
    found = matching(Video.objects.published(), text)
    return found.only(*VIDEO_FIELDS)


def shops(text: str) -> QuerySet:
    return matching(Seller.objects.open(), text)


def correction(text: str) -> str:
    """The same with each unknown word replaced by a known one like it; or empty."""
    known = vocabulary()
    words = [nearest(word, known) for word in text.lower().split()]
    corrected = " ".join(words)
    return corrected if corrected != text.lower() else ""


def nearest(word, known):
    return next(iter(get_close_matches(word, known, n=1, cutoff=0.75)), word)


def vocabulary() -> list[str]:
    return cache.get_or_set(VOCABULARY_KEY, read_vocabulary, VOCABULARY_SECONDS)


def read_vocabulary():
    """The commonest words of what is new, of the categories and the shops' names."""
    titles = [
        title
        for rows in (Product.objects.published(), Video.objects.published())
        for title in rows.order_by("-published_at", "-pk").values_list(
            "title", flat=True
        )[:VOCABULARY_TITLES]
    ]
    names = [
        name
        for rows in (Category.objects.all(), Seller.objects.open())
        for name in rows.values_list("name", flat=True)[:VOCABULARY_TITLES]
    ]
    counted = Counter(
        word
        for text in [*titles, *names]
        for word in re.findall(r"\w{3,}", text.lower())
    )
    return [word for word, _count in counted.most_common(VOCABULARY_WORDS)]
