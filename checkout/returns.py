"""Money back to the buyer: any lines, any number of times, never more than was paid.

What an order owes back is decided under its lock and written down at once; Stripe is
asked afterwards, by a task that may run twice.
"""

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from checkout import fulfillment, tasks
from checkout.models import (
    Order,
    OrderConflict,
    OrderGroup,
    OrderLine,
    Payment,
    Refund,
    RefundLine,
    Transfer,
    TransferReversal,
)
from marketplace.accounts.models import User
from marketplace.money import split
from sellers import stock
from sellers.models import StockMovement


class RefundRefused(Exception):
    """The lines cannot be refunded like that; the message says why."""


@transaction.atomic
def refund_lines(
    order: Order, quantities: Mapping[int, int], *, reason: str, by: User | None
) -> Refund:
    """Refund `quantities` (units by order line pk) of a paid order.

    The last unit takes the delivery cost along.  Raises RefundRefused, and then
    nothing has changed.
    """
    order = Order.objects.select_for_update().get(pk=order.pk)
    payment = paid_payment(order)
    lines = {line.pk: line for line in order.lines.all()}
    wanted = {pk: quantity for pk, quantity in quantities.items() if quantity}
    check_quantities(lines, wanted)
    parts = [part_of(lines[pk], quantity) for pk, quantity in wanted.items()]
    shipping = shipping_due(order, lines, wanted)
    refund = Refund.objects.create(
        payment=payment,
        order=order,
        amount_minor=sum(part.amount_minor for part in parts) + shipping,
        shipping_minor=shipping,
        commission_minor=sum(part.commission_minor for part in parts),
        currency=payment.currency,
        reason=reason[:300],
        created_by=by,
    )
    write_down(order, refund, parts)
    fulfillment.settle_shipped(order)  # perhaps nothing is left to send
    tasks.send_refund.delay_on_commit(refund.pk)
    return refund


@transaction.atomic
def refund_or_cancel(
    order: Order, quantities: Mapping[int, int], *, reason: str, by: User | None
) -> Refund:
    """Refund the lines; all that is left of an order not yet sent cancels it."""
    order = Order.objects.select_for_update().get(pk=order.pk)
    left = {
        line.pk: line.quantity - line.refunded_quantity for line in order.lines.all()
    }
    is_rest = all(quantities.get(pk, 0) == units for pk, units in left.items())
    if is_rest and order.status == Order.Status.PAID:
        return cancel_order(order, reason=reason, by=by)
    return refund_lines(order, quantities, reason=reason, by=by)


@transaction.atomic
def cancel_order(order: Order, *, reason: str, by: User | None) -> Refund:
    """Cancel a paid order of which nothing was sent: money back, goods back.

    Raises OrderConflict when it is too late for that, or done already.
    """
    order = Order.objects.select_for_update().get(pk=order.pk)
    if order.status != Order.Status.PAID:
        raise OrderConflict(f"order {order.pk} cannot be canceled")
    left = {
        line.pk: line.quantity - line.refunded_quantity for line in order.lines.all()
    }
    variants = dict(order.lines.values_list("pk", "variant_id"))
    refund = refund_lines(order, left, reason=reason, by=by)
    order.advance(
        Order.Status.CANCELED, canceled_at=timezone.now(), cancel_reason=reason[:200]
    )
    for pk in sorted(left, key=lambda pk: variants[pk] or 0):
        if left[pk] and variants[pk]:
            stock.restock(
                variants[pk],
                left[pk],
                StockMovement.Reason.CANCELLATION,
                f"order_line:{pk}",
            )
    return refund


def paid_payment(order: Order) -> Payment:
    payment = Payment.objects.filter(group_id=order.group_id).first()
    if payment is None or payment.status != Payment.Status.SUCCEEDED:
        raise RefundRefused(_("This order has not been paid."))
    if order.group.status != OrderGroup.Status.PAID:
        raise RefundRefused(_("The whole payment is on its way back already."))
    return payment


def check_quantities(lines, wanted) -> None:
    if not wanted:
        raise RefundRefused(_("Choose at least one thing to refund."))
    for pk, quantity in wanted.items():
        if pk not in lines:
            raise RefundRefused(_("That line is not part of this order."))
        left = lines[pk].quantity - lines[pk].refunded_quantity
        if not 0 < quantity <= left:
            raise RefundRefused(
                _("Of “%(title)s” %(left)d can still be refunded, not %(quantity)d.")
                % {"title": lines[pk].title, "left": left, "quantity": quantity}
            )


def part_of(line: OrderLine, quantity: int) -> RefundLine:
    return RefundLine(
        order_line=line,
        quantity=quantity,
        amount_minor=share(line, quantity, line.total_minor),
        commission_minor=share(line, quantity, line.commission_minor),
    )


def share(line: OrderLine, quantity: int, amount_minor: int) -> int:
    """Of the line's amount what these units make up.

    Counted from the start of the line, so that however its units are refunded the
    parts add up to the frozen amount exactly.
    """
    before = line.refunded_quantity
    return up_to(line, before + quantity, amount_minor) - up_to(
        line, before, amount_minor
    )


def up_to(line: OrderLine, quantity: int, amount_minor: int) -> int:
    return split(amount_minor, [quantity, line.quantity - quantity])[0]


def shipping_due(order, lines, wanted) -> int:
    """The delivery cost goes back with the last unit of the order."""
    left = sum(line.quantity - line.refunded_quantity for line in lines.values())
    if sum(wanted.values()) < left:
        return 0
    return order.total_minor - sum(line.total_minor for line in lines.values())


def write_down(order, refund, parts) -> None:
    for part in parts:
        part.refund = refund
        line = part.order_line
        line.refunded_quantity += part.quantity
        line.save(update_fields=["refunded_quantity"])
    RefundLine.objects.bulk_create(parts)
    order.refunded_minor += refund.amount_minor
    order.save(update_fields=["refunded_minor"])
    transfer = Transfer.objects.filter(order=order).first()
    if transfer is not None and refund.seller_share_minor:
        TransferReversal.objects.create(
            transfer=transfer, refund=refund, amount_minor=refund.seller_share_minor
        )
