"""Disputes: whatever order the news come in, money and books end the same."""

from collections import Counter
from datetime import timedelta
from functools import partial
from itertools import permutations
from threading import BrokenBarrierError

import pytest
from django.urls import reverse
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
    returns,
)
from checkout.models import (
    Dispute,
    JournalEntry,
    LedgerAccount,
    Order,
    OrderGroup,
    Refund,
    Transfer,
    TransferReversal,
)
from checkout.refund_amounts import Claim
from checkout.stripe_objects import DisputeMove
from marketplace.accounts.models import Notification, User
from sellers import stock
from tests.factories import (
    make_order,
    make_product,
    make_seller,
    make_staff,
    make_user,
    make_variant,
)
from tests.payments.checkouts import (
    assert_books_hold,
    make_group,
    make_paid_group,
    start,
)
from tests.races import at_once, together_before

pytestmark = pytest.mark.django_db
TAKEN = DisputeMove("txn_taken", -3000, 1500)
GIVEN = DisputeMove("txn_given", 3000, 0)


@pytest.fixture
def group(sandbox):
    """€10.00 of one shop and €20.00 of another, paid; commission €1.00 and €2.00."""
    variants = [
        make_variant(
            price_minor=price,
            product=make_product(
                seller=make_seller(owner=make_user(), is_payable=True)
            ),
        )
        for price in (1000, 2000)
    ]
    return make_paid_group(sandbox, variants=variants)


def found(group, status="needs_response", moves=(), **fields):
    values = {
        "id": "du_1",
        "payment_intent_id": group.payment.payment_intent_id,
        "status": status,
        "reason": "product_not_received",
        "amount": 3000,
        "currency": "EUR",
        "evidence_due_at": timezone.now() + timedelta(days=9),
        "moves": list(moves),
    }
    return gateway.Dispute(**(values | fields))


def record(group, *args, **fields):
    return disputes.record(found(group, *args, **fields), timezone.now())


def settle():
    """What the tasks do after a lost dispute."""
    for refund in Refund.objects.exclude(dispute=None).order_by("pk"):
        disbursing.send_refund(refund)


def sums():
    found = Counter()
    for account, amount in ledger.balances().items():
        found[account.kind] += amount
    return {kind: amount for kind, amount in found.items() if amount}


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


def test_the_dispute_of_a_stranger_is_ignored(group):
    seen = found(group, payment_intent_id="pi_of_somebody_else")

    assert disputes.record(seen, timezone.now()) is None
    assert Dispute.objects.exists() is False


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


@pytest.fixture
def disputed_order():
    """Shipped, and of all of its money the bank has been asked."""
    order = make_order(status=Order.Status.SHIPPED)
    group = OrderGroup.objects.get(pk=order.group_id)
    returns.Payment.objects.create(
        group=group,
        payment_intent_id="pi_race",
        client_secret="secret",
        status="succeeded",
        amount_minor=group.total_minor,
        currency="EUR",
    )
    moves = [DisputeMove("txn_race", -group.total_minor, 0)]
    disputes.record(found(group, moves=moves), timezone.now())
    return order


def lose_at_once(order, times):
    group = OrderGroup.objects.get(pk=order.group_id)
    moves = [DisputeMove("txn_race", -group.total_minor, 0)]
    lost = found(group, status="lost", moves=moves)
    return at_once(*[partial(disputes.record, lost, timezone.now())] * times)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_lost_dispute_heard_of_many_times_at_once_is_charged_once(disputed_order):
    results = lose_at_once(disputed_order, 5)

    assert [r for r in results if isinstance(r, Exception)] == []
    assert Refund.objects.get().amount_minor == disputed_order.total_minor
    frozen = LedgerAccount.objects.get(kind="frozen")
    assert frozen.lines.get().amount_minor == disputed_order.total_minor


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_locks_it_is_charged_twice_or_breaks(disputed_order, monkeypatch):
    """The negative control: both have seen it open."""
    for model in (Order, returns.Payment):
        monkeypatch.setattr(
            model.objects,
            "select_for_update",
            lambda rows=model.objects, **_options: rows.all(),
            raising=False,
        )
    together_before(monkeypatch, disputes, "write_down", 2)

    results = lose_at_once(disputed_order, 2)

    failures = [result for result in results if isinstance(result, Exception)]
    assert not any(isinstance(failure, BrokenBarrierError) for failure in failures)
    assert failures or Refund.objects.count() == 2
