"""Buyers who want to send something back, and what sellers answer."""

from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from checkout import returns
from checkout.models import Order, ReturnLine, ReturnRequest
from marketplace.accounts.models import User
from marketplace.accounts.notifications import notify
from sellers import stock
from sellers.models import StockMovement

OPEN = [ReturnRequest.Status.REQUESTED, ReturnRequest.Status.ACCEPTED]


class ReturnRefused(Exception):
    """The request cannot be made; the message tells the buyer why."""


def returnable_until(order):
    """The end of the seller's return window; None before delivery."""
    if order.delivered_at is None:
        return None
    return order.delivered_at + timedelta(days=order.seller.return_days)


def returnable_lines(order):
    """The order's lines with `returnable`: units neither refunded nor asked for."""
    asked_for = Coalesce(
        Sum(
            "return_lines__quantity",
            filter=Q(return_lines__return_request__status__in=OPEN),
        ),
        0,
    )
    return order.lines.annotate(
        returnable=F("quantity") - F("refunded_quantity") - asked_for
    )


def is_returnable(order):
    until = returnable_until(order)
    return until is not None and timezone.now() <= until


@transaction.atomic
def ask(order, quantities, reason):
    """Ask to return units of order lines.  Raises ReturnRefused."""
    order = (
        Order.objects.select_for_update(of=["self"])
        .select_related("seller", "group")
        .get(pk=order.pk)
    )
    if not is_returnable(order):
        raise ReturnRefused(
            _("The time to return this order is over, or not yet come.")
        )
    lines = {line.pk: line for line in returnable_lines(order)}
    if not quantities:
        raise ReturnRefused(_("Choose at least one thing to return."))
    for pk, quantity in quantities.items():
        if pk not in lines or not 0 < quantity <= lines[pk].returnable:
            raise ReturnRefused(_("You can return no more than you have."))
    request = order.return_requests.create(reason=reason)
    ReturnLine.objects.bulk_create(
        ReturnLine(return_request=request, order_line_id=pk, quantity=quantity)
        for pk, quantity in quantities.items()
    )
    for user in User.objects.filter(seller_memberships__seller=order.seller):
        notify(
            user,
            _("Return requested for order %(number)s") % {"number": order.number},
            "checkout/return_requested",
            {"order": order, "request": request},
            order.get_absolute_url(),
        )
    return request


def accept(request, answer):
    """Say yes: the buyer may send it back."""
    _answer(request, ReturnRequest.Status.ACCEPTED, answer, _("Please send it back"))


def refuse(request, answer):
    _answer(request, ReturnRequest.Status.REFUSED, answer, _("Your return was refused"))


@transaction.atomic
def refund(request, by, *, is_restocked):
    """Pay the request's units back, and put them on the shelf again if wanted."""
    request.advance(ReturnRequest.Status.REFUNDED, decided_at=timezone.now())
    lines = list(request.lines.select_related("order_line"))
    returns.refund_lines(
        request.order,
        {line.order_line_id: line.quantity for line in lines},
        reason=_("Returned"),
        by=by,
    )
    if not is_restocked:
        return
    for line in lines:
        if line.order_line.variant_id:
            stock.restock(
                line.order_line.variant_id,
                line.quantity,
                StockMovement.Reason.RETURN,
                f"return:{request.pk}",
            )


@transaction.atomic
def _answer(request, status, answer, subject):
    request.advance(status, answer=answer, decided_at=timezone.now())
    group = request.order.group
    notify(
        group.user or group.email,
        subject,
        "checkout/return_answered",
        {"order": request.order, "request": request},
        reverse("checkout:order_group", args=[group.token]),
    )
