"""Webhooks that never come: the clock asks Stripe, and every history ends."""

from datetime import timedelta

import pytest
import stripe
from django.core import mail
from django.db import connection
from django.utils import timezone

from checkout import (
    bounced_refunds,
    disbursing,
    gateway,
    inbox,
    ordering,
    payments,
    reconciling,
    tasks,
)
from checkout.models import (
    Dispute,
    JournalEntry,
    OrderGroup,
    Payment,
    Refund,
    Transfer,
    TransferReversal,
)
from marketplace.timetable import PERIODIC_TASKS
from tests.factories import make_variant
from tests.payments.checkouts import grow_older, make_group, make_paid_group, start
from tests.payments.conftest import work_off

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sandbox")]


@pytest.fixture
def asked(monkeypatch):
    """The PaymentIntents that Stripe was asked about."""
    ids = []
    original = gateway.read_payment

    def read_payment(intent_id):
        ids.append(intent_id)
        return original(intent_id)

    monkeypatch.setattr(gateway, "read_payment", read_payment)
    return ids


@pytest.fixture
def resent(monkeypatch):
    """What the clock has sent to the workers once more."""
    sent = []
    for task in (tasks.send_refund, tasks.send_reversal):
        monkeypatch.setattr(
            task,
            "apply_async",
            lambda args, expires, name=task.__name__: sent.append((name, *args)),
        )
    return sent


def test_a_payment_of_which_nobody_tells_is_found_after_five_minutes(sandbox, asked):
    group = make_group()
    intent = sandbox.pay(start(group).payment_intent_id)

    grow_older(Payment, minutes=4)
    reconciling.reconcile()
    assert asked == []

    grow_older(Payment, minutes=1)
    reconciling.reconcile()
    group.refresh_from_db()
    assert asked == [intent.id]
    assert group.status == OrderGroup.Status.PAID


def test_the_clock_ends_every_history_within_ten_minutes_and_refunds_within_five():
    rounds = timedelta(seconds=PERIODIC_TASKS["checkout.periodic.reconcile"])

    assert payments.ASK_EVERY + 2 * rounds <= timedelta(minutes=10)
    assert reconciling.TASK_GRACE + 2 * rounds <= timedelta(minutes=5)
    assert rounds == timedelta(seconds=reconciling.ROUND_SECONDS)
    assert timedelta(seconds=PERIODIC_TASKS["checkout.periodic.pay_sellers"]) <= (
        timedelta(minutes=5)
    )


def test_what_is_still_open_is_asked_about_every_five_minutes_and_no_oftener(asked):
    start(make_group())
    grow_older(Payment, minutes=5)

    for _ in range(3):
        reconciling.reconcile()
    assert len(asked) == 1

    grow_older(Payment, minutes=5)
    reconciling.reconcile()
    assert len(asked) == 2
    assert OrderGroup.objects.get().status == OrderGroup.Status.PENDING


def test_what_is_decided_is_not_asked_about(sandbox, asked):
    make_paid_group(sandbox)
    grow_older(Payment, minutes=60)
    asked.clear()

    reconciling.reconcile()

    assert asked == []


def test_a_decline_and_a_canceled_payment_are_found_too(sandbox):
    declined, canceled = make_group(), make_group(email="other@example.com")
    sandbox.decline(start(declined).payment_intent_id)
    sandbox.stripe.v1.payment_intents.cancel(start(canceled).payment_intent_id)
    grow_older(Payment, minutes=5)

    reconciling.reconcile()

    for group in (declined, canceled):
        group.refresh_from_db()
    declined.payment.refresh_from_db()
    assert declined.payment.last_error == "Your card was declined."
    assert canceled.status == OrderGroup.Status.CANCELED


