"""What is left of each part of an order, and what a refund takes of it.

A part is a line or the delivery.  Its amounts were frozen at the sale; every refund
takes a share of what is left of each of them, and who takes the last takes all: so
however often an order is refunded, nothing is lost, and never more goes back.
"""

from collections.abc import Mapping
from dataclasses import astuple, dataclass, field

from django.utils.translation import gettext as _

from checkout.models import Order, OrderLine, Refund, RefundLine
from marketplace.money import format_minor, split

Kind = RefundLine.Kind
# The delivery, among order lines by primary key.
DELIVERY = None


class RefundRefused(Exception):
    """It cannot be refunded like that; the message says why."""


@dataclass(frozen=True)
class Claim:
    """What somebody wants paid back of one order."""

    quantities: Mapping[int, int] = field(default_factory=dict)
    # None: the delivery goes back with the last unit.
    shipping_minor: int | None = None
    goodwill_minor: int = 0
    is_borne_by_platform: bool = False
    # What had gone back when it was chosen: sent twice, it is paid back once.
    seen_minor: int | None = None

    @classmethod
    def of_units(cls, quantities: Mapping[int, int]) -> "Claim":
        return cls({pk: quantity for pk, quantity in quantities.items() if quantity})

    @property
    def is_empty(self) -> bool:
        extras = self.shipping_minor or self.goodwill_minor
        return not extras and not any(self.quantities.values())


@dataclass(frozen=True)
class Due:
    """What goes back for a claim, part by part."""

    parts: list[RefundLine]

    def sum_of(self, name: str, *kinds: str) -> int:
        parts = [part for part in self.parts if part.kind in (kinds or Kind)]
        return sum(getattr(part, name) for part in parts)

    @property
    def items_minor(self) -> int:
        return self.sum_of("amount_minor", Kind.UNITS)

    @property
    def shipping_minor(self) -> int:
        return self.sum_of("amount_minor", Kind.DELIVERY)

    @property
    def goodwill_minor(self) -> int:
        return self.sum_of("amount_minor", Kind.GOODWILL)

    @property
    def amount_minor(self) -> int:
        return self.sum_of("amount_minor")

    @property
    def tax_minor(self) -> int:
        return self.sum_of("tax_minor")

    @property
    def commission_minor(self) -> int:
        return self.sum_of("commission_minor")

    @property
    def commission_tax_minor(self) -> int:
        return self.sum_of("commission_tax_minor")

    @property
    def subsidy_minor(self) -> int:
        return self.sum_of("subsidy_minor")

    @property
    def platform_minor(self) -> int:
        return self.sum_of("platform_minor")

    @property
    def seller_share_minor(self) -> int:
        given = self.amount_minor + self.subsidy_minor - self.platform_minor
        return given - self.commission_minor - self.commission_tax_minor


@dataclass(frozen=True)
class Amounts:
    """Of money paid back: what it is made up of, and who bears it."""

    amount: int = 0
    tax: int = 0
    commission: int = 0
    commission_tax: int = 0
    subsidy: int = 0
    # Negative: goodwill of the platform that comes back to it.
    platform: int = 0

    @classmethod
    def of(cls, row: RefundLine) -> "Amounts":
        return cls(
            row.amount_minor,
            row.tax_minor,
            row.commission_minor,
            row.commission_tax_minor,
            row.subsidy_minor,
            row.platform_minor,
        )

    def __sub__(self, other: "Amounts") -> "Amounts":
        pairs = zip(astuple(self), astuple(other), strict=True)
        return Amounts(*(mine - theirs for mine, theirs in pairs))

    @property
    def seller_keeps(self) -> int:
        """What the seller has for it before commission."""
        return self.amount + self.subsidy - self.platform

    def share(self, part: int, whole: int) -> "Amounts":
        """`part` of `whole` of each amount: all of it where they are the same."""
        if part == whole:
            return self
        return Amounts(
            *(split(sum_, [part, whole - part])[0] for sum_ in astuple(self))
        )

    def goodwill(self, amount: int, *, is_platforms: bool) -> "Amounts":
        """A lower price: its tax, and its commission where the seller bears it."""
        tax = split(self.tax, [amount, self.amount - amount])[0]
        if is_platforms:
            return Amounts(amount, tax, platform=amount)
        weights = [amount, self.seller_keeps - amount]
        commission = split(self.commission, weights)[0]
        return Amounts(amount, tax, commission, split(self.commission_tax, weights)[0])

    def as_fields(self) -> dict[str, int]:
        return {
            "amount_minor": self.amount,
            "tax_minor": self.tax,
            "commission_minor": self.commission,
            "commission_tax_minor": self.commission_tax,
            "subsidy_minor": self.subsidy,
            "platform_minor": self.platform,
        }


def remaining(order: Order) -> dict[int | None, Amounts]:
    """By order line, and for the delivery: what no refund has taken yet."""
    lines = list(order.lines.all())
    left = {
        line.pk: Amounts(
            line.total_minor,
            line.tax_minor,
            line.commission_minor,
            line.commission_tax_minor,
            line.subsidy_minor,
        )
        for line in lines
    }
    left[DELIVERY] = Amounts(
        order.total_minor - sum(line.total_minor for line in lines),
        order.shipping_tax_minor,
        order.shipping_commission_minor,
        order.shipping_commission_tax_minor,
        subsidy=order.subsidy_minor - sum(line.subsidy_minor for line in lines),
    )
    taken = RefundLine.objects.filter(refund__order=order)
    for part in taken.exclude(refund__status=Refund.Status.UNDONE):
        left[part.order_line_id] -= Amounts.of(part)
    return left


