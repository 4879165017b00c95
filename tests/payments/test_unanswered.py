"""What Stripe says nothing of keeps nothing else waiting."""

import pytest
from django.utils import timezone

from checkout import gateway, reconciling
from checkout.models import OrderGroup, Payment, Refund
from checkout.patience import MOST_FAILURES
from tests.payments.checkouts import grow_older, make_group, start

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sandbox")]


def make_undecided_refund(number):
    return Refund.objects.create(
        payment=start(make_group(email=f"refund-{number}@example.com")),
        status=Refund.Status.SUCCEEDED,
        succeeded_at=timezone.now(),
        stripe_refund_id=f"re_{number}",
        stripe_status="pending",
        amount_minor=1,
        currency="EUR",
    )


def test_one_of_which_stripe_says_nothing_keeps_no_other_waiting(sandbox, monkeypatch):
    """Nor do many: the next round begins with those that were not asked about."""
    mute = [make_group(email=f"{n}@example.com") for n in range(MOST_FAILURES)]
    mute = {start(group).payment_intent_id for group in mute}
    group = make_group(email="other@example.com")
    sandbox.pay(start(group).payment_intent_id)
    grow_older(Payment, minutes=5)
    read = gateway.read_payment

    def answer(intent_id):
        if intent_id in mute:
            raise gateway.Unclear("500")
        return read(intent_id)

    monkeypatch.setattr(gateway, "read_payment", answer)

    for _ in range(2):
        reconciling.reconcile()

    group.refresh_from_db()
    assert group.status == OrderGroup.Status.PAID


def test_payments_without_an_answer_keep_no_refund_waiting(monkeypatch):
    """However many they are, and although they are asked about in each round."""
    for n in range(MOST_FAILURES):
        start(make_group(email=f"{n}@example.com"))
    refund = make_undecided_refund(0)
    for model in (Payment, Refund):
        grow_older(model, minutes=5)

    def say_nothing(_intent_id):
        raise gateway.Unclear("500")

    monkeypatch.setattr(gateway, "read_payment", say_nothing)
    answer = {"id": refund.stripe_refund_id, "status": "succeeded"}
    monkeypatch.setattr(gateway, "read_refund", lambda _pk: answer)

    reconciling.reconcile()

    refund.refresh_from_db()
    assert refund.stripe_status == "succeeded"


def test_a_refund_of_which_stripe_says_nothing_keeps_no_other_waiting(monkeypatch):
    refunds = [make_undecided_refund(n) for n in range(2)]
    grow_older(Refund, minutes=5)

    def answer(refund_id):
        if refund_id == "re_0":
            raise gateway.Unclear("500")
        return {"id": refund_id, "status": "succeeded"}

    monkeypatch.setattr(gateway, "read_refund", answer)

    reconciling.ask_about_refunds()

    for refund in refunds:
        refund.refresh_from_db()
    assert [refund.stripe_status for refund in refunds] == ["pending", "succeeded"]
