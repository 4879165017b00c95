"""From a paid order to the parcel at the door."""

from datetime import datetime, timedelta

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

SATURDAY = 5


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


def begin(order):
    """Give a paid order its dispatch deadline and tell its seller, once."""
    deadline = working_days_after(timezone.now(), order.seller.dispatch_days)
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


def begin_forgotten():
    """Begin paid orders whose task was lost."""
    before = timezone.now() - timedelta(minutes=10)
    forgotten = Order.objects.filter(
        status=Order.Status.PAID, dispatch_by=None, group__paid_at__lt=before
    )
    for order in forgotten.select_related("group", "seller"):
        begin(order)


def lines_to_ship(order):
    """The order's lines with `shipped` and `to_ship`, refunded units left out."""
    shipped = Coalesce(Sum("fulfillment_lines__quantity"), 0)
    return order.lines.annotate(
        shipped=shipped, to_ship=F("quantity") - F("refunded_quantity") - shipped
    )


@transaction.atomic
def ship(order, quantities, request_key, **parcel):
    """Record a parcel with `quantities` (units by order line) and tell the buyer.

    `parcel` is carrier, tracking number and tracking address.  The same
    `request_key` again returns the parcel that it made the first time.
    Raises ShipmentRefused.
    """
    order = Order.objects.select_for_update().get(pk=order.pk)
    if earlier := order.fulfillments.filter(request_key=request_key).first():
        return earlier
    if order.status not in {Order.Status.PAID, Order.Status.PARTLY_SHIPPED}:
        raise ShipmentRefused(
            _("This order is “%(status)s”, so nothing of it can be sent.")
            % {"status": order.get_status_display()}
        )
    lines = {line.pk: line for line in lines_to_ship(order)}
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
    order = Order.objects.select_for_update().get(pk=fulfillment.order_id)
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


def remind_sellers():
    """Tell sellers, once, of orders whose dispatch deadline has passed."""
    overdue = Order.objects.to_ship().filter(
        dispatch_by__lt=timezone.now(), reminded_at=None
    )
    for order in overdue.select_related("group", "seller"):
        _remind_seller(order)


@transaction.atomic
def _remind_seller(order):
    unreminded = Order.objects.filter(pk=order.pk, reminded_at=None)
    if not unreminded.update(reminded_at=timezone.now()):
        return
    for user in User.objects.filter(seller_memberships__seller=order.seller):
        notify(
            user,
            _("Order %(number)s should have been sent") % {"number": order.number},
            "checkout/overdue_order",
            {"order": order},
            order.get_absolute_url(),
        )


def _tell_buyer(order, subject, template, fulfillment):
    group = order.group
    notify(
        group.user or group.email,
        subject,
        f"checkout/{template}",
        {"order": order, "group": group, "fulfillment": fulfillment},
        group.get_absolute_url(),
    )
