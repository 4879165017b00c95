"""Products as the content part reads them: texts with weights."""

import math

from django.db.models import Min, Q

from sellers.models import Product
from sellers.rich_text import plain

# What a product is stands at the beginning; the rest is how to wash it.
DESCRIBED = 600
# Levels of price, twice as many as doublings; each shared with both neighbours.
LEVELS = 2


def described():
    """The products on sale, with all that `document_of` asks for."""
    on_sale = Q(variants__is_active=True)
    return (
        Product.objects.published()
        .select_related("seller", "category__parent__parent")
        .annotate(lowest_minor=Min("variants__price_minor", filter=on_sale))
    )


def read_products() -> tuple[list[int], list]:
    """Keys of what is on sale, in order, and their documents."""
    keys, documents = [], []
    for product in described().order_by("pk").iterator(2000):
        keys.append(product.pk)
        documents.append(document_of(product))
    return keys, documents


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
