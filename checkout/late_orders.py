"""Orders that are not sent in time: the seller is reminded, then they are canceled."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from checkout import fulfillment, returns
from checkout.models import Order
from marketplace.accounts.models import User
from marketplace.accounts.notifications import notify

logger = logging.getLogger(__name__)

TO_SHIP = {Order.Status.PAID, Order.Status.PARTLY_SHIPPED}


def cancels_at(order: Order) -> datetime | None:
    """When what is not sent yet is canceled by itself; None if it never is.

    Counted from the reminder once there is one, so that nobody is canceled unwarned
    should the reminder have come late.
    """
    days = settings.DISPATCH_GRACE_DAYS
    start = order.reminded_at or order.dispatch_by
    if not days or start is None or order.status not in TO_SHIP:
        return None
    return fulfillment.working_days_after(start, days)


def remind_sellers() -> None:
    """Tell sellers, once, of orders whose dispatch deadline has passed."""
    overdue = Order.objects.to_ship().filter(
        dispatch_by__lt=timezone.now(), reminded_at=None
    )
    for order in overdue.select_related("group", "seller"):
        remind_seller(order)


@transaction.atomic
def remind_seller(order: Order) -> None:
    order.reminded_at = timezone.now()
    unreminded = Order.objects.filter(pk=order.pk, reminded_at=None)
    if unreminded.update(reminded_at=order.reminded_at):
        tell_seller(
            order,
            _("Order %(number)s should have been sent") % {"number": order.number},
            "overdue_order",
            {"cancels_at": cancels_at(order)},
        )


def cancel_late_orders() -> int:
    """Cancel what is still not sent after the grace; how many orders that were."""
    if not settings.DISPATCH_GRACE_DAYS:
        return 0
    # So many days at least: weekends, which do not count, make it later.
    before = timezone.now() - timedelta(days=settings.DISPATCH_GRACE_DAYS)
    reminded = Order.objects.to_ship().filter(reminded_at__lt=before)
    canceled = 0
    for order in reminded.order_by("pk"):
        try:
            canceled += cancel_late_order(order)
        except returns.RefundRefused as refusal:
            # One order that cannot be refunded must not keep the others waiting.
            logger.error("Late order %s is not canceled: %s", order.pk, refusal)
    return canceled


@transaction.atomic
def cancel_late_order(order: Order) -> bool:
    """False when the seller, or another worker, was quicker."""
    orders = Order.objects.locked()
    order = orders.select_related("group__user", "seller").get(pk=order.pk)
    due_at = cancels_at(order)
    if due_at is None or due_at > timezone.now():
        return False
    refund = returns.cancel_unsent(order, reason=_("Not sent in time"), by=None)
    order.refresh_from_db(fields=["status"])
    group = order.group
    context = {"order": order, "group": group, "refund": refund}
    notify(
        group.user or group.email,
        _("%(shop)s did not send your order in time") % {"shop": order.seller.name},
        "checkout/not_sent_in_time",
        context,
        group.get_absolute_url(),
    )
    subject = _("Order %(number)s was canceled: not sent in time")
    tell_seller(
        order, subject % {"number": order.number}, "late_order_canceled", context
    )
    return True


def tell_seller(order: Order, subject: str, template: str, context: dict) -> None:
    for user in User.objects.filter(seller_memberships__seller=order.seller):
        notify(
            user,
            subject,
            f"checkout/{template}",
            {"order": order, **context},
            order.get_absolute_url(),
        )
