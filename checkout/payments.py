"""From the buyer's card to a paid group of orders: same result however it is heard.

The webhook, the return page and the clock all end in `apply_intent`.  Locks are taken
in one order: payment, group, coupon, stock levels, orders.
"""

import logging
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Prefetch, Q, prefetch_related_objects
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from checkout import (
    carts,
    coupons,
    gateway,
    late_payments,
    ledger,
    ordering,
    page_questions,
    purchase_limits,
    tasks,
    tax_records,
    video_sales,
)
from checkout.models import Order, OrderConflict, OrderGroup, Payment
from sellers import stock

logger = logging.getLogger(__name__)

NOT_PAID = "not paid in time"
# How often Stripe is asked about a payment of which nobody tells how it ended.
ASK_EVERY = timedelta(minutes=5)


class PaymentMismatch(Exception):
    """Stripe reports another amount or currency than the group's."""


def start_payment(group: OrderGroup) -> str:
    """The client secret with which the buyer's browser pays the group.

    A second call, in another tab or at the same moment, gets the same one.  Raises
    OrderConflict when the group no longer awaits payment.
    """
    return payment_to_make(group).client_secret


def payment_to_make(group: OrderGroup) -> Payment:
    """The same, with all that is known of it."""
    payment = Payment.objects.filter(group=group).first()
    if payment is None:
        intent = create_intent(group)
        payment = keep_intent(group, intent)
    if payment.status != Payment.Status.PENDING:
        raise OrderConflict(f"order group {group.pk} does not await payment")
    return payment


def create_intent(group: OrderGroup) -> gateway.Intent:
    details = {
        "amount": group.total_minor,
        "currency": group.currency,
        "reference": group.number,
        "email": group.email,
    }
    key = f"payment-{group.token}"
    with page_questions.asking():
        try:
            return gateway.create_payment(key=key, **details)
        except gateway.Unclear:
            # Stripe keeps its failure under the key.  Should it have made a
            # PaymentIntent all the same, nobody has that one's secret to pay it.
            return gateway.create_payment(key=f"{key}-again", **details)


@transaction.atomic
def keep_intent(group: OrderGroup, intent: gateway.Intent) -> Payment:
    locked = OrderGroup.objects.select_for_update().get(pk=group.pk)
    if locked.status != OrderGroup.Status.PENDING:
        raise OrderConflict(f"order group {group.pk} does not await payment")
    # Whoever adds one holds this lock.
    return Payment.objects.filter(group=locked).first() or Payment.objects.create(
        group=locked,
        payment_intent_id=intent.id,
        client_secret=intent.client_secret,
        amount_minor=locked.total_minor,
        currency=locked.currency,
    )


def settle(group: OrderGroup) -> OrderGroup:
    """Ask Stripe how the payment stands and apply it; the group as it is then."""
    payment = Payment.objects.filter(group=group).first()
    if payment is not None and payment.status == Payment.Status.PENDING:
        with page_questions.asking():
            intent = gateway.read_payment(payment.payment_intent_id)
        apply_intent(intent)
    group.refresh_from_db()
    return group


def refresh(payment_intent_id: str) -> None:
    """The same for a PaymentIntent that an event is about, if it is ours and open.

    Events overtake each other, so Stripe is asked how it stands now.
    """
    pending = Payment.objects.filter(status=Payment.Status.PENDING)
    if pending.filter(payment_intent_id=payment_intent_id).exists():
        apply_intent(gateway.read_payment(payment_intent_id))


def apply_intent(intent: gateway.Intent) -> None:
    """Bring our side in line with the PaymentIntent.  Others than ours are ignored."""
    if intent.status == "succeeded":
        record_success(intent)
    elif intent.status == "canceled":
        record_cancellation(intent)
    elif intent.status == "processing":
        record_processing(intent)
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
        is_processing=False,
        succeeded_at=timezone.now(),
    )
    keep_attempt(payment, intent.charge_id, is_paid=True)
    try:
        with transaction.atomic():
            take_again(payment.group)
    except late_payments.Unfulfillable as reason:
        late_payments.send_money_back(payment, reason.why)
    else:
        mark_paid(payment)


def take_again(group: OrderGroup) -> None:
    """What was given back when the group was given up; Unfulfillable without it."""
    late_payments.refuse_replaced(group)
    with late_payments.unfulfillable():
        coupons.take_again(group)
        purchase_limits.refuse_late(group)
        stock.take(group.reservation_reference)


def locked_payment(intent: gateway.Intent) -> Payment | None:
    """Ten deliveries and the return page at once wait here for each other."""
    payments = Payment.objects.locked()
    payment = payments.filter(payment_intent_id=intent.id).first()
    if payment is not None:
        payment.group = late_payments.locked_chain(payment.group_id)
    return payment


