"""Histories of which nobody tells the end: Stripe is asked until each has one."""

import logging
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from checkout import bounced_refunds, gateway, payments, tasks
from checkout.models import Dispute, Payment, Refund, Transfer, TransferReversal

logger = logging.getLogger(__name__)

# By then the message to the worker is lost, or the worker is.
TASK_GRACE = timedelta(minutes=2)
# A repeat that nobody took by the next round is dropped.
ROUND_SECONDS = 60
# Of a round; the next one goes on.
LIMIT = 200
# Stripe's words for a refund that may still go wrong.
UNDECIDED = ["pending", "requires_action"]


def reconcile() -> None:
    resend_lost()
    try:
        ask_about_payments()
        ask_about_refunds()
    except gateway.GatewayError as error:
        logger.warning("Stripe cannot be asked how payments stand: %s", error)


def unheard_of(since: str) -> Q:
    """Undecided for so long, and not asked about for so long."""
    before = timezone.now() - payments.ASK_EVERY
    asked = Q(asked_at=None) | Q(asked_at__lte=before)
    return asked & Q(**{f"{since}__lte": before})


def ask_about_payments() -> None:
    undecided = Payment.objects.filter(
        unheard_of("created_at"), status=Payment.Status.PENDING
    )
    for payment in undecided.order_by("pk")[:LIMIT]:
        try:
            payments.apply_intent(gateway.read_payment(payment.payment_intent_id))
        except (gateway.Refused, payments.PaymentMismatch) as problem:
            logger.error("payment %s stays undecided: %s", payment.pk, problem)
        Payment.objects.filter(pk=payment.pk).update(asked_at=timezone.now())


def ask_about_refunds() -> None:
    undecided = Refund.objects.filter(
        unheard_of("succeeded_at"),
        status=Refund.Status.SUCCEEDED,
        stripe_status__in=UNDECIDED,
    )
    for refund in undecided.order_by("pk")[:LIMIT]:
        try:
            bounced_refunds.refresh_refund(refund.stripe_refund_id)
        except gateway.Refused as problem:
            logger.error("refund %s stays undecided: %s", refund.pk, problem)
            Refund.objects.filter(pk=refund.pk).update(asked_at=timezone.now())


def resend_lost() -> None:
    """Refunds and reversals whose task was lost or gave up.

    Not what waits for a bank or for a transfer, for weeks perhaps: enough of that would
    keep everything else waiting.
    """
    before = timezone.now() - TASK_GRACE
    refunds = Refund.objects.filter(status=Refund.Status.PENDING)
    reversals = TransferReversal.objects.filter(
        status=TransferReversal.Status.PENDING, transfer__status=Transfer.Status.PAID
    )
    for pending, task in (
        (not_with_a_bank(refunds), tasks.send_refund),
        (reversals, tasks.send_reversal),
    ):
        lost = pending.filter(created_at__lte=before)
        for pk in lost.order_by("pk").values_list("pk", flat=True)[:LIMIT]:
            task.apply_async((pk,), expires=ROUND_SECONDS)


def not_with_a_bank(refunds: QuerySet) -> QuerySet:
    """Without those of which Stripe sends nothing until a dispute is decided."""
    taken = Dispute.objects.open().filter(withdrawn_minor__gt=0)
    return refunds.exclude(payment__in=taken.values("payment"))
