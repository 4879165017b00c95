"""Products as the content part reads them: texts with weights."""

import math
from collections.abc import Iterator

from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Mod

from sellers.models import Product, Variant
from sellers.rich_text import plain
from videos.feed.model.content import FITTED

# What a product is stands at the beginning; the rest is how to wash it.
DESCRIBED = 600
# Levels of price, twice as many as doublings; each shared with both neighbours.
LEVELS = 2


def described():
    """The products on sale, with all that `document_of` asks for."""
    on_sale = Variant.objects.filter(product=OuterRef("pk"), is_active=True)
    return (
        Product.objects.published()
        .select_related("seller", "category__parent__parent")
        # Of a join with all variants a large catalogue would have to be sorted.
        .annotate(lowest_minor=Subquery(lowest_of(on_sale)))
        .defer("search", "seller__search")
    )


def lowest_of(variants):
    return variants.order_by("price_minor").values("price_minor")[:1]


def read_products() -> Iterator[tuple[int, list]]:
    """Of what is on sale, in order, one after the other: the key and the document."""
    for product in described().order_by("pk").iterator(2000):
        yield product.pk, document_of(product)


def sample_documents(most: int = FITTED) -> list[list]:
    """Of about so many, from all over the catalogue; of all, if there are fewer."""
    every = -(-Product.objects.published().count() // most) or 1
    among = described().alias(turn=Mod(F("pk"), every)).filter(turn=0)
    return [document_of(product) for product in among.order_by("pk").iterator(2000)]


def document_of(product) -> list[tuple[str, float]]:
    """Pairs of a text and how much it counts."""
    categories = product.category.path if product.category else []
    return [
        (product.title, 3),
        (plain(product.description)[:DESCRIBED], 1),
        *((name, 4) for name in categories),
        (product.seller.name, 0.5),
        *((level, 1) for level in price_levels(product.lowest_minor, product.currency)),
    ]


def price_levels(price_minor: int | None, currency: str) -> list[str]:
    """Two words, so that prices near to each other have at least one in common."""
    if not price_minor:
        return []
    level = LEVELS * math.log2(price_minor)
    return [f"price_{currency}_a{int(level)}", f"price_{currency}_b{round(level)}"]
