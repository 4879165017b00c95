"""From a paid order to the parcel at the door."""

from datetime import datetime, time, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from checkout.models import (
    Fulfillment,
    FulfillmentLine,
    Order,
    TrackingEvent,
)
from checkout.tracking import TrackingUpdate
from marketplace.accounts.models import User
from marketplace.accounts.notifications import notify
from sellers import stock

SATURDAY = 5
# By then the task that begins a paid order is lost, or its worker is.
TASK_GRACE = timedelta(minutes=10)


class ShipmentRefused(Exception):
    """The parcel cannot be recorded; the message tells the seller why."""


def working_days_after(start: datetime, days: int) -> datetime:
    """That many days later, Saturdays and Sundays not counted."""
    end = start
    while days:
        end += timedelta(days=1)
        if end.weekday() < SATURDAY:
            days -= 1
    return end


def leaves_by(order):
    """When a paid order leaves the shop; just after the payment, what `begin` says."""
    if order.dispatch_by or order.group.paid_at is None:
        return order.dispatch_by
    return dispatch_deadline(order, order.group.paid_at)


def begin(order):
    """Give a paid order its dispatch deadline and tell its seller, once."""
    deadline = dispatch_deadline(order, timezone.now())
    waiting = Order.objects.filter(
        pk=order.pk, status=Order.Status.PAID, dispatch_by=None
    )
    if not waiting.update(dispatch_by=deadline):
        return
    order.refresh_from_db(fields=["dispatch_by"])
    for user in User.objects.filter(seller_memberships__seller=order.seller):
        notify(
            user,
            _("New order %(number)s") % {"number": order.number},
            "checkout/new_order",
            {"order": order},
            order.get_absolute_url(),
        )


def dispatch_deadline(order, start: datetime) -> datetime:
    """The seller's working days, from the day on which the last of it is out."""
    days = order.seller.dispatch_days
    deadlines = [working_days_after(start, days)]
    for line in order.lines.all():
        if not line.backordered_quantity:
            continue
        if line.ships_on is None:
            days_open = timedelta(days=settings.BACK_ORDER_DISPATCH_DAYS)
            deadlines.append(start + days_open)
        else:
            begins = timezone.make_aware(datetime.combine(line.ships_on, time.max))
            deadlines.append(working_days_after(begins, days))
    return max(deadlines)


def begin_forgotten():
    """Begin paid orders whose task was lost."""
    before = timezone.now() - TASK_GRACE
    forgotten = Order.objects.filter(
        status=Order.Status.PAID, dispatch_by=None, group__paid_at__lt=before
    )
    for order in forgotten.select_related("group", "seller"):
        begin(order)


def lines_to_ship(order):
    """The order's lines with `shipped` and `to_ship`, refunded units left out."""
    shipped = Coalesce(Sum("fulfillment_lines__quantity"), 0)
    # Grouped rows come in any order unless told.
    return order.lines.annotate(
        shipped=shipped, to_ship=F("quantity") - F("refunded_quantity") - shipped
    ).order_by("pk")


def mark_waiting(order, lines):
    """The lines as a list, each with how many of it are not in stock yet."""
    lines = list(lines)
    waiting = {}
    if any(line.backordered_quantity for line in lines):
        waiting = stock.waiting_by_variant(order.reservation_reference)
    for line in lines:
        line.waits_for = min(waiting.get(line.variant_id, 0), max(line.to_ship, 0))
    return lines


@transaction.atomic
def ship(order, quantities, request_key, **parcel):
    """Record a parcel with `quantities` (units by order line) and tell the buyer.

    `parcel` is carrier, tracking number and tracking address.  The same
    `request_key` again returns the parcel that it made the first time.
    Raises ShipmentRefused.
    """
    order = Order.objects.locked().get(pk=order.pk)
    if earlier := order.fulfillments.filter(request_key=request_key).first():
        return earlier
    if order.status not in {Order.Status.PAID, Order.Status.PARTLY_SHIPPED}:
        raise ShipmentRefused(
            _("This order is “%(status)s”, so nothing of it can be sent.")
            % {"status": order.get_status_display()}
        )
    lines = {line.pk: line for line in mark_waiting(order, lines_to_ship(order))}
    wanted = {pk: quantity for pk, quantity in quantities.items() if quantity}
    _check_parcel(lines, wanted)

    fulfillment = order.fulfillments.create(request_key=request_key, **parcel)
    FulfillmentLine.objects.bulk_create(
        FulfillmentLine(fulfillment=fulfillment, order_line_id=pk, quantity=quantity)
        for pk, quantity in wanted.items()
    )
    settle_shipped(order)
    _tell_buyer(order, _("Your parcel is on its way"), "shipped", fulfillment)
    return fulfillment