def test_while_stripe_is_down_nothing_is_taken_for_asked(sandbox):
    group = make_group()
    sandbox.pay(start(group).payment_intent_id)
    grow_older(Payment, minutes=5)
    sandbox.faults(
        requests=[{"kind": "error", "method": "GET", "path": "/v1/pay", "times": 1}]
    )

    reconciling.reconcile()
    group.refresh_from_db()
    assert group.status == OrderGroup.Status.PENDING

    grow_older(Payment, minutes=1)
    reconciling.reconcile()
    group.refresh_from_db()
    assert group.status == OrderGroup.Status.PAID


def test_one_that_stripe_does_not_know_keeps_no_other_waiting(sandbox):
    unknown, group = start(make_group()), make_group(email="other@example.com")
    Payment.objects.filter(pk=unknown.pk).update(payment_intent_id="pi_unknown")
    sandbox.pay(start(group).payment_intent_id)
    grow_older(Payment, minutes=5)

    reconciling.reconcile()

    group.refresh_from_db()
    assert group.status == OrderGroup.Status.PAID


def test_paid_too_late_without_a_webhook_the_refund_is_on_its_way_and_told(
    sandbox, eager_tasks, django_capture_on_commit_callbacks
):
    variant = make_variant(stock=1)
    late = make_group(variants=[variant])
    sandbox.pay(start(late).payment_intent_id)
    ordering.cancel_unpaid(late)
    make_paid_group(sandbox, variants=[variant], email="faster@example.com")
    grow_older(Payment, minutes=5)

    with django_capture_on_commit_callbacks(execute=True):
        reconciling.reconcile()

    assert Refund.objects.get().status == Refund.Status.SUCCEEDED
    first = mail.outbox[0]
    assert first.to == ["buyer@example.com"]
    assert "What you wanted has been sold meanwhile." in first.body


def make_refund(group, **fields):
    order = group.orders.get()
    return Refund.objects.create(
        payment=group.payment,
        order=order,
        amount_minor=300,
        currency="EUR",
        reason="scratched",
        **fields,
    )


def test_a_refund_whose_task_was_lost_is_sent_again_after_two_minutes(sandbox, resent):
    refund = make_refund(make_paid_group(sandbox))

    reconciling.reconcile()
    assert resent == []

    grow_older(Refund, minutes=2)
    reconciling.reconcile()
    assert resent == [("send_refund", refund.pk)]


def test_a_reversal_whose_task_was_lost_is_sent_again(sandbox, resent):
    refunds = [
        make_refund(make_paid_group(sandbox), status=Refund.Status.SUCCEEDED)
        for _ in range(2)
    ]
    transfer = Transfer.objects.create(
        order=refunds[0].order,
        amount_minor=900,
        currency="EUR",
        status=Transfer.Status.PAID,
    )
    lost, _short = (
        TransferReversal.objects.create(
            transfer=transfer, refund=refund, amount_minor=1, status=status
        )
        for refund, status in zip(
            refunds,
            # The second is tried again, but not each minute.
            (TransferReversal.Status.PENDING, TransferReversal.Status.SHORT),
            strict=True,
        )
    )
    grow_older(TransferReversal, minutes=2)

    reconciling.reconcile()

    assert resent == [("send_reversal", lost.pk)]


def test_what_waits_for_a_bank_or_a_transfer_keeps_nothing_else_waiting(
    sandbox, resent, monkeypatch
):
    monkeypatch.setattr(reconciling, "LIMIT", 1)
    disputed, lost = (make_refund(make_paid_group(sandbox)) for _ in range(2))
    dispute = Dispute.objects.create(
        payment=disputed.payment,
        stripe_dispute_id="du_1",
        status=Dispute.Status.UNDER_REVIEW,
        amount_minor=300,
        currency="EUR",
        withdrawn_minor=300,
        seen_at=timezone.now(),
    )
    waiting, sent = (
        TransferReversal.objects.create(
            transfer=Transfer.objects.create(
                order=refund.order, amount_minor=900, currency="EUR", status=status
            ),
            refund=refund,
            amount_minor=1,
        )
        for refund, status in ((disputed, "waiting"), (lost, "paid"))
    )
    for model in (Refund, TransferReversal):
        grow_older(model, minutes=2)

    reconciling.reconcile()
    assert resent == [("send_refund", lost.pk), ("send_reversal", sent.pk)]

    Dispute.objects.filter(pk=dispute.pk).update(status="won", withdrawn_minor=0)
    Transfer.objects.update(status="paid")
    resent.clear()
    reconciling.reconcile()
    assert resent == [("send_refund", disputed.pk), ("send_reversal", waiting.pk)]


