"""Histories of which nobody tells the end: Stripe is asked until each has one."""

import logging
from collections.abc import Callable
from datetime import timedelta

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from checkout import bounced_refunds, gateway, payments, tasks
from checkout.models import Dispute, Payment, Refund, Transfer, TransferReversal
from checkout.patience import Patience

logger = logging.getLogger(__name__)

# By then the message to the worker is lost, or the worker is.
TASK_GRACE = timedelta(minutes=2)
# A repeat that nobody took by the next round is dropped.
ROUND_SECONDS = 60
# Where Stripe gave no answer.
ASK_AGAIN = timedelta(seconds=ROUND_SECONDS)
# Of a round; the next one goes on.
LIMIT = 200
# Stripe's words for a refund that may still go wrong.
UNDECIDED = ["pending", "requires_action"]


def reconcile() -> None:
    resend_lost()
    # Each for itself: a few payments may stay without an answer round after round.
    for ask in (ask_about_payments, ask_about_refunds):
        try:
            ask()
        except gateway.GatewayError as error:
            logger.warning("Stripe cannot be asked how payments stand: %s", error)


def unheard_of(since: str) -> Q:
    """Undecided for so long, and not asked about for so long."""
    before = timezone.now() - payments.ASK_EVERY
    asked = Q(asked_at=None) | Q(asked_at__lte=before)
    return asked & Q(**{f"{since}__lte": before})


def ask_about_payments() -> None:
    def ask(payment):
        payments.apply_intent(gateway.read_payment(payment.payment_intent_id))

    undecided = unheard_of("created_at")
    ask_about(Payment.objects.filter(undecided, status=Payment.Status.PENDING), ask)


def ask_about_refunds() -> None:
    undecided = Refund.objects.filter(
        unheard_of("succeeded_at"),
        status=Refund.Status.SUCCEEDED,
        stripe_status__in=UNDECIDED,
    )
    ask_about(
        undecided,
        lambda refund: bounced_refunds.refresh_refund(refund.stripe_refund_id),
    )


def ask_about(undecided: QuerySet, ask: Callable) -> None:
    """Those first that were not asked about for the longest time, or never."""
    patience = Patience()
    longest = undecided.order_by(F("asked_at").asc(nulls_first=True), "pk")
    for row in longest[:LIMIT]:
        asked = undecided.model.objects.filter(pk=row.pk)
        # Should there be no answer, the others come first next time.
        asked.update(asked_at=timezone.now() - payments.ASK_EVERY + ASK_AGAIN)
        with patience.asking(repr(row)):
            try:
                ask(row)
            except (gateway.Refused, payments.PaymentMismatch) as problem:
                logger.error("%r stays undecided: %s", row, problem)
            asked.update(asked_at=timezone.now())


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
