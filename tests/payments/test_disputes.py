"""Disputes: whatever order the news come in, money and books end the same."""

from datetime import timedelta
from itertools import permutations

import pytest
from django.utils import timezone

from checkout import (
    disbursing,
    disputes,
    gateway,
    inbox,
    ledger,
    ordering,
    payments,
    payouts,
)
from checkout.models import (
    Dispute,
    JournalEntry,
    Order,
    Refund,
    Transfer,
    TransferReversal,
)
from checkout.stripe_objects import DisputeMove
from marketplace.accounts.models import Notification, User
from sellers import stock
from tests.factories import make_staff, make_variant
from tests.payments.checkouts import assert_books_hold, make_group, start
from tests.payments.disputed import (
    GIVEN,
    TAKEN,
    found,
    make_two_shop_group,
    record,
    settle,
    sums,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def group(sandbox):
    return make_two_shop_group(sandbox)


def deliver_to(group, close=True):
    long_ago = timezone.now() - timedelta(days=30)
    group.orders.update(status=Order.Status.DELIVERED, delivered_at=long_ago)
    return list(group.orders.order_by("pk"))


def test_a_dispute_takes_the_money_out_of_our_account_and_tells_everybody(group):
    operator = make_staff(User.Role.OPERATOR)
    Notification.objects.all().delete()

    dispute = record(group, moves=[TAKEN])

    assert (dispute.status, dispute.withdrawn_minor) == ("needs_response", 3000)
    assert sums() == {
        "stripe": -1500,
        "seller": -2700,
        "commission": -300,
        "frozen": 3000,
        "fees": 1500,
    }
    told = {note.user for note in Notification.objects.all()}
    sellers = User.objects.filter(seller_memberships__seller__orders__group=group)
    assert told == {operator, *sellers}
    assert ledger.unbalanced_entries() == ledger.unposted_events() == []


def test_nothing_of_a_disputed_payment_is_paid_out(group):
    orders = deliver_to(group)
    assert set(payouts.due_orders()) == set(orders)

    record(group, status="warning_needs_response")

    assert list(payouts.due_orders()) == []
    assert [payouts.start_transfer(order) for order in orders] == [None, None]
    assert Transfer.objects.exists() is False


def test_a_transfer_that_is_not_sent_yet_waits_for_the_decision(group):
    orders = deliver_to(group)
    transfer = payouts.start_transfer(orders[0])
    record(group, moves=[TAKEN])

    disbursing.send_transfer(transfer)

    transfer.refresh_from_db()
    assert transfer.status == Transfer.Status.PENDING


def test_no_shop_bears_the_dispute_of_a_payment_that_came_too_late(sandbox, group):
    variant = make_variant()
    late = make_group(variants=[variant])
    payment = start(late)
    ordering.cancel_unpaid(late, "late")
    stock.count(variant, 0)
    sandbox.pay(payment.payment_intent_id)
    payments.settle(late)
    disbursing.send_refund(payment.refunds.get())
    before = sums()

    taken = DisputeMove("txn_late", -late.total_minor, 1500)
    record(late, status="lost", moves=[taken])
    settle()

    assert Refund.objects.exclude(order=None).exists() is False
    after = sums()
    assert after["disputes"] == late.total_minor
    assert after["seller"] == before["seller"]
    assert_books_hold()


def test_a_won_dispute_frees_the_money(group):
    orders = deliver_to(group)
    record(group, moves=[TAKEN])

    record(group, status="won", moves=[TAKEN, GIVEN])

    assert set(payouts.due_orders()) == set(orders)
    assert "frozen" not in sums()
    assert sums()["seller"] == -2700
    assert Refund.objects.exists() is False
    dispute = Dispute.objects.get()
    assert (dispute.withdrawn_minor, dispute.closed_at is not None) == (0, True)


def test_a_lost_dispute_is_borne_by_each_shop_with_its_commission(group):
    orders = deliver_to(group)
    group.orders.filter(pk=orders[0].pk).update(status="completed")
    Transfer.objects.create(
        order=orders[0], amount_minor=900, currency="EUR", status="paid"
    )
    record(group, moves=[TAKEN])

    record(group, status="lost", moves=[TAKEN])
    settle()

    refunds = list(Refund.objects.order_by("pk"))
    assert [refund.amount_minor for refund in refunds] == [1000, 2000]
    assert [refund.commission_minor for refund in refunds] == [100, 200]
    assert TransferReversal.objects.get().amount_minor == 900
    assert sums() == {
        "stripe": -1500,
        "fees": 1500,
    }
    assert {order.refundable_minor for order in group.orders.all()} == {0}
    assert ledger.unbalanced_entries() == []


@pytest.mark.parametrize(("moves", "is_paid_back"), [([TAKEN], True), ([], False)])
def test_what_the_bank_keeps_of_a_prevented_dispute_is_lost(group, moves, is_paid_back):
    record(group, status="prevented", moves=moves)
    settle()

    assert Refund.objects.exists() is is_paid_back
    assert sums().get("seller", 0) == (0 if is_paid_back else -2700)
    assert "frozen" not in sums()


def test_a_part_that_is_lost_is_shared_by_what_each_shop_was_paid(group):
    taken = DisputeMove("txn_part", -1500, 1500)
    record(group, moves=[taken], amount=1500)

    record(group, status="lost", moves=[taken], amount=1500)
    settle()

    refunds = Refund.objects.order_by("pk")
    assert [refund.amount_minor for refund in refunds] == [500, 1000]
    assert [refund.commission_minor for refund in refunds] == [50, 100]
    assert "frozen" not in sums()


STORY = [
    ("needs_response", []),
    ("needs_response", [TAKEN]),
    ("under_review", [TAKEN]),
    ("lost", [TAKEN]),
]


@pytest.mark.parametrize("order_of_arrival", list(permutations(range(4))))
def test_answers_in_any_order_and_twice_end_the_same(group, order_of_arrival):
    start = timezone.now()

    for index in [*order_of_arrival, *order_of_arrival]:
        status, moves = STORY[index]
        seen = found(group, status=status, moves=moves)
        disputes.record(seen, start + timedelta(seconds=index))
    settle()
    settle()

    assert Dispute.objects.get().status == "lost"
    assert sums().keys() & {"frozen", "seller"} == set()
    assert Refund.objects.count() == 2
    assert JournalEntry.objects.filter(kind="dispute").count() == 1


def test_an_event_only_says_which_dispute_to_ask_for(group, monkeypatch):
    monkeypatch.setattr(
        gateway, "read_dispute", lambda _id: found(group, moves=[TAKEN])
    )

    for kind in disputes.EVENTS:
        # What the event says itself is old by then.
        inbox.HANDLERS[kind]({"id": "du_1", "status": "lost"})

    assert Dispute.objects.get().status == "needs_response"
    assert JournalEntry.objects.filter(kind="dispute").count() == 1


@pytest.mark.parametrize(
    ("words", "status"), [("losing_evidence", "lost"), ("winning_evidence", "won")]
)
def test_as_the_sandbox_plays_it_the_books_agree_with_its_balance(
    sandbox, deliver, words, status
):
    before = sandbox.balance()
    group = make_group(variants=[make_variant(price_minor=2500)])
    sandbox.pay(start(group).payment_intent_id, "pm_card_createDispute")
    payments.settle(group)
    [disputed] = sandbox.stripe.v1.disputes.list(
        {"payment_intent": group.payment.payment_intent_id}
    )
    disputes.refresh(disputed.id)
    dispute = Dispute.objects.get()
    assert (dispute.status, dispute.withdrawn_minor) == ("needs_response", 2500)

    evidence = {"uncategorized_text": words}
    sandbox.stripe.v1.disputes.update(disputed.id, {"evidence": evidence})
    # The last first, and the first again.
    events = sandbox.events(disputed.id)
    for event in [*reversed(events), *events]:
        assert deliver(event).status_code == 200
    disputes.refresh_all()
    settle()

    assert Dispute.objects.get().status == status
    assert sandbox.balance() - before == sums()["stripe"]
    assert_books_hold()


@pytest.mark.parametrize("failure", [gateway.Unclear, gateway.GatewayError])
def test_one_of_which_stripe_says_nothing_keeps_no_other_waiting(
    group, monkeypatch, failure
):
    def answer(stripe_dispute_id):
        if stripe_dispute_id == "du_0":
            raise failure("no answer")
        return found(group, moves=[TAKEN])

    monkeypatch.setattr(gateway, "dispute_ids_since", lambda _since: ["du_0", "du_1"])
    monkeypatch.setattr(gateway, "read_dispute", answer)

    disputes.refresh_all()

    assert Dispute.objects.get().stripe_dispute_id == "du_1"


def test_the_dispute_of_a_stranger_is_ignored(group):
    seen = found(group, payment_intent_id="pi_of_somebody_else")

    assert disputes.record(seen, timezone.now()) is None
    assert Dispute.objects.exists() is False
