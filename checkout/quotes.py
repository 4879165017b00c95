"""What a cart would cost, delivered to a country: shown while people choose, and
computed again when they order."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from checkout import commissions, coupons, pricing, stripe_tax, taxes
from checkout.cart_contents import Contents, Item, SellerItems
from checkout.coupons import CouponRefused, Entry, Offer
from checkout.deliveries import Delivery, Key, deliveries_of
from checkout.models import Coupon, TaxCalculation
from checkout.pricing import GroupAmounts, OrderAmounts, SellerLines, TaxRate
from marketplace.money import format_minor
from sellers.models import Seller


@dataclass(frozen=True)
class SellerQuote:
    delivery: Delivery
    amounts: OrderAmounts
    # What its taxes are by, where that is not the table.
    calculation: TaxCalculation | None = None

    @property
    def part(self) -> SellerItems:
        return self.delivery.part

    @property
    def seller(self) -> Seller:
        return self.part.seller


@dataclass(frozen=True)
class Quote:
    currency: str
    is_tax_included: bool
    sellers: list[SellerQuote]
    amounts: GroupAmounts
    coupon_typed: str = ""
    coupon: Coupon | None = None
    # Why the code that was typed takes nothing off.
    coupon_problem: str = ""

    @property
    def total_minor(self) -> int:
        return self.amounts.total_minor

    @property
    def coupon_code(self) -> str:
        return self.coupon.code if self.coupon else ""

    @property
    def items(self) -> list[Item]:
        return [item for part in self.sellers for item in part.part.items]

    @property
    def items_text(self) -> str:
        """What is bought, to tell whether it is still what was shown."""
        return " ".join(sorted(text_of(item) for item in self.items))

    @property
    def undeliverable(self) -> list[Seller]:
        return [part.seller for part in self.sellers if not part.delivery.is_possible]

    @property
    def is_choice_refused(self) -> bool:
        return any(part.delivery.is_choice_refused for part in self.sellers)


def text_of(item: Item) -> str:
    """“12x3”; “12x3-2@2026-12-24” where two of them are sent later."""
    later = f"-{item.later}@{item.ships_on or ''}" if item.later else ""
    return f"{item.variant.pk}x{item.quantity}{later}"


@dataclass(frozen=True)
class Terms:
    """What is added to a price there, and what is kept of it."""

    rates_of_tax: dict[str, TaxRate]
    commissions: commissions.CommissionTable


@dataclass(frozen=True)
class Priced:
    amounts: GroupAmounts
    # What each seller's taxes are by, where that is not the table.
    calculations: list[TaxCalculation | None]


def quote(
    contents: Contents,
    country: str,
    rate_pks: Mapping[Key, int],
    entry: Entry | None = None,
    *,
    place: taxes.Place | None = None,
) -> Quote:
    """By the deliveries chosen, else the cheapest.

    A code that does not apply leaves the price as it is, and says why.  Raises
    TaxUnknown where it is binding and nobody says which tax is due.
    """
    region = place.region if place else ""
    terms = Terms(taxes.rates_for(country, region), commissions.CommissionTable())
    deliveries = deliveries_of(contents, country, rate_pks)
    priced, offer, problem = with_coupon(entry, contents, deliveries, terms, place)
    sellers = [
        SellerQuote(delivery, order, calculation)
        for delivery, order, calculation in zip(
            deliveries, priced.amounts.orders, priced.calculations, strict=True
        )
    ]
    return Quote(
        currency=contents.currency,
        is_tax_included=terms.rates_of_tax[taxes.TaxClass.STANDARD].is_included,
        sellers=sellers,
        amounts=priced.amounts,
        coupon_typed=entry.code if entry and not entry.refused else "",
        coupon=offer.coupon if offer else None,
        coupon_problem=problem,
    )


def with_coupon(entry, contents, deliveries, terms, place):
    """What it costs, the offer that lowers it and, if it does not, why."""

    def cost(offer=None):
        return price(deliveries, terms, offer, contents.currency, place)

    if entry is None or not entry.code.strip():
        return cost(), None, ""
    try:
        offer = coupons.find(entry, contents)
        return cost(offer), offer, ""
    except CouponRefused as refusal:
        return cost(), None, str(refusal)


def price(
    deliveries: list[Delivery],
    terms: Terms,
    offer: Offer | None,
    currency: str,
    place: taxes.Place | None,
) -> Priced:
    """With the taxes of the table or, where it is on, of Stripe Tax.

    Raises CouponRefused of an offer that is not worth a use: judged by what is to be
    paid with the tax that is really taken.
    """
    parts = parts_of(deliveries, terms, offer)
    discount = offer.discount if offer else None
    amounts = pricing.price(parts, discount)
    calculations: list[TaxCalculation | None] = [None] * len(parts)
    if offer:
        refuse_fruitless(offer, amounts)
    if settings.STRIPE_TAX and place is not None:
        shops = shops_of(deliveries, currency)
        parts, calculations = stripe_tax.assess(parts, amounts, shops, place)
        amounts = pricing.price(parts, discount)
    if offer:
        refuse_unchargeable(offer, amounts, currency)
    return Priced(amounts, calculations)


def parts_of(
    deliveries: list[Delivery], terms: Terms, offer: Offer | None
) -> list[SellerLines]:
    return [
        SellerLines(
            [line_of(item, terms, offer) for item in delivery.part.items],
            delivery.price_minor,
        )
        for delivery in deliveries
    ]


def shops_of(deliveries: list[Delivery], currency: str) -> list[stripe_tax.Shop]:
    return [
        stripe_tax.Shop(
            delivery.part.seller,
            {
                item.variant.pk: item.variant.product.tax_class
                for item in delivery.part.items
            },
            currency,
        )
        for delivery in deliveries
    ]


def line_of(item: Item, terms: Terms, offer: Offer | None) -> pricing.Line:
    product = item.variant.product
    return pricing.Line(
        key=item.variant.pk,
        unit_price_minor=item.variant.price_minor,
        quantity=item.quantity,
        tax=terms.rates_of_tax[product.tax_class],
        commission=terms.commissions.of(product),
        is_eligible=offer is not None and offer.is_for(item),
    )


def refuse_fruitless(offer: Offer, amounts: GroupAmounts) -> None:
    """A use is not spent on nothing."""
    if not amounts.discount_minor:
        text = _("%(code)s takes nothing off this order.")
        raise CouponRefused(text % {"code": offer.coupon.code})


def refuse_unchargeable(offer: Offer, amounts: GroupAmounts, currency: str) -> None:
    """Nor on an order that could not be paid."""
    least = coupons.smallest_charge(currency)
    if amounts.total_minor < least:
        text = _(
            "%(code)s would leave less than %(least)s to pay, which cannot be charged."
        )
        texts = {"code": offer.coupon.code, "least": format_minor(least, currency)}
        raise CouponRefused(text % texts)