def _check_parcel(lines, wanted):
    if not wanted:
        raise ShipmentRefused(_("Choose at least one thing to put into the parcel."))
    for pk, quantity in wanted.items():
        if pk not in lines:
            raise ShipmentRefused(_("That line is not part of this order."))
        if not 0 < quantity <= lines[pk].to_ship:
            raise ShipmentRefused(
                _("Of “%(title)s” %(left)d can still be sent, not %(quantity)d.")
                % {
                    "title": lines[pk].title,
                    "left": lines[pk].to_ship,
                    "quantity": quantity,
                }
            )
        if quantity > lines[pk].to_ship - lines[pk].waits_for:
            text = _("Of “%(title)s” %(n)d are not in stock yet: enter them first.")
            facts = {"title": lines[pk].title, "n": lines[pk].waits_for}
            raise ShipmentRefused(text % facts)


def settle_shipped(order):
    """Bring a locked order's status in line with what has been sent of it.

    Also called after a refund, which can leave nothing more to send.
    """
    if order.status not in {Order.Status.PAID, Order.Status.PARTLY_SHIPPED}:
        return
    lines = list(lines_to_ship(order))
    if not any(line.shipped for line in lines):
        return
    if all(line.to_ship <= 0 for line in lines):
        order.advance(Order.Status.SHIPPED, shipped_at=timezone.now())
        settle_delivered(order)
    elif order.status == Order.Status.PAID:
        order.advance(Order.Status.PARTLY_SHIPPED)


@transaction.atomic
def mark_delivered(fulfillment, delivered_at=None):
    """Record that the parcel arrived.  False when it was recorded before."""
    order = Order.objects.locked().get(pk=fulfillment.order_id)
    arrived = Fulfillment.objects.filter(
        pk=fulfillment.pk, status=Fulfillment.Status.SHIPPED
    )
    delivered_at = delivered_at or timezone.now()
    if not arrived.update(
        status=Fulfillment.Status.DELIVERED, delivered_at=delivered_at
    ):
        return False
    settle_delivered(order)
    _tell_buyer(order, _("Your parcel has arrived"), "delivered", fulfillment)
    return True


def settle_delivered(order):
    """A shipped order is delivered when its last parcel is."""
    parcels = order.fulfillments.all()
    if order.status != Order.Status.SHIPPED or any(
        parcel.status != Fulfillment.Status.DELIVERED for parcel in parcels
    ):
        return
    order.advance(
        Order.Status.DELIVERED,
        delivered_at=max(parcel.delivered_at for parcel in parcels),
    )


def record_tracking(fulfillment, update: TrackingUpdate):
    """Add what a carrier says about a parcel; the same event twice counts once."""
    TrackingEvent.objects.get_or_create(
        fulfillment=fulfillment,
        event_id=update.event_id,
        defaults={
            "status": update.status[:40],
            "message": update.message[:300],
            "happened_at": update.happened_at,
        },
    )
    if update.status == Fulfillment.Status.DELIVERED:
        mark_delivered(fulfillment, update.happened_at)


def assume_delivered():
    """Take parcels as delivered that nobody said anything about for long."""
    before = timezone.now() - timedelta(days=settings.DELIVERY_ASSUMED_DAYS)
    silent = Fulfillment.objects.filter(
        status=Fulfillment.Status.SHIPPED, shipped_at__lt=before
    )
    return sum(mark_delivered(fulfillment) for fulfillment in silent)


def _tell_buyer(order, subject, template, fulfillment):
    group = order.group
    notify(
        group.user or group.email,
        subject,
        f"checkout/{template}",
        {
            "order": order,
            "group": group,
            "fulfillment": fulfillment,
            "site_url": settings.SITE_URL,
        },
        group.get_absolute_url(),
    )
