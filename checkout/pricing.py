"""What an order costs.  Pure: no database, no clock, whole minor units in and out.

A coupon's cut is shared out over the lines first; from then on each seller's order is
computed alone, so nothing is ever prorated afterwards.  Every amount that a buyer pays
is kept with its tax inside (`*_minor`), and the tax apart.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from marketplace.money import portion, portion_within, split


@dataclass(frozen=True)
class TaxRate:
    """A place's rate, inside the prices people see or on top of them."""

    basis_points: int
    is_included: bool

    def of(self, shown_minor: int) -> int:
        """The tax on an amount as it is shown to the buyer."""
        if self.is_included:
            return portion_within(shown_minor, self.basis_points)
        return portion(shown_minor, self.basis_points)


@dataclass(frozen=True)
class KnownTax:
    """The tax on one amount, as somebody else has computed it.

    The rate is what they call it, for people to read.
    """

    basis_points: int
    is_included: bool
    tax_minor: int

    def of(self, _shown_minor: int) -> int:
        return self.tax_minor


@dataclass(frozen=True)
class Commission:
    """What the platform keeps of a line: a share and an amount, within bounds.

    Amount and bounds are for each piece.
    """

    basis_points: int
    fixed_minor: int = 0
    minimum_minor: int = 0
    maximum_minor: int | None = None
    is_on_delivery: bool = False
    tax_basis_points: int = 0
    name: str = ""

    def of(self, base_minor: int, quantity: int) -> int:
        """On pieces that bring their seller `base_minor`; never more than that."""
        wanted = portion(base_minor, self.basis_points) + self.fixed_minor * quantity
        wanted = max(wanted, self.minimum_minor * quantity)
        if self.maximum_minor is not None:
            wanted = min(wanted, self.maximum_minor * quantity)
        return min(
            wanted, base_minor - portion_within(base_minor, self.tax_basis_points)
        )

    def on_delivery(self, base_minor: int) -> int:
        return portion(base_minor, self.basis_points) if self.is_on_delivery else 0

    def tax_on(self, commission_minor: int, base_minor: int) -> int:
        """The platform's own tax on it; the seller is never left with less than 0."""
        tax_minor = portion(commission_minor, self.tax_basis_points)
        return min(tax_minor, base_minor - commission_minor)


@dataclass(frozen=True)
class Line:
    """Something to be priced; `key` tells it apart in whatever order lines come."""

    key: int
    unit_price_minor: int
    quantity: int
    tax: TaxRate | KnownTax
    commission: Commission
    is_eligible: bool = False

    @property
    def listed_minor(self) -> int:
        return self.unit_price_minor * self.quantity


@dataclass(frozen=True)
class SellerLines:
    """What one seller sends together, and what the delivery of it costs.

    Without a tax of its own the delivery has that of the goods.
    """

    lines: Sequence[Line]
    delivery_minor: int
    delivery_tax: KnownTax | None = None


@dataclass(frozen=True)
class Discount:
    """What a coupon takes off the eligible lines, or the delivery of them.

    Subsidized: the platform pays it to the seller, who is owed the listed price.
    """

    basis_points: int = 0
    amount_minor: int = 0
    frees_delivery: bool = False
    is_subsidized: bool = False

    def off(self, eligible_minor: int) -> int:
        cut = self.amount_minor or portion(eligible_minor, self.basis_points)
        return min(cut, eligible_minor)


@dataclass(frozen=True)
class Amount:
    """What is shown, its tax, and what is paid."""

    shown_minor: int
    tax_minor: int
    total_minor: int


@dataclass(frozen=True)
class LineAmounts:
    """`discount_minor` is taken off already; `subsidy_minor` is the platform's part."""

    quantity: int
    unit_price_minor: int
    discount_minor: int
    subsidy_minor: int
    tax_basis_points: int
    tax_minor: int
    total_minor: int
    commission_name: str
    commission_basis_points: int
    commission_minor: int
    commission_tax_minor: int

    @property
    def listed_minor(self) -> int:
        return self.unit_price_minor * self.quantity


