"""Several disputes of one payment, and a bank that turns more than once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from checkout import disbursing, disputes, fulfillment, payments, payouts, returns
from checkout.models import (
    Dispute,
    Order,
    OrderLine,
    Refund,
    SellerDebt,
    Transfer,
    TransferReversal,
)
from checkout.refund_amounts import Claim
from checkout.stripe_objects import DisputeMove
from tests.factories import make_variant
from tests.payments.checkouts import assert_books_hold, make_group, start
from tests.payments.disputed import (
    GIVEN,
    TAKEN,
    make_two_shop_group,
    record,
    send_refunds,
    sums,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def group(sandbox):
    return make_two_shop_group(sandbox)


def hear(group, name, status, *moves):
    dispute = record(group, status, moves, id=name)
    send_refunds()
    return dispute


def whole(name, sign=-1):
    return DisputeMove(name, sign * 3000, 0)


def left_minor(group):
    return [order.refundable_minor for order in group.orders.order_by("pk")]


def ship(group):
    for order in group.orders.all():
        line = order.lines.get()
        fulfillment.ship(order, {line.pk: 1}, f"key-{order.pk}", carrier="DHL")


def pay_out(group):
    ship(group)
    long_ago = timezone.now() - timedelta(days=30)
    group.orders.update(status=Order.Status.DELIVERED, delivered_at=long_ago)
    for order in group.orders.all():
        payouts.start_transfer(order)
    move_money()


def move_money():
    """Stripe has done what it was asked for."""
    for transfer in Transfer.objects.exclude(status="paid"):
        disbursing.record_transfer(transfer, {"id": f"tr_{transfer.pk}"})
    for reversal in TransferReversal.objects.filter(status="pending"):
        disbursing.record_reversal(reversal, {"id": f"trr_{reversal.pk}"})


@pytest.mark.parametrize("second_end", ["won", "lost"])
def test_one_is_won_after_all_while_another_is_open(sandbox, second_end):
    """What was not sent goes back to the buyer, once: by us or by their bank."""
    before = sandbox.balance()
    group = make_group(variants=[make_variant(price_minor=2500)])
    sandbox.pay(start(group).payment_intent_id, "pm_card_createDispute")
    payments.settle(group)
    disputes.refresh_all()
    second = Dispute.objects.get().stripe_dispute_id
    taken = DisputeMove("txn_first", -2500, 0)
    given = DisputeMove("txn_first_back", 2500, 0)
    record(group, "lost", [taken], id="du_1", amount=2500)
    assert group.orders.get().status == Order.Status.CANCELED

    record(group, "won", [taken, given], id="du_1", amount=2500)
    send_refunds()

    waiting = Refund.objects.get(dispute=None)
    assert (waiting.status, waiting.amount_minor) == (Refund.Status.PENDING, 2500)
    assert_books_hold()

    words = f"{'winning' if second_end == 'won' else 'losing'}_evidence"
    evidence = {"evidence": {"uncategorized_text": words}}
    sandbox.stripe.v1.disputes.update(second, evidence)
    disputes.refresh(second)
    send_refunds()

    waiting.refresh_from_db()
    assert waiting.status == Refund.Status.SUCCEEDED
    assert bool(waiting.stripe_refund_id) == (second_end == "won")
    assert sums().keys() & {"frozen", "seller", "commission", "disputes"} == set()
    assert sandbox.balance() - before == sums()["stripe"]
    assert_books_hold()


def test_of_two_that_are_lost_one_is_won_after_all(group):
    """The shops bear the other then, which had been the platform's loss."""
    ship(group)
    hear(group, "du_1", "lost", whole("first"))
    hear(group, "du_2", "lost", whole("second"))
    assert sums() == {"stripe": -3000, "disputes": 3000}

    hear(group, "du_1", "won", whole("first"), whole("first_back", 1))

    assert sums() == {}
    assert left_minor(group) == [0, 0]
    assert {dispute.is_charged for dispute in Dispute.objects.all()} == {True, False}
    assert_books_hold()

    hear(group, "du_2", "won", whole("second"), whole("second_back", 1))
    assert sums() == {"stripe": 3000, "seller": -2700, "commission": -300}
    assert left_minor(group) == [1000, 2000]
    assert_books_hold()


def test_what_was_not_sent_is_not_paid_back_on_top_of_the_other_loss(group):
    hear(group, "du_1", "lost", whole("first"))
    hear(group, "du_2", "lost", whole("second"))

    hear(group, "du_1", "won", whole("first"), whole("first_back", 1))

    assert Refund.objects.exclude(stripe_refund_id="").exists() is False
    assert sums() == {}
    lines = OrderLine.objects.filter(order__group=group)
    assert [line.left for line in lines] == [0, 0]
    assert_books_hold()


def test_a_refund_from_before_stays_the_platforms_loss(group):
    """Two banks took €15.00 each of €30.00, of which €6.00 had gone back."""
    ship(group)
    order = group.orders.order_by("pk").last()
    goodwill = Claim(goodwill_minor=600)
    disbursing.send_refund(
        returns.refund_claim(order, goodwill, reason="late", by=None)
    )
    halves = {name: DisputeMove(name, -1500, 0) for name in ("first", "second")}
    hear(group, "du_1", "lost", halves["first"])
    hear(group, "du_2", "lost", halves["second"])
    assert sums()["disputes"] == 600

    given = DisputeMove("first_back", 1500, 0)
    hear(group, "du_1", "won", halves["first"], given)

    assert "disputes" not in sums()
    assert sum(left_minor(group)) == 900
    assert_books_hold()


def test_a_bank_that_turns_again_and_again(group):
    """The orders are completed: the money of their sellers follows each time."""
    pay_out(group)
    held = sums()
    moves = []
    for turn in range(3):
        moves.append(whole(f"taken_{turn}"))
        hear(group, "du_1", "lost", *moves)
        move_money()
        assert sums() == {}
        assert_books_hold()

        moves.append(whole(f"given_{turn}", 1))
        hear(group, "du_1", "won", *moves)
        move_money()
        assert sums() == held
        assert_books_hold()

    sent = Transfer.objects.filter(kind=Transfer.Kind.DISPUTE).order_by("pk")
    assert [transfer.amount_minor for transfer in sent] == [900, 1800] * 3
    assert len({transfer.refund_id for transfer in sent}) == 6


def test_what_a_seller_came_to_owe_meanwhile_is_kept_each_time(group):
    """Stripe does not take it back from them: it is a debt, and a debt again."""
    pay_out(group)
    moves = []
    for turn in range(2):
        moves.append(whole(f"taken_{turn}"))
        hear(group, "du_1", "lost", *moves)
        for reversal in TransferReversal.objects.filter(status="pending"):
            disbursing.seller_debts.record_shortage(reversal)
        assert sum(debt.left_minor for debt in SellerDebt.objects.open()) == 2700

        moves.append(whole(f"given_{turn}", 1))
        hear(group, "du_1", "won", *moves)
        assert SellerDebt.objects.open().exists() is False
        assert_books_hold()

    assert Transfer.objects.filter(kind=Transfer.Kind.DISPUTE).exists() is False
    assert sums() == {"stripe": 300, "commission": -300}


def test_a_turn_that_is_heard_of_twice_changes_nothing(group):
    pay_out(group)
    for _ in range(2):
        hear(group, "du_1", "lost", TAKEN)
    for _ in range(2):
        hear(group, "du_1", "won", TAKEN, GIVEN)

    assert Transfer.objects.filter(kind=Transfer.Kind.DISPUTE).count() == 2
    assert_books_hold()
