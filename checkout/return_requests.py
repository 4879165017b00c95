"""Buyers who want to send something back, and what sellers answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from secrets import token_hex

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from checkout import fulfillment, returns
from checkout.models import Order, OrderConflict, ReturnLine, ReturnRequest
from marketplace.accounts.models import User
from marketplace.accounts.notifications import notify
from sellers import stock
from sellers.models import StockMovement, Variant

Status, Cause = ReturnRequest.Status, ReturnRequest.Cause
MOST_PICTURES = 6


class ReturnRefused(Exception):
    """The request cannot be made; the message tells the buyer why."""


@dataclass(frozen=True)
class Details:
    """Besides which units and why; pictures are encoded already."""

    cause: str = Cause.OTHER
    exchange_for: Variant | None = None
    pictures: list[ContentFile] = field(default_factory=list)


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
            filter=Q(return_lines__return_request__status__in=ReturnRequest.OPEN),
        ),
        0,
    )
    # Grouped rows come in any order unless told.
    return order.lines.annotate(
        returnable=F("quantity") - F("refunded_quantity") - asked_for
    ).order_by("pk")


def is_returnable(order):
    until = returnable_until(order)
    return until is not None and timezone.now() <= until


def exchangeable(line) -> list[Variant]:
    """Other variants of the product that cost the same today and are on the shelf."""
    if line.variant is None:
        return []
    others = Variant.objects.on_sale().filter(
        product=line.variant.product_id, price_minor=line.variant.price_minor
    )
    others = others.exclude(pk=line.variant_id).select_related("stock")
    return [variant for variant in others if variant.available > 0]


@transaction.atomic
def ask(order, quantities, reason, details: Details | None = None):
    """Ask to return units of order lines.  Raises ReturnRefused."""
    details = details or Details()
    order = locked(order)
    if not is_returnable(order):
        raise ReturnRefused(
            _("The time to return this order is over, or not yet come.")
        )
    check_units(order, quantities)
    if details.exchange_for is not None:
        check_exchange(order, quantities, details.exchange_for)
    request = write_down(
        order,
        quantities,
        reason=reason,
        cause=details.cause,
        exchange_for=details.exchange_for,
        answer_by=answer_deadline(),
    )
    for file in details.pictures:
        request.pictures.create(image=file)
    subject = _("Return requested for order %(number)s")
    tell_seller(request, subject, "return_requested")
    return request


def answer_deadline():
    return fulfillment.working_days_after(timezone.now(), settings.RETURN_ANSWER_DAYS)


def send_deadline(least_days=0):
    """Of what is accepted now; None where a return is waited for without end."""
    days = settings.RETURN_SEND_DAYS
    if not days:
        return None
    return timezone.now() + timedelta(days=max(days, least_days))


def locked(order):
    orders = Order.objects.locked()
    return orders.select_related("seller", "group").get(pk=order.pk)


def check_units(order, quantities: Mapping[int, int]) -> None:
    lines = {line.pk: line for line in returnable_lines(order)}
    if not quantities:
        raise ReturnRefused(_("Choose at least one thing to return."))
    for pk, quantity in quantities.items():
        if pk not in lines or not 0 < quantity <= lines[pk].returnable:
            raise ReturnRefused(_("You can return no more than you have."))


def check_exchange(order, quantities, variant) -> None:
    """One line for another variant of its product, at the same price."""
    if len(quantities) != 1:
        raise ReturnRefused(_("Exchange one thing at a time."))
    [(pk, quantity)] = quantities.items()
    line = order.lines.select_related("variant").get(pk=pk)
    variant = Variant.objects.select_related("stock").get(pk=variant.pk)
    if line.variant is None or variant.product_id != line.variant.product_id:
        raise ReturnRefused(_("Only another variant of the same product is exchanged."))
    if variant.price_minor != line.variant.price_minor:
        raise ReturnRefused(
            _("It costs another price: send yours back, and order it anew.")
        )
    if variant.available < quantity:
        raise ReturnRefused(_("There are not enough of it to exchange."))


def write_down(order, quantities, **fields) -> ReturnRequest:
    request = order.return_requests.create(**fields)
    ReturnLine.objects.bulk_create(
        ReturnLine(return_request=request, order_line_id=pk, quantity=quantity)
        for pk, quantity in quantities.items()
    )
    return request


def picture_file(data: bytes) -> ContentFile:
    return ContentFile(data, f"{token_hex(16)}.webp")


def tell_seller(request, subject, template):
    order = request.order
    for user in User.objects.filter(seller_memberships__seller=order.seller):
        notify(
            user,
            subject % {"number": order.number},
            f"checkout/{template}",
            {"order": order, "request": request},
            order.get_absolute_url(),
        )


@transaction.atomic
def accept(request, answer):
    """Say yes: the buyer may send it back, and has some days for it.

    What was closed meanwhile is opened with more care: `unsent_returns.reopen`.
    """
    locked(request.order)  # as whoever closes does
    request.refresh_from_db(fields=["status"])
    if request.status == Status.CLOSED:
        raise OrderConflict("it is closed")
    subject = _("Please send it back")
    _answer(request, Status.ACCEPTED, answer, subject, send_by=send_deadline())


def refuse(request, answer):
    if request.is_withdrawal:
        raise OrderConflict("a withdrawal cannot be refused")
    _answer(request, Status.REFUSED, answer, _("Your return was refused"))


def accept_overdue() -> int:
    """Accept what sellers have not answered in time; how many requests that were."""
    overdue = ReturnRequest.objects.unanswered().filter(answer_by__lt=timezone.now())
    accepted = 0
    for request in overdue.select_related("order__group__user", "order__seller"):
        accepted += accept_unanswered(request)
    return accepted


@transaction.atomic
def accept_unanswered(request) -> bool:
    """False when the seller, or another worker, was quicker."""
    try:
        with override(request.order.group.language):
            accept(request, "")
    except OrderConflict:
        return False
    subject = _("The return of order %(number)s is accepted: not answered in time")
    tell_seller(request, subject, "return_accepted_unanswered")
    return True


@transaction.atomic
def refund(request, by, *, is_restocked):
    """Pay the request's units back, and put them on the shelf again if wanted.

    Those that were paid back meanwhile in another way are not paid back again: what is
    returned has to come to an end all the same.
    """
    order = locked(request.order)  # first, as whoever exchanges does
    request.advance(Status.REFUNDED, decided_at=timezone.now())
    lines = list(request.lines.select_related("order_line"))
    unpaid = {
        line.order_line_id: min(line.quantity, line.order_line.left) for line in lines
    }
    if any(unpaid.values()):
        returns.refund_lines(order, unpaid, reason=_("Returned"), by=by)
    if is_restocked:
        restock(request, lines)


def restock(request, lines) -> None:
    for line in lines:
        if line.order_line.variant_id:
            stock.restock(
                line.order_line.variant_id,
                line.quantity,
                StockMovement.Reason.RETURN,
                f"return:{request.pk}",
            )


@transaction.atomic
def _answer(request, status, answer, subject, **fields):
    request.advance(status, answer=answer, decided_at=timezone.now(), **fields)
    group = request.order.group
    notify(
        group.user or group.email,
        subject,
        "checkout/return_answered",
        {"order": request.order, "request": request},
        reverse("checkout:order_group", args=[group.token]),
    )
