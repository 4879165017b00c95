"""What a cart would cost, delivered to a country: shown while people choose, and
computed again when they order."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings

from checkout import pricing
from checkout.carts import Contents, SellerItems
from checkout.models import Cart, ShippingRate
from checkout.pricing import GroupAmounts, OrderAmounts, TaxRate
from sellers.models import Seller


@dataclass(frozen=True)
class Choice:
    """A way to deliver, at what this order would pay for it."""

    rate: ShippingRate
    price_minor: int


@dataclass(frozen=True)
class SellerQuote:
    part: SellerItems
    choices: list[Choice]
    chosen: Choice | None
    amounts: OrderAmounts
    # Another seller's rate, one for other countries, or one that is gone.
    is_choice_refused: bool

    @property
    def seller(self) -> Seller:
        return self.part.seller

    @property
    def field_name(self) -> str:
        return f"rate-{self.seller.pk}"


@dataclass(frozen=True)
class Quote:
    currency: str
    tax: TaxRate
    sellers: list[SellerQuote]
    amounts: GroupAmounts

    @property
    def total_minor(self) -> int:
        return self.amounts.total_minor

    @property
    def undeliverable(self) -> list[Seller]:
        return [part.seller for part in self.sellers if part.chosen is None]

    @property
    def is_choice_refused(self) -> bool:
        return any(part.is_choice_refused for part in self.sellers)


def quote(contents: Contents, country: str, rate_pks: Mapping[int, int]) -> Quote:
    """`rate_pks` holds the delivery chosen by seller; else each seller's first."""
    tax = pricing.tax_rate(country, settings.DEFAULT_TAX_BASIS_POINTS)
    rates = rates_by_seller(contents, country)
    sellers = [
        seller_quote(
            part, rates.get(part.seller.pk, []), rate_pks.get(part.seller.pk), tax
        )
        for part in contents.sellers
    ]
    amounts = pricing.group_amounts(part.amounts for part in sellers)
    return Quote(contents.currency, tax, sellers, amounts)


def rates_by_seller(contents: Contents, country: str) -> dict[int, list[ShippingRate]]:
    """Of these sellers alone: a rate of anybody else cannot be chosen."""
    sellers = [part.seller.pk for part in contents.sellers]
    rates: dict[int, list[ShippingRate]] = {}
    for rate in ShippingRate.objects.filter(seller__in=sellers, is_active=True):
        if not rate.countries or country in rate.countries:
            rates.setdefault(rate.seller_id, []).append(rate)
    return rates


def seller_quote(
    part: SellerItems, rates: list[ShippingRate], chosen_pk: int | None, tax: TaxRate
) -> SellerQuote:
    items_minor = sum(item.total_minor for item in part.items)
    choices = [
        Choice(
            rate,
            pricing.delivery_price(rate.price_minor, rate.free_from_minor, items_minor),
        )
        for rate in rates
    ]
    by_pk = {choice.rate.pk: choice for choice in choices}
    chosen = by_pk.get(chosen_pk) or (choices[0] if choices else None)
    lines = [
        pricing.line_amounts(
            item.variant.price_minor,
            item.quantity,
            tax,
            settings.COMMISSION_BASIS_POINTS,
        )
        for item in part.items
    ]
    return SellerQuote(
        part=part,
        choices=choices,
        chosen=chosen,
        amounts=pricing.order_amounts(lines, chosen.price_minor if chosen else 0, tax),
        is_choice_refused=chosen_pk is not None and chosen_pk not in by_pk,
    )


def rates_of_unpaid_order(cart: Cart) -> dict[int, int]:
    """What was chosen for the order that the buyer came back from."""
    group = cart.order_groups.awaiting_payment().first()
    if group is None:
        return {}
    names = dict(group.orders.values_list("seller_id", "shipping_name"))
    rates = ShippingRate.objects.filter(seller__in=names, is_active=True)
    return {
        rate.seller_id: rate.pk for rate in rates if rate.name == names[rate.seller_id]
    }
