"""How a cart's things can be sent to a country, and at which price.

One seller's things of one profile go together, by one of that profile's rates; what a
seller's delivery costs is the sum of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from checkout import pricing
from checkout.cart_contents import Contents, Item, SellerItems
from checkout.models import OrderGroup, ShippingRate
from sellers.models import DeliveryProfile, Seller

# The seller, or the seller and a profile.
Key = int | tuple[int, int]
AND = " + "


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
class Consignment:
    """What goes together: how it can be sent, and how it will be."""

    seller: Seller
    profile: DeliveryProfile | None
    items: list[Item]
    choices: list[Choice]
    chosen: Choice | None
    # Another consignment's rate, one for other countries, or one that is gone.
    is_choice_refused: bool
    # They deliver there, but nothing as heavy as this.
    is_too_heavy: bool

    @property
    def field_name(self) -> str:
        profile = f"-{self.profile.pk}" if self.profile else ""
        return f"rate-{self.seller.pk}{profile}"


@dataclass(frozen=True)
class Delivery:
    """Of all that one seller sends."""

    part: SellerItems
    consignments: list[Consignment]

    @property
    def seller(self) -> Seller:
        return self.part.seller

    @property
    def chosen(self) -> list[Choice]:
        return [one.chosen for one in self.consignments if one.chosen]

    @property
    def is_possible(self) -> bool:
        return all(one.chosen for one in self.consignments)

    @property
    def is_choice_refused(self) -> bool:
        return any(one.is_choice_refused for one in self.consignments)

    @property
    def price_minor(self) -> int:
        return sum(choice.price_minor for choice in self.chosen)

    @property
    def name(self) -> str:
        """As the order calls it."""
        names = dict.fromkeys(choice.rate.name for choice in self.chosen)
        return AND.join(names)[:250]


def deliveries_of(
    contents: Contents, country: str, rate_pks: Mapping[Key, int]
) -> list[Delivery]:
    """`rate_pks` holds the rate chosen for each consignment; else its cheapest.

    Of the rates for everywhere, those that the country's own beat are left out.
    """
    rates = rates_by_key(contents, country)
    return [
        Delivery(
            part,
            [
                consignment_of(
                    part.seller, items, rates.get(key, []), rate_pks.get(key)
                )
                for key, items in by_key(part).items()
            ],
        )
        for part in contents.sellers
    ]


def by_key(part: SellerItems) -> dict[Key, list[Item]]:
    """One seller's things by what they go with, in the order of the cart."""
    found: dict[Key, list[Item]] = {}
    for item in part.items:
        profile_pk = item.variant.product.delivery_profile_id
        found.setdefault(key_of(part.seller.pk, profile_pk), []).append(item)
    return found


def key_of(seller_pk: int, profile_pk: int | None) -> Key:
    return (seller_pk, profile_pk) if profile_pk else seller_pk


def rates_by_key(contents: Contents, country: str) -> dict[Key, list[ShippingRate]]:
    """Of these sellers alone: a rate of anybody else cannot be chosen."""
    sellers = [part.seller.pk for part in contents.sellers]
    offered = ShippingRate.objects.filter(seller__in=sellers).offered().to(country)
    rates: dict[Key, list[ShippingRate]] = {}
    for rate in offered.with_bands():
        rates.setdefault(key_of(rate.seller_id, rate.profile_id), []).append(rate)
    return rates


def consignment_of(
    seller: Seller, items: list[Item], rates: list[ShippingRate], chosen_pk: int | None
) -> Consignment:
    choices = choices_of(items, rates)
    by_pk = {choice.rate.pk: choice for choice in choices}
    return Consignment(
        seller=seller,
        profile=items[0].variant.product.delivery_profile,
        items=items,
        choices=choices,
        chosen=by_pk.get(chosen_pk) or (choices[0] if choices else None),
        is_choice_refused=chosen_pk is not None and chosen_pk not in by_pk,
        is_too_heavy=bool(rates) and not choices,
    )


def choices_of(items: list[Item], rates: list[ShippingRate]) -> list[Choice]:
    """What can carry these things: the cheapest first, and at one price the fastest."""
    grams = sum(item.variant.weight_grams * item.quantity for item in items)
    items_minor = sum(item.total_minor for item in items)
    choices = [
        Choice(rate, price_of(rate, grams, items_minor))
        for rate in rates
        if rate.max_grams is None or grams <= rate.max_grams
    ]
    own = [choice for choice in choices if choice.rate.countries]
    useful = [c for c in choices if c in own or not any(o.beats(c) for o in own)]
    return sorted(useful, key=lambda c: (c.price_minor, c.rate.max_days, c.rate.pk))


def price_of(rate: ShippingRate, grams: int, items_minor: int) -> int:
    is_by_weight = rate.banded_by == ShippingRate.Measure.WEIGHT
    bands = []
    if rate.banded_by:
        bands = [(band.starts_at, band.price_minor) for band in rate.bands.all()]
    price_minor = pricing.banded_price(
        rate.price_minor, bands, grams if is_by_weight else items_minor
    )
    return pricing.delivery_price(price_minor, rate.free_from_minor, items_minor)


def unreachable(contents: Contents, country: str) -> set[int]:
    """Sellers who cannot deliver what lies in the cart there."""
    found = deliveries_of(contents, country, {})
    return {delivery.seller.pk for delivery in found if not delivery.is_possible}


def rates_of_unpaid_order(group: OrderGroup | None, country: str) -> dict[Key, int]:
    """What was chosen for the order that the buyer came back from, to that country."""
    if group is None or group.country != country:
        return {}
    names = dict(group.orders.values_list("seller_id", "shipping_name"))
    rates = ShippingRate.objects.filter(seller__in=names, is_active=True)
    return {
        key_of(rate.seller_id, rate.profile_id): rate.pk
        for rate in rates
        if rate.name in {names[rate.seller_id], *names[rate.seller_id].split(AND)}
    }
