"""What an order costs.  Pure: no database, whole minor units in and out.

Each seller's order is computed alone, so nothing is ever prorated afterwards; every
amount that a buyer pays is kept with its tax inside (`*_minor`), and the tax apart.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from marketplace.money import portion, portion_within

TAX_TABLE = json.loads(Path(__file__).with_name("tax_rates.json").read_text())


@dataclass(frozen=True)
class TaxRate:
    """A country's standard rate, inside the prices people see or on top of them."""

    basis_points: int
    is_included: bool

    def of(self, shown_minor: int) -> int:
        """The tax on an amount as it is shown to the buyer."""
        if self.is_included:
            return portion_within(shown_minor, self.basis_points)
        return portion(shown_minor, self.basis_points)


@dataclass(frozen=True)
class Amount:
    """What is shown, its tax, and what is paid."""

    shown_minor: int
    tax_minor: int
    total_minor: int


@dataclass(frozen=True)
class LineAmounts:
    quantity: int
    unit_price_minor: int
    shown_minor: int
    tax_basis_points: int
    tax_minor: int
    total_minor: int
    commission_basis_points: int
    commission_minor: int


@dataclass(frozen=True)
class OrderAmounts:
    """One seller's order.  `items` and `shipping` have their tax inside."""

    lines: Sequence[LineAmounts]
    shipping: Amount
    items_minor: int
    tax_minor: int
    total_minor: int
    commission_minor: int


@dataclass(frozen=True)
class GroupAmounts:
    """What the buyer pays at once; `*_shown_minor` without tax that comes on top."""

    items_minor: int
    shipping_minor: int
    tax_minor: int
    total_minor: int
    items_shown_minor: int
    shipping_shown_minor: int


def tax_rate(country: str, default_basis_points: int = 0) -> TaxRate:
    """The country's own; elsewhere the default, on top."""
    return TaxRate(
        **TAX_TABLE.get(
            country, {"basis_points": default_basis_points, "is_included": False}
        )
    )


def with_tax(shown_minor: int, tax: TaxRate) -> Amount:
    tax_minor = tax.of(shown_minor)
    on_top = 0 if tax.is_included else tax_minor
    return Amount(shown_minor, tax_minor, shown_minor + on_top)


def line_amounts(
    unit_price_minor: int, quantity: int, tax: TaxRate, commission_basis_points: int
) -> LineAmounts:
    """The commission is on the price as shown: tax on top is not the seller's."""
    amount = with_tax(unit_price_minor * quantity, tax)
    return LineAmounts(
        quantity=quantity,
        unit_price_minor=unit_price_minor,
        shown_minor=amount.shown_minor,
        tax_basis_points=tax.basis_points,
        tax_minor=amount.tax_minor,
        total_minor=amount.total_minor,
        commission_basis_points=commission_basis_points,
        commission_minor=portion(amount.shown_minor, commission_basis_points),
    )


def delivery_price(
    price_minor: int, free_from_minor: int | None, items_shown_minor: int
) -> int:
    is_free = free_from_minor is not None and items_shown_minor >= free_from_minor
    return 0 if is_free else price_minor


def order_amounts(
    lines: Sequence[LineAmounts], shipping_shown_minor: int, tax: TaxRate
) -> OrderAmounts:
    shipping = with_tax(shipping_shown_minor, tax)
    items_minor = sum(line.total_minor for line in lines)
    return OrderAmounts(
        lines=lines,
        shipping=shipping,
        items_minor=items_minor,
        tax_minor=sum(line.tax_minor for line in lines) + shipping.tax_minor,
        total_minor=items_minor + shipping.total_minor,
        commission_minor=sum(line.commission_minor for line in lines),
    )


def group_amounts(orders: Iterable[OrderAmounts]) -> GroupAmounts:
    orders = list(orders)
    return GroupAmounts(
        items_minor=sum(order.items_minor for order in orders),
        shipping_minor=sum(order.shipping.total_minor for order in orders),
        tax_minor=sum(order.tax_minor for order in orders),
        total_minor=sum(order.total_minor for order in orders),
        items_shown_minor=sum(
            line.shown_minor for order in orders for line in order.lines
        ),
        shipping_shown_minor=sum(order.shipping.shown_minor for order in orders),
    )
