"""Products as lists show them: flat, with the price and stock of this moment."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import F, QuerySet

from sellers.models import Picture, Product, ProductMedia, Variant, orderable

PICTURE_FIELDS = ["image", "width", "height", "colour", "alt", "widths"]


@dataclass(frozen=True)
class Offered:
    """A variant on sale, as far as a card tells of it."""

    price_minor: int
    compare_at_minor: int | None
    left: int

    is_reduced = Variant.is_reduced
    reduction_percent = Variant.reduction_percent


@dataclass(frozen=True)
class ProductCard:
    title: str
    slug: str
    currency: str
    shop_name: str
    shop_slug: str
    picture: Picture | None
    cheapest: Offered | None
    has_several_prices: bool
    is_sold_out: bool

    def __str__(self):
        return self.title

    @property
    def url(self):
        return Product.url_of(self.shop_slug, self.slug)


def cards_of(products: QuerySet) -> list[ProductCard]:
    """In their order, in three queries."""
    return list(cards_by_key(products).values())


def cards_by_key(products: QuerySet) -> dict[int, ProductCard]:
    rows = list(
        products.values(
            "pk",
            "title",
            "slug",
            "currency",
            shop_name=F("seller__name"),
            shop_slug=F("seller__slug"),
        )
    )
    keys = [row["pk"] for row in rows]
    pictures, offered = leading_pictures(keys), offered_of(keys)
    return {
        pk: card(row, pictures.get(pk), offered[pk])
        for row in rows
        for pk in [row.pop("pk")]
    }


def card_of(product: Product) -> ProductCard:
    """Of one that `prefetch_related` has given its `card_lookups`."""
    offered = [
        Offered(variant.price_minor, variant.compare_at_minor, variant.orderable)
        for variant in product.on_sale
    ]
    row = {
        "title": product.title,
        "slug": product.slug,
        "currency": product.currency,
        "shop_name": product.seller.name,
        "shop_slug": product.seller.slug,
    }
    return card(row, product.cover.picture if product.cover else None, offered)


def card(row: dict, picture: Picture | None, offered: list[Offered]) -> ProductCard:
    # The price is that of a variant that is left, if any is.
    left = [variant for variant in offered if variant.left]
    return ProductCard(
        **row,
        picture=picture,
        cheapest=min(left or offered, key=lambda v: v.price_minor, default=None),
        has_several_prices=len({variant.price_minor for variant in offered}) > 1,
        is_sold_out=not left,
    )


def leading_pictures(product_pks: Iterable[int]) -> dict[int, Picture]:
    first = (
        ProductMedia.objects.filter(product__in=list(product_pks))
        .order_by("product_id", "position", "pk")
        .distinct("product_id")
    )
    rows = first.values_list("product_id", *PICTURE_FIELDS)
    return {pk: Picture(*fields, tuple(widths)) for pk, *fields, widths in rows}


def offered_of(product_pks: Iterable[int]) -> dict[int, list[Offered]]:
    """Of each product the variants on sale, none where there are none."""
    found = {pk: [] for pk in product_pks}
    variants = Variant.objects.filter(product__in=list(found), is_active=True)
    rows = variants.values_list(
        "product_id", "price_minor", "compare_at_minor", orderable()
    )
    for product_pk, *variant in rows:
        found[product_pk].append(Offered(*variant))
    return found
