"""Money back to the buyer: any lines, any number of times, never more than was paid.

What an order owes back is decided under its lock and written down at once; Stripe is
asked afterwards, by a task that may run twice.
"""

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from checkout import fulfillment, reserves, seller_debts, tasks, video_sales
from checkout.models import (
    Dispute,
    Order,
    OrderConflict,
    OrderGroup,
    Payment,
    Refund,
    RefundLine,
)
from checkout.refund_amounts import (
    DELIVERY,
    Claim,
    Due,
    RefundRefused,
    check_seen,
    due_for,
    remaining,
)
from marketplace.accounts.models import User
from sellers import stock


@transaction.atomic
def refund_claim(
    order: Order,
    claim: Claim,
    *,
    reason: str,
    by: User | None,
    is_after_dispute: bool = False,
) -> Refund:
    """Refund units, delivery and goodwill of a paid order.

    The last unit takes along what is left of the delivery.  Raises RefundRefused, and
    then nothing has changed.  After a dispute it may wait for a bank that has the
    money, and the feed has heard of the units when they were lost.
    """
    order = Order.objects.locked().get(pk=order.pk)
    payment = sold_payment(order) if is_after_dispute else paid_payment(order)
    refund = keep(order, payment, due_for(order, claim), reason=reason, by=by)
    if not is_after_dispute:
        video_sales.tell_refunded(refund)
    promise_less(order)
    fulfillment.settle_shipped(order)  # perhaps nothing is left to send
    tasks.send_refund.delay_on_commit(refund.pk)
    return refund


def keep(order: Order, payment: Payment, due: Due, **fields) -> Refund:
    """Write down what is due, under the order's lock."""
    fields["reason"] = fields["reason"][:300]
    fields["created_by"] = fields.pop("by")
    refund = Refund.objects.create(
        payment=payment,
        order=order,
        amount_minor=due.amount_minor,
        tax_minor=due.tax_minor,
        shipping_minor=due.shipping_minor,
        goodwill_minor=due.goodwill_minor,
        commission_minor=due.commission_minor,
        commission_tax_minor=due.commission_tax_minor,
        subsidy_minor=due.subsidy_minor,
        platform_minor=due.platform_minor,
        currency=payment.currency,
        **fields,
    )
    write_down(order, refund, due.parts)
    return refund


def refund_lines(
    order: Order, quantities: Mapping[int, int], *, reason: str, by: User | None
) -> Refund:
    """Refund `quantities` (units by order line pk) of a paid order."""
    return refund_claim(order, Claim.of_units(quantities), reason=reason, by=by)


@transaction.atomic
def refund_group(
    group: OrderGroup, claims: Mapping[int, Claim], *, reason: str, by: User | None
) -> list[Refund]:
    """Refund claims on several orders of a checkout (by order pk), all or none.

    A refund for each seller: each has a ledger entry, a transfer and a credit note of
    its own.  Orders are locked in key order, before any stock.
    """
    orders = Order.objects.locked().filter(group=group, pk__in=claims)
    locked = list(orders.order_by("pk"))
    if len(locked) < len(claims):
        raise RefundRefused(_("That order is not part of this checkout."))
    wanted = [order for order in locked if not claims[order.pk].is_empty]
    if not wanted:
        raise RefundRefused(_("Choose at least one thing to refund."))
    return [
        refund_or_cancel(order, claims[order.pk], reason=reason, by=by)
        for order in wanted
    ]


@transaction.atomic
def refund_or_cancel(
    order: Order, claim: Claim, *, reason: str, by: User | None
) -> Refund:
    """Refund the claim; all units that are left of an order not yet sent cancel it."""
    order = Order.objects.locked().get(pk=order.pk)
    check_seen(order, claim)
    if is_canceling(order, claim):
        check_canceling(order, claim)
        return cancel_order(order, reason=reason, by=by)
    return refund_claim(order, claim, reason=reason, by=by)


