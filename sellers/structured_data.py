"""What search engines and people who share a link read about a product."""

import json
from dataclasses import dataclass
from urllib.parse import urljoin

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

from marketplace.money import to_major
from sellers.models import Product
from sellers.rich_text import plain

# A text of a seller must not end the script element that it stands in.
ESCAPES = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}


@dataclass(frozen=True)
class Stars:
    rating: int
    number: int
    percent: int


@dataclass(frozen=True)
class Rating:
    """The reviews of a product in figures."""

    count: int
    average: float
    histogram: list[Stars]

    @classmethod
    def of(cls, numbers: dict[int, int]) -> "Rating":
        count = sum(numbers.values())
        total = sum(rating * number for rating, number in numbers.items())
        histogram = [
            Stars(rating, number, 100 * number // count if count else 0)
            for rating in range(5, 0, -1)
            for number in [numbers.get(rating, 0)]
        ]
        return cls(count, round(total / count, 1) if count else 0.0, histogram)


def absolute(url: str) -> str:
    return urljoin(f"{settings.SITE_URL}/", url)


def offer(product: Product, variant) -> dict:
    return {
        "@type": "Offer",
        "sku": variant.sku,
        "price": str(to_major(variant.price_minor, product.currency)),
        "priceCurrency": product.currency,
        **availability(variant),
        "url": absolute(f"{product.get_absolute_url()}?variant={variant.pk}"),
        "seller": {"@type": "Organization", "name": product.seller.name},
    }


def availability(variant) -> dict:
    if not variant.orderable:
        state = "OutOfStock"
    elif variant.stock.is_pre_order:
        state = "PreOrder"
    else:
        state = "InStock" if variant.available else "BackOrder"
    found = {"availability": f"https://schema.org/{state}"}
    if state in {"PreOrder", "BackOrder"} and variant.stock.expected_on:
        found["availabilityStarts"] = variant.stock.expected_on.isoformat()
    return found


def product(product: Product, rating: Rating) -> SafeString:
    """JSON-LD of https://schema.org/Product."""
    data = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": product.title,
        "description": plain(product.description)[:500],
        "image": [absolute(media.image.url) for media in product.media.all()],
        "url": absolute(product.get_absolute_url()),
        "brand": {"@type": "Brand", "name": product.seller.name},
        "offers": [offer(product, variant) for variant in product.on_sale],
    }
    if rating.count:
        data["aggregateRating"] = {
            "@type": "AggregateRating",
            "ratingValue": rating.average,
            "reviewCount": rating.count,
        }
    text = json.dumps(data, ensure_ascii=False).translate(ESCAPES)
    return mark_safe(text)
