"""What else there is for somebody who looks at a product.

The same for everybody, with a profile or without: it goes by the product alone.  The
gates, and what the person hid, count at this moment.
"""

import math
from collections import Counter
from dataclasses import dataclass

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet

from sellers.cards import ProductCard, cards_by_key
from sellers.models import Product
from videos.feed import serving
from videos.feed.gates import products_for
from videos.feed.product_texts import described, document_of
from videos.feed.watchers import Watcher
from videos.models import ProductPair

TOGETHER, ALIKE = 6, 12
# Of one shop, among those that are alike.
OF_SHOP = 4
# Some are sold out, hidden or of a shop that is there already.
FOUND = 3 * ALIKE
# Where the model finds few, or is none: of the newest of its category those nearest in
# price.
OF_CATEGORY = 60


@dataclass(frozen=True)
class Near:
    together: list[ProductCard]
    alike: list[ProductCard]


def known() -> QuerySet[Product]:
    """Products on sale, each with what is bought with it, the closest first."""
    pairs = ProductPair.objects.beside(OuterRef("pk"))
    return described().annotate(bought_with=ArraySubquery(pairs))


def near(product: Product, watcher: Watcher) -> Near:
    """Of one of those that are `known`; in three queries to five."""
    together, alike = product.bought_with, keys_alike(product)
    asked = Product.objects.published().filter(
        pk__in={*together, *alike} - {product.pk}
    )
    cards = cards_by_key(products_for(asked, watcher).order_by())
    left = {key: card for key, card in cards.items() if not card.is_sold_out}
    bought = [key for key in together if key in left][:TOGETHER]
    others = (key for key in alike if key in left and key not in bought)
    return Near([left[key] for key in bought], varied([left[key] for key in others]))


def keys_alike(product):
    products = serving.current_products()
    found = []
    if products is not None:
        document = document_of(product)
        found = products.alike(product.pk, FOUND, document).tolist()
    if len(found) >= ALIKE:
        return found
    return list(dict.fromkeys([*found, *nearest_in_price(product)]))


def nearest_in_price(product):
    """In its category, then in those beside it; a product without one, in its shop."""
    on_sale = Product.objects.published().exclude(pk=product.pk)
    if not product.category_id:
        return by_price(on_sale.filter(seller=product.seller_id), product)
    found = by_price(on_sale.filter(category=product.category_id), product)
    parent = product.category.parent_id
    if parent and len(found) < ALIKE:
        beside = on_sale.filter(category__parent=parent)
        found += by_price(beside.exclude(category=product.category_id), product)
    return found[:FOUND]


def by_price(products, product):
    newest = products.order_by("-published_at", "-pk").values("pk")[:OF_CATEGORY]
    priced = described().filter(pk__in=newest)
    rows = priced.values_list("pk", "lowest_minor", "currency")
    rows = [row for row in rows if row[1] and row[2] == product.currency]
    lowest = product.lowest_minor or 1
    rows.sort(key=lambda row: abs(math.log(row[1] / lowest)))
    return [key for key, *_ in rows]


def varied(cards):
    """The nearest, without more of one shop than belong there."""
    counts, chosen = Counter(), []
    for card in cards:
        counts[card.shop_slug] += 1
        if counts[card.shop_slug] <= OF_SHOP:
            chosen.append(card)
    return chosen[:ALIKE]