def is_canceling(order: Order, claim: Claim) -> bool:
    """Whether these units are all that is left of an order not yet sent."""
    return order.is_cancelable and all(
        claim.quantities.get(line.pk, 0) == line.left for line in order.lines.all()
    )


def check_canceling(order: Order, claim: Claim) -> None:
    """Nobody pays for the delivery of what is never sent."""
    delivery = remaining(order)[DELIVERY].amount
    if claim.goodwill_minor or claim.shipping_minor not in {None, delivery}:
        raise RefundRefused(
            _("That cancels the order, so all of it goes back, delivery included.")
        )


@transaction.atomic
def cancel_order(order: Order, *, reason: str, by: User | None) -> Refund:
    """Cancel a paid order of which nothing was sent: money back, goods back.

    Raises OrderConflict when it is too late for that, or done already.
    """
    order = Order.objects.locked().get(pk=order.pk)
    if not order.is_cancelable:
        raise OrderConflict(f"order {order.pk} cannot be canceled")
    left = {line.pk: line.left for line in order.lines.all()}
    put_back(order, left)
    refund = refund_lines(order, left, reason=reason, by=by)
    order.advance(
        Order.Status.CANCELED, canceled_at=timezone.now(), cancel_reason=reason[:200]
    )
    return refund


@transaction.atomic
def cancel_unsent(order: Order, *, reason: str, by: User | None) -> Refund:
    """Cancel what is in no parcel yet: money back, goods back.

    Raises OrderConflict when everything is sent, or nothing is left of the order.
    """
    order = Order.objects.locked().get(pk=order.pk)
    if order.status != Order.Status.PARTLY_SHIPPED:
        return cancel_order(order, reason=reason, by=by)
    unsent = {
        line.pk: line.to_ship
        for line in fulfillment.lines_to_ship(order)
        if line.to_ship > 0
    }
    put_back(order, unsent)
    return refund_lines(order, unsent, reason=reason, by=by)


def put_back(order: Order, quantities: Mapping[int, int]) -> None:
    """Units that never left the shelf are on sale again; levels in key order.

    Call it before they count as refunded: that says which time it is for the line.
    """
    lines = order.lines.filter(pk__in=quantities).exclude(variant=None)
    for line in lines.order_by("variant_id", "pk"):
        if quantities[line.pk]:
            stock.put_back(
                line.variant_id,
                quantities[line.pk],
                order.reservation_reference,
                f"order_line:{line.pk}:{line.refunded_quantity}",
            )


def promise_less(order: Order) -> None:
    """What was refunded is not waited for any more."""
    lines = order.lines.filter(backordered_quantity__gt=0)
    if left := {line.variant_id: line.left for line in lines}:
        stock.promise_at_most(order.reservation_reference, left)


def sold_payment(order: Order) -> Payment:
    payment = Payment.objects.filter(group_id=order.group_id).first()
    if payment is None or payment.status != Payment.Status.SUCCEEDED:
        raise RefundRefused(_("This order has not been paid."))
    if order.group.status != OrderGroup.Status.PAID:
        raise RefundRefused(_("The whole payment is on its way back already."))
    return payment


def paid_payment(order: Order) -> Payment:
    """Of which nothing is with a bank."""
    payment = sold_payment(order)
    if Dispute.objects.open().filter(payment=payment, withdrawn_minor__gt=0).exists():
        raise RefundRefused(
            _("The buyer's bank has this money until the dispute is decided.")
        )
    return payment


def write_down(order, refund, parts) -> None:
    for part in parts:
        part.refund = refund
        if line := part.order_line:
            line.refunded_quantity += part.quantity
            line.save(update_fields=["refunded_quantity"])
    RefundLine.objects.bulk_create(parts)
    order.refunded_minor += refund.amount_minor
    order.save(update_fields=["refunded_minor"])
    share_minor = refund.seller_share_minor
    if order.status == Order.Status.COMPLETED and share_minor > 0:
        kept_minor = reserves.use(order, share_minor, refund.reference)
        seller_debts.take_back(order, refund, share_minor - kept_minor)
