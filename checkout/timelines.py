"""What has happened to an order, and what comes next: for the buyer's page."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from checkout.models import Fulfillment, Order, OrderGroup, Refund
from marketplace.money import format_minor

NOTHING_PAID = {Refund.Status.FAILED, Refund.Status.UNDONE}


@dataclass(frozen=True)
class Step:
    text: str
    at: datetime | None = None
    is_done: bool = False
    is_now: bool = False
    parcel: Fulfillment | None = None


def timeline(group: OrderGroup, order: Order) -> list[Step]:
    """`order` with its lines, parcels and refunds prefetched."""
    steps = [Step(_("Ordered"), group.created_at, is_done=True)]
    if group.paid_at:
        steps.append(Step(_("Paid"), group.paid_at, is_done=True))
    if order.status == Order.Status.CANCELED:
        return [*steps, canceled(order), *refunds(order)]
    if not group.paid_at:
        return [*steps, Step(_("Payment"), is_now=True), Step(_("Dispatch"))]
    return [*steps, *parcels(order), *ahead(order), *refunds(order)]


def canceled(order: Order) -> Step:
    text = _("Canceled")
    if order.cancel_reason:
        text = f"{text}: {order.cancel_reason}"
    return Step(text, order.canceled_at, is_done=True)


def parcels(order: Order) -> list[Step]:
    steps = []
    for parcel in order.fulfillments.all():
        text = _("Sent with %(carrier)s") % {"carrier": parcel.carrier}
        steps.append(Step(text, parcel.shipped_at, is_done=True, parcel=parcel))
        steps += [
            Step(event.message or event.status, event.happened_at, is_done=True)
            for event in parcel.tracking_events.all()
        ]
        if parcel.delivered_at:
            steps.append(Step(_("Delivered"), parcel.delivered_at, is_done=True))
    return steps


def ahead(order: Order) -> list[Step]:
    """What the buyer waits for."""
    if order.status in {Order.Status.PAID, Order.Status.PARTLY_SHIPPED}:
        is_partly = order.status == Order.Status.PARTLY_SHIPPED
        text = _("The rest is being packed") if is_partly else _("Being packed")
        dispatch = Step(text, is_now=True)
        return [dispatch, Step(_("Delivery"))]
    if order.status == Order.Status.SHIPPED:
        return [Step(_("On its way to you"), is_now=True)]
    return []


def refunds(order: Order) -> list[Step]:
    shown = order.refunds.all()
    paid_again = {refund.instead_of_id for refund in shown}
    return [
        came_back(refund, is_seen_to=refund.pk in paid_again)
        if refund.came_back_at
        else refunded(refund, order)
        for refund in shown
        if refund.came_back_at or refund.status not in NOTHING_PAID
    ]


def came_back(refund: Refund, *, is_seen_to: bool) -> Step:
    amount = format_minor(refund.amount_minor, refund.currency)
    text = _("Your bank sent %(amount)s back to us")
    if not is_seen_to:
        text = _("Your bank sent %(amount)s back to us: we still owe it to you")
    return Step(
        text % {"amount": amount},
        refund.came_back_at,
        is_done=is_seen_to,
        is_now=not is_seen_to,
    )


def refunded(refund: Refund, order: Order) -> Step:
    if refund.exchanged_into_id:
        return Step(_("Exchanged"), refund.succeeded_at, is_done=True)
    amount = format_minor(refund.amount_minor, refund.currency)
    # A canceled order has said why.
    is_told = order.status == Order.Status.CANCELED or not refund.reason
    why = "" if is_told else f": {refund.reason}"
    if refund.succeeded_at:
        text = _("%(amount)s paid back") % {"amount": amount}
        if refund.paid_otherwise:
            text, why = f"{text}: {refund.paid_otherwise}", ""
        return Step(text + why, refund.succeeded_at, is_done=True)
    text = _("%(amount)s is being paid back") % {"amount": amount}
    return Step(text + why, refund.created_at, is_now=True)