@pytest.mark.parametrize(
    ("rows", "index"),
    [
        (Refund.objects.filter(status="pending"), "refunds_to_be_sent"),
        (
            Refund.objects.filter(stripe_status__in=reconciling.UNDECIDED),
            "refunds_undecided",
        ),
        (TransferReversal.objects.filter(status="pending"), "reversals_to_be_sent"),
        (Transfer.objects.exclude(status="paid"), "transfers_to_be_sent"),
    ],
)
def test_what_the_clock_looks_for_each_minute_has_an_index(rows, index):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
    assert index in rows.order_by("pk").explain()


@pytest.fixture
def pending_refund(sandbox):
    """Stripe has taken it on, and the bank is at work on it."""
    group = make_group()
    sandbox.pay(start(group).payment_intent_id, "pm_card_pendingRefund")
    payments.settle(group)
    refund = make_refund(group)
    disbursing.send_refund(refund)
    refund.refresh_from_db()
    assert refund.stripe_status == "pending"
    return refund


def test_a_refund_that_a_bank_is_at_work_on_is_asked_about(sandbox, pending_refund):
    sandbox.advance(days=1)
    reconciling.reconcile()
    pending_refund.refresh_from_db()
    assert pending_refund.stripe_status == "pending"

    grow_older(Refund, minutes=5)
    reconciling.reconcile()

    pending_refund.refresh_from_db()
    assert pending_refund.stripe_status == "succeeded"
    assert pending_refund.status == Refund.Status.SUCCEEDED


def test_a_refund_that_a_bank_sent_back_is_noticed_without_a_webhook(
    sandbox, pending_refund
):
    sandbox.act("fail_refund", refund=pending_refund.stripe_refund_id)
    grow_older(Refund, minutes=5)

    for _ in range(2):
        reconciling.reconcile()

    pending_refund.refresh_from_db()
    assert pending_refund.status == Refund.Status.FAILED
    failures = JournalEntry.objects.filter(kind=JournalEntry.Kind.FAILED_REFUND)
    assert failures.count() == 1


def test_a_refund_made_elsewhere_is_not_ours_to_ask_about(sandbox, deliver):
    group = make_paid_group(sandbox)
    made = sandbox.stripe.v1.refunds.create(
        {"payment_intent": group.payment.payment_intent_id, "amount": 100}
    )

    bounced_refunds.refresh_refund(made.id)

    assert Refund.objects.exists() is False


def test_the_clock_hears_of_a_payment_before_five_minutes_by_stripes_events(sandbox):
    group = make_group()
    sandbox.pay(start(group).payment_intent_id)

    inbox.catch_up()
    work_off()

    group.refresh_from_db()
    assert group.status == OrderGroup.Status.PAID


def test_attempts_are_kept_whatever_became_of_them(sandbox):
    group = make_group()
    intent_id = start(group).payment_intent_id
    sandbox.decline(intent_id)
    for _ in range(2):
        payments.settle(group)
    with pytest.raises(stripe.CardError):
        sandbox.pay(intent_id, "pm_card_chargeDeclinedInsufficientFunds")
    payments.settle(group)
    sandbox.pay(intent_id)
    payments.settle(group)

    attempts = group.payment.attempts.values_list("is_paid", "code", "message")
    assert list(attempts) == [
        (False, "generic_decline", "Your card was declined."),
        (False, "insufficient_funds", "Your card has insufficient funds."),
        (True, "", ""),
    ]
    assert all(group.payment.attempts.values_list("reference", flat=True))
