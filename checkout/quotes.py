"""What a cart would cost, delivered to a country: shown while people choose, and
computed again when they order."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from checkout import commissions, coupons, pricing, stripe_tax, taxes
from checkout.cart_contents import Contents, Item, SellerItems
from checkout.coupons import CouponRefused, Entry, Offer
from checkout.models import Coupon, OrderGroup, ShippingRate, TaxCalculation
from checkout.pricing import GroupAmounts, OrderAmounts, SellerLines, TaxRate
from marketplace.money import format_minor
from sellers.models import Seller


@dataclass(frozen=True)
class Choice:
    """A way to deliver, at what this order would pay for it."""

    rate: ShippingRate
    price_minor: int

    def beats(self, other: "Choice") -> bool:
        """Whether nobody who may have this one would want the other."""
        is_as_cheap = self.price_minor <= other.price_minor
        return is_as_cheap and self.rate.max_days <= other.rate.max_days


@dataclass(frozen=True)
class SellerQuote:
    part: SellerItems
    choices: list[Choice]
    chosen: Choice | None
    amounts: OrderAmounts
    # Another seller's rate, one for other countries, or one that is gone.
    is_choice_refused: bool
    # They deliver there, but nothing as heavy as this.
    is_too_heavy: bool
    # What its taxes are by, where that is not the table.
    calculation: TaxCalculation | None = None

    @property
    def seller(self) -> Seller:
        return self.part.seller

    @property
    def field_name(self) -> str:
        return f"rate-{self.seller.pk}"


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
        return [part.seller for part in self.sellers if part.chosen is None]

    @property
    def is_choice_refused(self) -> bool:
        return any(part.is_choice_refused for part in self.sellers)


def text_of(item: Item) -> str:
    """“12x3”; “12x3-2@2026-12-24” where two of them are sent later."""
    later = f"-{item.later}@{item.ships_on or ''}" if item.later else ""
    return f"{item.variant.pk}x{item.quantity}{later}"


@dataclass(frozen=True)
class Delivery:
    """How one seller's things can be sent, and how they will be."""

    part: SellerItems
    choices: list[Choice]
    chosen: Choice | None
    is_choice_refused: bool
    is_too_heavy: bool

    @property
    def price_minor(self) -> int:
        return self.chosen.price_minor if self.chosen else 0


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
    rate_pks: Mapping[int, int],
    entry: Entry | None = None,
    *,
    place: taxes.Place | None = None,
) -> Quote:
    """`rate_pks` holds the delivery chosen by seller; else each seller's cheapest.

    Of the rates for everywhere, those that the country's own beat are left out.
    A code that does not apply leaves the price as it is, and says why.  Raises
    TaxUnknown where it is binding and nobody says which tax is due.
    """
    region = place.region if place else ""
    terms = Terms(taxes.rates_for(country, region), commissions.CommissionTable())
    rates = rates_by_seller(contents, country)
    deliveries = [
        delivery_of(part, rates.get(part.seller.pk, []), rate_pks.get(part.seller.pk))
        for part in contents.sellers
    ]
    priced, offer, problem = with_coupon(entry, contents, deliveries, terms, place)
    sellers = [
        SellerQuote(
            part=delivery.part,
            choices=delivery.choices,
            chosen=delivery.chosen,
            amounts=order,
            is_choice_refused=delivery.is_choice_refused,
            is_too_heavy=delivery.is_too_heavy,
            calculation=calculation,
        )
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


def rates_by_seller(contents: Contents, country: str) -> dict[int, list[ShippingRate]]:
    """Of these sellers alone: a rate of anybody else cannot be chosen."""
    sellers = [part.seller.pk for part in contents.sellers]
    offered = ShippingRate.objects.filter(seller__in=sellers).offered().to(country)
    rates: dict[int, list[ShippingRate]] = {}
    for rate in offered.with_bands():
        rates.setdefault(rate.seller_id, []).append(rate)
    return rates


def choices_of(part: SellerItems, rates: list[ShippingRate]) -> list[Choice]:
    """What can carry these things: the cheapest first, and at one price the fastest."""
    choices = [
        Choice(rate, price_of(rate, part))
        for rate in rates
        if rate.max_grams is None or part.grams <= rate.max_grams
    ]
    own = [choice for choice in choices if choice.rate.countries]
    useful = [c for c in choices if c in own or not any(o.beats(c) for o in own)]
    return sorted(useful, key=lambda c: (c.price_minor, c.rate.max_days, c.rate.pk))


def price_of(rate: ShippingRate, part: SellerItems) -> int:
    items_minor = sum(item.total_minor for item in part.items)
    is_by_weight = rate.banded_by == ShippingRate.Measure.WEIGHT
    bands = []
    if rate.banded_by:
        bands = [(band.starts_at, band.price_minor) for band in rate.bands.all()]
    price_minor = pricing.banded_price(
        rate.price_minor, bands, part.grams if is_by_weight else items_minor
    )
    return pricing.delivery_price(price_minor, rate.free_from_minor, items_minor)


def delivery_of(
    part: SellerItems, rates: list[ShippingRate], chosen_pk: int | None
) -> Delivery:
    choices = choices_of(part, rates)
    by_pk = {choice.rate.pk: choice for choice in choices}
    return Delivery(
        part=part,
        choices=choices,
        chosen=by_pk.get(chosen_pk) or (choices[0] if choices else None),
        is_choice_refused=chosen_pk is not None and chosen_pk not in by_pk,
        is_too_heavy=bool(rates) and not choices,
    )


def unreachable(contents: Contents, country: str) -> set[int]:
    """Sellers who cannot deliver what lies in the cart there."""
    rates = rates_by_seller(contents, country)
    return {
        part.seller.pk
        for part in contents.sellers
        if not choices_of(part, rates.get(part.seller.pk, []))
    }


def rates_of_unpaid_order(group: OrderGroup | None, country: str) -> dict[int, int]:
    """What was chosen for the order that the buyer came back from, to that country."""
    if group is None or group.country != country:
        return {}
    names = dict(group.orders.values_list("seller_id", "shipping_name"))
    rates = ShippingRate.objects.filter(seller__in=names, is_active=True)
    return {
        rate.seller_id: rate.pk for rate in rates if rate.name == names[rate.seller_id]
    }
