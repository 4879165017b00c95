"""Refunds that meet a dispute: who pays them, and what is left for the shops."""

import pytest
from django.urls import reverse

from checkout import disbursing, disputes, gateway, payments, returns
from checkout.models import Dispute, Refund
from checkout.refund_amounts import Claim
from checkout.stripe_objects import DisputeMove
from marketplace.accounts.models import Notification
from tests.factories import make_user, make_variant
from tests.payments.checkouts import assert_books_hold, make_group, start
from tests.payments.disputed import (
    GIVEN,
    TAKEN,
    make_two_shop_group,
    record,
    settle,
    sums,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def group(sandbox):
    return make_two_shop_group(sandbox)


def test_what_was_refunded_before_is_the_platforms_loss(group):
    first = group.orders.order_by("pk").first()
    refund = returns.refund_claim(first, Claim(goodwill_minor=600), reason="", by=None)
    disbursing.send_refund(refund)
    record(group, moves=[TAKEN])

    record(group, status="lost", moves=[TAKEN])
    settle()

    lost = Refund.objects.exclude(dispute=None).order_by("pk")
    assert [refund.amount_minor for refund in lost] == [400, 2000]
    assert sums()["disputes"] == 600
    assert sums().keys() & {"frozen", "seller", "commission"} == set()


def test_a_refund_that_the_dispute_overtook_waits_and_is_the_banks_then(sandbox):
    group = make_group(variants=[make_variant(price_minor=2500)])
    sandbox.pay(start(group).payment_intent_id, "pm_card_createDispute")
    payments.settle(group)
    order = group.orders.get()
    # Decided before anybody here knew of the dispute.
    refund = returns.refund_claim(order, Claim(goodwill_minor=700), reason="", by=None)
    disbursing.send_refund(refund)
    refund.refresh_from_db()
    assert refund.status == Refund.Status.PENDING
    disputes.refresh_all()
    dispute = Dispute.objects.get()

    sandbox.stripe.v1.disputes.close(dispute.stripe_dispute_id)
    disputes.refresh(dispute.stripe_dispute_id)
    settle()

    refund.refresh_from_db()
    assert (refund.status, refund.dispute) == (Refund.Status.SUCCEEDED, dispute)
    order.refresh_from_db()
    assert order.refundable_minor == 0
    assert sums().keys() & {"frozen", "seller", "commission", "disputes"} == set()
    assert_books_hold()


def test_a_refund_that_was_perhaps_made_before_ends_with_a_lost_dispute(sandbox):
    boss = make_user(is_superuser=True)
    group = make_group(variants=[make_variant(price_minor=2500)])
    sandbox.pay(start(group).payment_intent_id, "pm_card_createDispute")
    payments.settle(group)
    order = group.orders.get()
    refund = returns.refund_claim(order, Claim(goodwill_minor=700), reason="", by=None)
    read_before = Refund.objects.get(pk=refund.pk)
    # An answer that told nothing: Stripe is asked whether it was made.
    disbursing.next_attempt(refund)
    refund.refresh_from_db()
    disbursing.send_refund(refund)
    refund.refresh_from_db()
    assert refund.status == Refund.Status.PENDING
    disputes.refresh_all()
    dispute = Dispute.objects.get()
    sandbox.stripe.v1.disputes.close(dispute.stripe_dispute_id)
    disputes.refresh(dispute.stripe_dispute_id)
    refund.refresh_from_db()
    assert sums()["disputes"] == 700

    disbursing.send_refund(refund)
    disbursing.send_refund(read_before)
    settle()

    refund.refresh_from_db()
    assert (refund.status, refund.dispute) == (Refund.Status.SUCCEEDED, dispute)
    assert sums().keys() & {"frozen", "seller", "commission", "disputes"} == set()
    told = Notification.objects.filter(user=boss)
    assert not told.filter(subject="A refund was refused by Stripe").exists()
    assert_books_hold()


def perhaps_made(group):
    order = group.orders.first()
    refund = returns.refund_claim(order, Claim(goodwill_minor=700), reason="", by=None)
    disbursing.next_attempt(refund)
    refund.refresh_from_db()
    return refund


def test_what_was_left_to_the_bank_late_is_paid_once_it_decides_anew(group):
    refund = perhaps_made(group)
    record(group, status="lost", moves=[TAKEN])
    assert disbursing.leave_to_bank(refund) is True

    settle()

    record(group, status="won", moves=[TAKEN, GIVEN])
    disbursing.send_refund(refund.successor)

    assert refund.successor.amount_minor == 700
    assert Refund.objects.exclude(stripe_refund_id="").get() == refund.successor
    assert sums().keys() & {"frozen", "disputes"} == set()
    assert_books_hold()


def test_of_what_the_bank_did_not_take_the_desk_is_told(group, monkeypatch):
    boss = make_user(is_superuser=True)
    refund = perhaps_made(group)
    part = DisputeMove("txn_part", -900, 0)
    record(group, status="lost", moves=[part], amount=900)

    def refuse(**_details):
        raise gateway.Refused("disputed", "charge_disputed")

    monkeypatch.setattr(gateway, "refund", refuse)
    disbursing.send_refund(refund)

    refund.refresh_from_db()
    assert (refund.status, refund.dispute) == (Refund.Status.FAILED, None)
    told = Notification.objects.filter(user=boss)
    assert told.filter(subject="A refund was refused by Stripe").count() == 1


def test_while_the_bank_has_the_money_nothing_is_refunded(client, group):
    record(group, moves=[TAKEN])
    order = group.orders.first()

    with pytest.raises(returns.RefundRefused, match="bank"):
        returns.refund_claim(order, Claim(goodwill_minor=1), reason="", by=None)
    url = reverse("checkout:cancel_order", args=[group.token, order.pk])
    client.post(url)

    order.refresh_from_db()
    assert (order.status, order.refunded_minor) == ("paid", 0)


def test_an_inquiry_took_no_money_so_it_can_be_refunded(group):
    record(group, status="warning_needs_response")

    returns.refund_claim(
        group.orders.first(), Claim(goodwill_minor=1), reason="", by=None
    )

    assert Refund.objects.count() == 1