def due_for(order: Order, claim: Claim) -> Due:
    """As it would be paid back now.  Raises RefundRefused."""
    lines = {line.pk: line for line in order.lines.all()}
    wanted = {pk: quantity for pk, quantity in claim.quantities.items() if quantity}
    if claim.is_empty:
        raise RefundRefused(_("Choose at least one thing to refund."))
    check_quantities(lines, wanted)
    left = remaining(order)
    parts = [part_of(Kind.UNITS, lines[pk], left, wanted[pk]) for pk in wanted]
    if (delivery := delivery_due(order, claim, lines, left)) is not None:
        parts.append(delivery)
    if claim.goodwill_minor:
        parts += goodwill_parts(order, claim, lines, left)
    return Due(parts)


def check_seen(order: Order, claim: Claim) -> None:
    """Somebody, or the same person by a second click, may have paid back meanwhile."""
    if claim.seen_minor not in {None, order.refunded_minor}:
        back = format_minor(order.refunded_minor, order.group.currency)
        raise RefundRefused(
            _(
                "Meanwhile money went back for this order, %(amount)s in all so far. "
                "Send the form once more if this is to go back on top of it."
            )
            % {"amount": back}
        )


def check_quantities(lines: Mapping[int, OrderLine], wanted: Mapping[int, int]) -> None:
    for pk, quantity in wanted.items():
        if pk not in lines:
            raise RefundRefused(_("That line is not part of this order."))
        left = lines[pk].left
        if not 0 < quantity <= left:
            raise RefundRefused(
                _("Of “%(title)s” %(left)d can still be refunded, not %(quantity)d.")
                % {"title": lines[pk].title, "left": left, "quantity": quantity}
            )


def part_of(kind, line, left, quantity) -> RefundLine:
    taken = left[line.pk].share(quantity, line.left)
    left[line.pk] -= taken
    return RefundLine(
        kind=kind, order_line=line, quantity=quantity, **taken.as_fields()
    )


def delivery_due(order, claim, lines, left) -> RefundLine | None:
    """What was asked for; else all that is left of it, with the last unit."""
    whole = left[DELIVERY]
    if claim.shipping_minor is not None:
        if claim.shipping_minor > whole.amount:
            raise too_much(order, whole.amount, _("Of the delivery"))
        taken = whole.share(claim.shipping_minor, whole.amount)
        is_wanted = claim.shipping_minor > 0
    else:
        units_left = sum(line.left for line in lines.values())
        taken = whole
        is_wanted = 0 < units_left == sum(claim.quantities.values())
    if not is_wanted or taken == Amounts():
        return None
    left[DELIVERY] -= taken
    return RefundLine(kind=Kind.DELIVERY, **taken.as_fields())


def goodwill_parts(order, claim, lines, left) -> list[RefundLine]:
    """Spread over what was paid and is not on its way back."""
    open_parts = [pk for pk, amounts in left.items() if amounts.amount]
    most = sum(left[pk].amount for pk in open_parts)
    if claim.goodwill_minor > most:
        raise too_much(order, most, _("As goodwill"))
    shares = split(claim.goodwill_minor, [left[pk].amount for pk in open_parts])
    return [
        RefundLine(
            kind=Kind.GOODWILL,
            order_line=lines.get(pk),
            **left[pk]
            .goodwill(share, is_platforms=claim.is_borne_by_platform)
            .as_fields(),
        )
        for pk, share in zip(open_parts, shares, strict=True)
        if share
    ]


def too_much(order: Order, most_minor: int, of_what: str) -> RefundRefused:
    amount = format_minor(most_minor, order.group.currency)
    return RefundRefused(
        _("%(of_what)s no more than %(amount)s can be paid back.")
        % {"of_what": of_what, "amount": amount}
    )


def due_for_dispute(order: Order, amount: int, unsent: Mapping[int, int]) -> Due:
    """So much of what is left, from all its parts alike: the bank names no lines.

    A part that cost the buyer nothing, because the platform paid for it, gives as much
    of that as the others do.  `unsent` are units, by line, that are never sent now.
    """
    lines = {line.pk: line for line in order.lines.all()}
    left = remaining(order)
    whole = sum(amounts.amount for amounts in left.values())
    shares = [0] * len(left)
    if whole:
        shares = split(amount, [amounts.amount for amounts in left.values()])
    parts = []
    for (pk, amounts), share in zip(left.items(), shares, strict=True):
        fraction = (share, amounts.amount) if amounts.amount else (amount, whole)
        taken, units = amounts.share(*fraction), unsent.get(pk, 0)
        if taken != Amounts() or units:
            part = RefundLine(
                kind=Kind.DISPUTE,
                order_line=lines.get(pk),
                quantity=units,
                **taken.as_fields(),
            )
            parts.append(part)
    return Due(parts)