def mark_paid(payment: Payment) -> None:
    group = payment.group
    group.advance(OrderGroup.Status.PAID, paid_at=timezone.now())
    orders = Order.objects.select_related("seller").order_by("pk")
    # Once for all that follow: the books and the mail.
    prefetch_related_objects([group], Prefetch("orders", orders), "orders__lines")
    for order in group.orders.all():
        order.advance(Order.Status.PAID, canceled_at=None, cancel_reason="")
        tasks.begin_fulfillment.delay_on_commit(order.pk)
    carts.take_out_bought(group)
    if settings.STRIPE_TAX:
        tax_records.use_up(group)
    ledger.post_payment(payment)
    video_sales.tell_sold(group)
    with override(group.language):
        subject = _("Your order %(number)s is confirmed") % {"number": group.number}
        late_payments.tell_buyer(group, subject, "order_paid")


@transaction.atomic
def record_processing(intent: gateway.Intent) -> None:
    """The bank needs time: the goods are kept for more of it, once."""
    payment = locked_payment(intent)
    if payment is None or payment.status != Payment.Status.PENDING:
        return
    # What an earlier attempt met with is over.
    Payment.objects.filter(pk=payment.pk).update(is_processing=True, last_error="")
    group, now = payment.group, timezone.now()
    if group.status == OrderGroup.Status.PENDING and group.extended_at is None:
        minutes = settings.PAYMENT_PROCESSING_MINUTES
        group.extended_at = now
        group.pay_before = max(group.pay_before, now + timedelta(minutes=minutes))
        group.save(update_fields=["extended_at", "pay_before"])
        stock.extend(group.reservation_reference, group.pay_before)


@transaction.atomic
def record_failure(intent: gateway.Intent) -> None:
    """Declined: the buyer may try again with the same order and PaymentIntent."""
    payment = locked_payment(intent)
    if payment is None or payment.status != Payment.Status.PENDING:
        return
    Payment.objects.filter(pk=payment.pk).update(
        last_error=intent.error[:300], is_processing=False
    )
    keep_attempt(
        payment,
        intent.failed_reference,
        code=intent.failed_code[:60],
        message=intent.error[:300],
        method=intent.failed_method[:40],
    )


def keep_attempt(payment: Payment, reference: str, **fields) -> None:
    """Once, however often it is told.  The payment is locked."""
    this = {"reference": reference, "code": fields.pop("code", "")}
    if not payment.attempts.filter(**this).exists():
        payment.attempts.create(**this, **fields)


@transaction.atomic
def record_cancellation(intent: gateway.Intent) -> None:
    payment = locked_payment(intent)
    if payment is None or payment.status != Payment.Status.PENDING:
        return
    Payment.objects.filter(pk=payment.pk).update(
        status=Payment.Status.CANCELED, is_processing=False
    )
    ordering.cancel_unpaid(payment.group, NOT_PAID)


def release_overdue() -> None:
    """Give up groups whose time to pay is over: first at Stripe, then the stock.

    Also closes the payments of groups that the buyer has replaced by another.
    """
    overdue = OrderGroup.objects.overdue().exclude(lately_asked())
    replaced = OrderGroup.objects.filter(
        status=OrderGroup.Status.CANCELED, payment__status=Payment.Status.PENDING
    ).exclude(lately_asked())
    for group in [*overdue.order_by("pay_before")[:500], *replaced[:500]]:
        try:
            expire(group)
        except (gateway.GatewayError, PaymentMismatch) as error:
            logger.warning("order group %s cannot expire yet: %s", group.pk, error)


def lately_asked() -> Q:
    """Stripe cancels no payment that a bank is at work on, for days perhaps."""
    since = timezone.now() - ASK_EVERY
    return Q(payment__is_processing=True, payment__asked_at__gt=since)


def expire(group: OrderGroup) -> None:
    """Cancel the PaymentIntent, and look again should Stripe say it was paid."""
    payment = Payment.objects.filter(group=group).first()
    if payment is None:
        expire_without_payment(group)
    else:
        apply_intent(gateway.cancel_payment(payment.payment_intent_id))
        Payment.objects.filter(pk=payment.pk).update(asked_at=timezone.now())


@transaction.atomic
def expire_without_payment(group: OrderGroup) -> None:
    """Under the group's lock, which `keep_intent` takes before it adds a payment."""
    OrderGroup.objects.select_for_update().get(pk=group.pk)
    if not Payment.objects.filter(group=group).exists():
        ordering.cancel_unpaid(group, NOT_PAID)
