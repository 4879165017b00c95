"""What a tagged product costs now, and whether there are any left."""

from dataclasses import dataclass

from django.db.models import F, Max, Min, Subquery, Sum
from django.db.models.functions import Coalesce, JSONObject

from marketplace.money import format_minor
from sellers.models import Variant, orderable


@dataclass(frozen=True)
class Offer:
    lowest_minor: int
    highest_minor: int
    currency: str
    orderable: int
    # Of those, how many are there to be sent at once.
    in_stock: int

    @property
    def price(self) -> str:
        return format_minor(self.lowest_minor, self.currency)

    @property
    def is_from(self) -> bool:
        """Some variants cost more."""
        return self.highest_minor > self.lowest_minor

    @property
    def is_sold_out(self) -> bool:
        return self.orderable <= 0


def offer_of(product) -> Subquery:
    """Of the outer query's product, as JSON; null where it is not on sale."""
    in_stock = F("stock__on_hand") - F("stock__reserved")
    variants = Variant.objects.on_sale().filter(product=product).order_by()
    figures = JSONObject(
        lowest_minor=Min("price_minor"),
        highest_minor=Max("price_minor"),
        currency=Min("product__currency"),
        orderable=Sum(orderable()),
        in_stock=Coalesce(Sum(in_stock), 0),
    )
    return Subquery(variants.values("product").annotate(offer=figures).values("offer"))
