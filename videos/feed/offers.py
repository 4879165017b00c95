"""What a tagged product costs now, and whether there are any left."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import F, Max, Min, Sum
from django.db.models.functions import Coalesce

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


def offers_of(product_pks: Iterable[int]) -> dict[int, Offer]:
    """One query for any number of products; what is not on sale is left out."""
    in_stock = F("stock__on_hand") - F("stock__reserved")
    rows = (
        Variant.objects.on_sale()
        .filter(product__in=set(product_pks))
        .order_by()
        .values("product_id", currency=F("product__currency"))
        .annotate(
            lowest_minor=Min("price_minor"),
            highest_minor=Max("price_minor"),
            orderable=Sum(orderable()),
            in_stock=Coalesce(Sum(in_stock), 0),
        )
    )
    return {row.pop("product_id"): Offer(**row) for row in rows}
