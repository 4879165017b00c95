"""From the buyer's card to a paid group of orders: same result however it is heard.

The webhook, the return page and the clock all end in `apply_intent`.  Locks are taken
in one order: payment, group, stock levels, orders.
"""

import logging

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from checkout import carts, gateway, ledger, ordering, tasks
from checkout.models import Order, OrderConflict, OrderGroup, Payment, Refund
from marketplace.accounts.notifications import notify
from sellers import stock
from sellers.models import OutOfStock

logger = logging.getLogger(__name__)

NOT_PAID = "not paid in time"


class PaymentMismatch(Exception):
    """Stripe reports another amount or currency than the group's."""


def start_payment(group: OrderGroup) -> str:
    """The client secret with which the buyer's browser pays the group.

    A second call, in another tab or at the same moment, gets the same one.  Raises
    OrderConflict when the group no longer awaits payment.
    """
    payment = Payment.objects.filter(group=group).first()
    if payment is None:
        intent = create_intent(group)
        payment = keep_intent(group, intent)
    if payment.status != Payment.Status.PENDING:
        raise OrderConflict(f"order group {group.pk} does not await payment")
    return payment.client_secret


def create_intent(group: OrderGroup) -> gateway.Intent:
    details = {
        "amount": group.total_minor,
        "currency": group.currency,
        "reference": group.number,
        "email": group.email,
    }
    key = f"payment-{group.token}"
    try:
        return gateway.create_payment(key=key, **details)
    except gateway.Unclear:
        # Stripe keeps its failure under the key.  Should it have made a PaymentIntent
        # all the same, nobody has that one's secret, so nobody can pay it.
        return gateway.create_payment(key=f"{key}-again", **details)


@transaction.atomic
def keep_intent(group: OrderGroup, intent: gateway.Intent) -> Payment:
    locked = OrderGroup.objects.select_for_update().get(pk=group.pk)
    if locked.status != OrderGroup.Status.PENDING:
        raise OrderConflict(f"order group {group.pk} does not await payment")
    payment, _created = Payment.objects.get_or_create(
        group=locked,
        defaults={
            "payment_intent_id": intent.id,
            "client_secret": intent.client_secret,
            "amount_minor": locked.total_minor,
            "currency": locked.currency,
        },
    )
    return payment


def settle(group: OrderGroup) -> OrderGroup:
    """Ask Stripe how the payment stands and apply it; the group as it is then."""
    payment = Payment.objects.filter(group=group).first()
    if payment is not None and payment.status == Payment.Status.PENDING:
        apply_intent(gateway.read_payment(payment.payment_intent_id))
    group.refresh_from_db()
    return group


def apply_intent(intent: gateway.Intent) -> None:
    """Bring our side in line with the PaymentIntent.  Others than ours are ignored."""
    if intent.status == "succeeded":
        record_success(intent)
    elif intent.status == "canceled":
        record_cancellation(intent)
    elif intent.error:
        record_failure(intent)


@transaction.atomic
def record_success(intent: gateway.Intent) -> None:
    payment = locked_payment(intent)
    if payment is None or payment.status in {
        Payment.Status.SUCCEEDED,
        Payment.Status.REFUNDED,
    }:
        return
    if (intent.amount, intent.currency) != (payment.amount_minor, payment.currency):
        raise PaymentMismatch(
            f"{intent.id}: {intent.amount} {intent.currency} instead of "
            f"{payment.amount_minor} {payment.currency}"
        )
    Payment.objects.filter(pk=payment.pk).update(
        status=Payment.Status.SUCCEEDED,
        charge_id=intent.charge_id,
        last_error="",
        succeeded_at=timezone.now(),
    )
    group = payment.group
    try:
        stock.take(group.reservation_reference)
    except OutOfStock:
        send_money_back(payment)
    else:
        mark_paid(payment)


def locked_payment(intent: gateway.Intent) -> Payment | None:
    """Ten deliveries and the return page at once wait here for each other."""
    payments = Payment.objects.select_for_update()
    payment = payments.filter(payment_intent_id=intent.id).first()
    if payment is not None:
        payment.group = OrderGroup.objects.select_for_update().get(pk=payment.group_id)
    return payment


def mark_paid(payment: Payment) -> None:
    group = payment.group
    group.advance(OrderGroup.Status.PAID, paid_at=timezone.now())
    for order in group.orders.order_by("pk"):
        order.advance(Order.Status.PAID, canceled_at=None, cancel_reason="")
        tasks.begin_fulfillment.delay_on_commit(order.pk)
    carts.take_out_bought(group)
    ledger.post_payment(payment)
    with override(group.language):
        subject = _("Your order %(number)s is confirmed") % {"number": group.number}
        tell_buyer(group, subject, "order_paid")


def send_money_back(payment: Payment) -> None:
    """Paid after the reservation had lapsed, and the goods are gone."""
    group = payment.group
    group.advance(OrderGroup.Status.REFUNDED)
    for order in group.orders.filter(status=Order.Status.PENDING).order_by("pk"):
        order.advance(Order.Status.CANCELED, canceled_at=timezone.now())
    ledger.post_late_payment(payment)
    refund = Refund.objects.create(
        payment=payment,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        reason="paid too late",
    )
    tasks.send_refund.delay_on_commit(refund.pk)
    with override(group.language):
        subject = _("Your payment for %(number)s comes back") % {"number": group.number}
        tell_buyer(group, subject, "paid_too_late")


def tell_buyer(group: OrderGroup, subject: str, template: str) -> None:
    notify(
        group.user or group.email,
        subject,
        f"checkout/{template}",
        {"group": group},
        group.get_absolute_url(),
    )


@transaction.atomic
def record_failure(intent: gateway.Intent) -> None:
    """Declined: the buyer may try again with the same order and PaymentIntent."""
    Payment.objects.filter(
        payment_intent_id=intent.id, status=Payment.Status.PENDING
    ).update(last_error=intent.error[:300])


@transaction.atomic
def record_cancellation(intent: gateway.Intent) -> None:
    payment = locked_payment(intent)
    if payment is None or payment.status != Payment.Status.PENDING:
        return
    Payment.objects.filter(pk=payment.pk).update(status=Payment.Status.CANCELED)
    ordering.cancel_unpaid(payment.group, NOT_PAID)


def release_overdue() -> None:
    """Give up groups whose time to pay is over: first at Stripe, then the stock.

    Also closes the payments of groups that the buyer has replaced by another.
    """
    overdue = OrderGroup.objects.overdue().order_by("pay_before")[:500]
    replaced = OrderGroup.objects.filter(
        status=OrderGroup.Status.CANCELED, payment__status=Payment.Status.PENDING
    )
    for group in [*overdue, *replaced[:500]]:
        try:
            expire(group)
        except (gateway.GatewayError, PaymentMismatch) as error:
            logger.warning("order group %s cannot expire yet: %s", group.pk, error)


def expire(group: OrderGroup) -> None:
    """Cancel the PaymentIntent, and look again should Stripe say it was paid."""
    payment = Payment.objects.filter(group=group).first()
    if payment is None:
        expire_without_payment(group)
    else:
        apply_intent(gateway.cancel_payment(payment.payment_intent_id))


@transaction.atomic
def expire_without_payment(group: OrderGroup) -> None:
    """Under the group's lock, which `keep_intent` takes before it adds a payment."""
    OrderGroup.objects.select_for_update().get(pk=group.pk)
    if not Payment.objects.filter(group=group).exists():
        ordering.cancel_unpaid(group, NOT_PAID)
