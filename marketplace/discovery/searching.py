"""Full-text search over products, videos and shops, by their GIN indexes."""

import re
from collections import Counter
from difflib import get_close_matches

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.core.cache import cache
from django.db.models import F, QuerySet, Subquery
from django.db.models.expressions import RawSQL

from sellers.models import Category, Product, Seller
from videos.models import Video

LANGUAGE = "english"
MAX_LENGTH = 100
# A frequent word matches more than anybody reads: the newest of them are ranked.
RANKED = 1000
# Where more fit, they are looked for among so many of the latest rows.
LATEST = 100_000
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
    found = rows.model.objects.filter(
        pk__in=united(fitting(rows, q) for q in (whole, query))
    )
    # A word that stands there whole counts more than the beginning of another.
    relevance = SearchRank(F("search"), whole) * 10 + SearchRank(F("search"), query)
    return found.annotate(relevance=relevance).order_by("-relevance", "-pk")


def fitting(rows: QuerySet, query) -> RawSQL:
    """Keys of those that fit; of more than `RANKED` the newest of the latest rows.

    PostgreSQL guesses how many do, for the beginning of a word mostly far too many, and
    would then look for the newest through all there are.  So they are found as if all
    were wanted, by their index, as far as they are few.  Only where more fit, the
    latest rows are gone through; what is missing then is taken from those at hand.
    """
    fit = rows.filter(search=query).order_by()
    oldest = rows.model.objects.order_by("-pk").values(key=F("pk") - LATEST)[:1]
    newest = fit.filter(pk__gt=Subquery(oldest)).order_by("-pk")[:RANKED]
    (all_, all_params), (latest, latest_params) = (
        found.values("pk").query.sql_with_params() for found in (fit, newest)
    )
    # What is materialized is planned by itself, and made as far as it is asked for.
    return RawSQL(
        f"""
        WITH fit AS MATERIALIZED ({all_}),
        few AS MATERIALIZED (SELECT pk FROM fit LIMIT {RANKED + 1}),
        many AS MATERIALIZED (
            SELECT pk FROM ({latest}) AS newest
            WHERE (SELECT count(*) FROM few) > {RANKED}
        )
        SELECT pk FROM many
        UNION SELECT pk FROM few WHERE (SELECT count(*) FROM many) < {RANKED}
        """,
        (*all_params, *latest_params),
    )


def united(queries) -> RawSQL:
    queries = list(queries)
    params = [param for query in queries for param in query.params]
    return RawSQL(" UNION ".join(f"({query.sql})" for query in queries), params)


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
