"""The consumer's right to withdraw: no reason, no refusal, two steps, a confirmation.

Directive 2011/83/EU, articles 9 to 16, with the online function of article 11a that
Directive (EU) 2023/2673 added.  Which goods are exempt (article 16) nothing here knows.
"""

from collections.abc import Mapping
from datetime import datetime, time, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from checkout import fulfillment, return_requests, returns
from checkout.models import Order, ReturnRequest
from checkout.return_requests import ReturnRefused
from marketplace.accounts.models import User
from marketplace.accounts.notifications import notify

DAYS = 14
SATURDAY = 5
# The EU, Iceland, Liechtenstein and Norway.
COUNTRIES = {
    *("AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU"),
    *("IE", "IT", "LV", "LT", "LU", "MT", "NL", "PL", "PT", "RO", "SK", "SI", "ES"),
    *("SE", "IS", "LI", "NO"),
}
SENT = {
    Order.Status.PARTLY_SHIPPED,
    Order.Status.SHIPPED,
    Order.Status.DELIVERED,
    Order.Status.COMPLETED,
}


def ends_at(order: Order) -> datetime | None:
    """The last moment; None before delivery, when the days have not begun.

    The day of delivery is not counted, and a period that ends on a weekend ends on
    the Monday.  Public holidays are not known here.
    """
    if order.delivered_at is None:
        return None
    last = timezone.localdate(order.delivered_at) + timedelta(days=DAYS)
    while last.weekday() >= SATURDAY:
        last += timedelta(days=1)
    return timezone.make_aware(datetime.combine(last, time.max))


def is_open(order: Order) -> bool:
    """From the order on, also before anything was sent."""
    if order.group.country not in COUNTRIES:
        return False
    if order.status not in {Order.Status.PAID, *SENT}:
        return False
    end = ends_at(order)
    return end is None or timezone.now() <= end


@transaction.atomic
def withdraw(order: Order, quantities: Mapping[int, int], email: str) -> None:
    """Declare the withdrawal; the confirmation goes to `email`.

    What was not sent is canceled and paid back at once.  Raises ReturnRefused.
    """
    order = return_requests.locked(order)
    if not is_open(order):
        raise ReturnRefused(_("The time to withdraw from this purchase is over."))
    return_requests.check_units(order, quantities)
    waiting = {}
    if order.is_to_ship:
        waiting = {line.pk: line.to_ship for line in fulfillment.lines_to_ship(order)}
    unsent = {
        pk: min(wanted, waiting[pk])
        for pk, wanted in quantities.items()
        if waiting.get(pk, 0) > 0
    }
    sent = {pk: wanted - unsent.get(pk, 0) for pk, wanted in quantities.items()}
    sent = {pk: quantity for pk, quantity in sent.items() if quantity}
    lines = order.lines.in_bulk(quantities)
    declared = [(quantity, lines[pk]) for pk, quantity in quantities.items()]
    if sent:
        declare(order, sent, ReturnRequest.Status.ACCEPTED)
    if unsent:
        declare(order, unsent, ReturnRequest.Status.REFUNDED)
        give_back_unsent(order, unsent)
    confirm(order, email, {"declared": declared, "is_sent": bool(sent)})
    for user in User.objects.filter(seller_memberships__seller=order.seller):
        notify(
            user,
            _("The buyer withdraws from order %(number)s") % {"number": order.number},
            "checkout/withdrawal_declared",
            {"order": order, "declared": declared, "is_sent": bool(sent)},
            order.get_absolute_url(),
        )


def declare(order: Order, quantities: Mapping[int, int], status: str) -> None:
    return_requests.write_down(
        order,
        quantities,
        reason=_("Withdrawal from the purchase"),
        cause=ReturnRequest.Cause.CHANGED_MIND,
        is_withdrawal=True,
        status=status,
        decided_at=timezone.now(),
        send_by=return_requests.send_deadline(least_days=DAYS),
    )


def give_back_unsent(order: Order, quantities: Mapping[int, int]) -> None:
    claim = returns.Claim.of_units(quantities)
    if not returns.is_canceling(order, claim):
        returns.put_back(order, quantities)
    try:
        returns.refund_or_cancel(
            order, claim, reason=_("Withdrawn by the buyer"), by=None
        )
    except returns.RefundRefused as refusal:
        raise ReturnRefused(str(refusal)) from refusal


def confirm(order: Order, email: str, context: Mapping) -> None:
    """On a durable medium: what was declared, and the day and hour it was."""
    at = timezone.localtime()
    notify(
        email,
        _("Your withdrawal from order %(number)s") % {"number": order.number},
        "checkout/withdrawal_confirmed",
        {
            "order": order,
            "group": order.group,
            "at": date_format(at, "DATETIME_FORMAT"),
            **context,
        },
        order.group.get_absolute_url(),
    )