@dataclass(frozen=True)
class OrderAmounts:
    """One seller's order.  `items` and `shipping` have their tax inside."""

    lines: Sequence[LineAmounts]
    shipping: Amount
    shipping_discount_minor: int
    shipping_subsidy_minor: int
    shipping_commission_minor: int
    shipping_commission_tax_minor: int

    @property
    def items_minor(self) -> int:
        return sum(line.total_minor for line in self.lines)

    @property
    def items_listed_minor(self) -> int:
        return sum(line.listed_minor for line in self.lines)

    @property
    def tax_minor(self) -> int:
        return sum(line.tax_minor for line in self.lines) + self.shipping.tax_minor

    @property
    def total_minor(self) -> int:
        return self.items_minor + self.shipping.total_minor

    @property
    def discount_minor(self) -> int:
        cuts = sum(line.discount_minor for line in self.lines)
        return cuts + self.shipping_discount_minor

    @property
    def subsidy_minor(self) -> int:
        parts = sum(line.subsidy_minor for line in self.lines)
        return parts + self.shipping_subsidy_minor

    @property
    def commission_minor(self) -> int:
        parts = sum(line.commission_minor for line in self.lines)
        return parts + self.shipping_commission_minor

    @property
    def commission_tax_minor(self) -> int:
        parts = sum(line.commission_tax_minor for line in self.lines)
        return parts + self.shipping_commission_tax_minor


@dataclass(frozen=True)
class GroupAmounts:
    """What the buyer pays at once.

    Listed: as the shops' prices and deliveries say, before a coupon and without tax
    that comes on top.
    """

    orders: Sequence[OrderAmounts]
    items_minor: int
    shipping_minor: int
    tax_minor: int
    discount_minor: int
    total_minor: int
    items_listed_minor: int
    shipping_listed_minor: int


def price(parts: Sequence[SellerLines], discount: Discount | None) -> GroupAmounts:
    """The one way to a price: of the cart, the checkout and the order."""
    cuts = line_cuts([line for part in parts for line in part.lines], discount)
    return group_amounts(order_amounts(part, cuts, discount) for part in parts)


def line_cuts(lines: Sequence[Line], discount: Discount | None) -> dict[int, int]:
    """What is taken off each eligible line, by its key: together exactly the cut.

    Shared out in the order of the keys, so that the last cent does not wander when
    the lines come in another order.
    """
    eligible = sorted(
        (line for line in lines if line.is_eligible), key=lambda line: line.key
    )
    listed = [line.listed_minor for line in eligible]
    if discount is None or not sum(listed):
        return {}
    cuts = split(discount.off(sum(listed)), listed)
    return {line.key: cut for line, cut in zip(eligible, cuts, strict=True)}


def order_amounts(
    part: SellerLines, cuts: dict[int, int], discount: Discount | None
) -> OrderAmounts:
    is_subsidized = discount is not None and discount.is_subsidized
    is_freed = (
        discount is not None
        and discount.frees_delivery
        and any(line.is_eligible for line in part.lines)
    )
    delivery_cut = part.delivery_minor if is_freed else 0
    delivery_subsidy = delivery_cut if is_subsidized else 0
    commission_minor, commission_tax_minor = delivery_commission(
        part.delivery_minor - delivery_cut + delivery_subsidy, part.lines
    )
    shown_minor = part.delivery_minor - delivery_cut
    if part.delivery_tax is None:
        shipping = delivery_amount(shown_minor, part.lines)
    else:
        shipping = with_tax(shown_minor, part.delivery_tax)
    return OrderAmounts(
        lines=[
            line_amounts(line, cuts.get(line.key, 0), is_subsidized=is_subsidized)
            for line in part.lines
        ],
        shipping=shipping,
        shipping_discount_minor=delivery_cut,
        shipping_subsidy_minor=delivery_subsidy,
        shipping_commission_minor=commission_minor,
        shipping_commission_tax_minor=commission_tax_minor,
    )


def line_amounts(line: Line, cut_minor: int = 0, *, is_subsidized=False) -> LineAmounts:
    """The commission is on what the seller gets for the goods.

    Tax on top is not theirs; what the platform adds to a coupon's price is.
    """
    shown_minor = line.listed_minor - cut_minor
    amount = with_tax(shown_minor, line.tax)
    subsidy_minor = cut_minor if is_subsidized else 0
    commission, base_minor = line.commission, shown_minor + subsidy_minor
    commission_minor = commission.of(base_minor, line.quantity)
    return LineAmounts(
        quantity=line.quantity,
        unit_price_minor=line.unit_price_minor,
        discount_minor=cut_minor,
        subsidy_minor=subsidy_minor,
        tax_basis_points=line.tax.basis_points,
        tax_minor=amount.tax_minor,
        total_minor=amount.total_minor,
        commission_name=commission.name,
        commission_basis_points=commission.basis_points,
        commission_minor=commission_minor,
        commission_tax_minor=commission.tax_on(commission_minor, base_minor),
    )


def with_tax(shown_minor: int, tax: TaxRate | KnownTax) -> Amount:
    tax_minor = tax.of(shown_minor)
    on_top = 0 if tax.is_included else tax_minor
    return Amount(shown_minor, tax_minor, shown_minor + on_top)


def banded_price(
    price_minor: int, bands: Iterable[tuple[int, int]], measure: int
) -> int:
    """Of the bands (start, price) that have begun at `measure` the last one's price."""
    begun = [band for band in bands if band[0] <= measure]
    return max(begun)[1] if begun else price_minor


def delivery_amount(shown_minor: int, lines: Sequence[Line]) -> Amount:
    """Its tax follows the goods: a share of it has each rate that they have."""
    listed: dict[TaxRate, int] = {}
    for line in lines:
        listed[line.tax] = listed.get(line.tax, 0) + line.listed_minor
    rates = sorted(listed, key=lambda rate: rate.basis_points)
    shares = split(shown_minor, [listed[rate] for rate in rates])
    parts = [with_tax(*part) for part in zip(shares, rates, strict=True)]
    return Amount(
        shown_minor,
        sum(part.tax_minor for part in parts),
        sum(part.total_minor for part in parts),
    )


def delivery_commission(base_minor: int, lines: Sequence[Line]) -> tuple[int, int]:
    """Commission and its tax, each line's rule on its part of the delivery."""
    if not any(line.commission.is_on_delivery for line in lines):
        return 0, 0
    bases = split(base_minor, [line.listed_minor for line in lines])
    commission_minor = tax_minor = 0
    for line, part_minor in zip(lines, bases, strict=True):
        own = line.commission.on_delivery(part_minor)
        commission_minor += own
        tax_minor += line.commission.tax_on(own, part_minor)
    return commission_minor, tax_minor


def delivery_price(
    price_minor: int, free_from_minor: int | None, items_listed_minor: int
) -> int:
    """Free by the listed prices: a coupon makes no delivery dearer."""
    is_free = free_from_minor is not None and items_listed_minor >= free_from_minor
    return 0 if is_free else price_minor


def group_amounts(orders: Iterable[OrderAmounts]) -> GroupAmounts:
    orders = list(orders)
    shipping_listed_minor = sum(
        order.shipping.shown_minor + order.shipping_discount_minor for order in orders
    )
    return GroupAmounts(
        orders=orders,
        items_minor=sum(order.items_minor for order in orders),
        shipping_minor=sum(order.shipping.total_minor for order in orders),
        tax_minor=sum(order.tax_minor for order in orders),
        discount_minor=sum(order.discount_minor for order in orders),
        total_minor=sum(order.total_minor for order in orders),
        items_listed_minor=sum(order.items_listed_minor for order in orders),
        shipping_listed_minor=shipping_listed_minor,
    )
