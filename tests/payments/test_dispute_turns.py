"""What a lost dispute stops, and decisions that a bank takes back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from checkout import (
    disbursing,
    disputes,
    fulfillment,
    gateway,
    inbox,
    ledger,
    payouts,
    returns,
)
from checkout.models import (
    Dispute,
    Order,
    OrderLine,
    Refund,
    StripeEvent,
    Transfer,
    TransferReversal,
)
from checkout.refund_amounts import Claim, due_for_dispute
from checkout.stripe_objects import DisputeMove
from marketplace.accounts.models import Notification, OutgoingMail
from sellers.models import StockLevel
from tests.factories import make_product, make_seller, make_user, make_variant
from tests.payments.checkouts import assert_books_hold, make_paid_group

pytestmark = pytest.mark.django_db
TAKEN = DisputeMove("txn_taken", -3000, 0)
GIVEN = DisputeMove("txn_given", 3000, 0)


@pytest.fixture
def group(sandbox):
    """€10.00 of one shop and €20.00 of another, paid and not sent."""
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


def record(group, status, *moves, **fields):
    values = {
        "id": "du_1",
        "payment_intent_id": group.payment.payment_intent_id,
        "status": status,
        "reason": "product_not_received",
        "amount": 3000,
        "currency": "EUR",
        "evidence_due_at": None,
        "moves": list(moves),
    }
    found = gateway.Dispute(**(values | fields))
    dispute = disputes.record(found, timezone.now())
    for refund in Refund.objects.order_by("pk"):
        disbursing.send_refund(refund)  # as the tasks do
    return dispute


def sums():
    found = {}
    for account, amount in ledger.balances().items():
        found[account.kind] = found.get(account.kind, 0) + amount
    return {kind: amount for kind, amount in found.items() if amount}


def ship(order, units=1):
    line = order.lines.get()
    return fulfillment.ship(order, {line.pk: units}, f"key-{order.pk}", carrier="DHL")


def pay_out(order):
    """Delivered long ago, and its money with the seller."""
    parcel = ship(order)
    long_ago = timezone.now() - timedelta(days=30)
    fulfillment.mark_delivered(parcel, long_ago)
    order.refresh_from_db()
    transfer = payouts.start_transfer(order)
    disbursing.record_transfer(transfer, {"id": f"tr_{transfer.pk}"})
    order.refresh_from_db()


def test_what_the_bank_paid_back_is_not_sent_any_more(client, group):
    first, second = group.orders.order_by("pk")
    ship(second)
    Notification.objects.all().delete()
    record(group, "needs_response", TAKEN)

    record(group, "lost", TAKEN)

    first.refresh_from_db()
    assert (first.status, first.lines.get().left) == (Order.Status.CANCELED, 0)
    levels = StockLevel.objects.order_by("pk")
    assert list(levels.values_list("on_hand", flat=True)) == [10, 9]
    with pytest.raises(fulfillment.ShipmentRefused):
        ship(first)
    second.refresh_from_db()
    assert second.status == Order.Status.SHIPPED
    told = {
        note.user.seller_memberships.get().seller_id: note.body
        for note in Notification.objects.filter(subject__contains="Lost")
    }
    assert "Do not send" in told[first.seller_id]
    assert "Do not send" not in told[second.seller_id]
    buyers = OutgoingMail.objects.filter(recipient=group.email)
    assert buyers.filter(subject=f"Order {first.number} is not sent").count() == 1
    page = client.get(group.get_absolute_url()).content.decode()
    assert "Canceled: Paid back by the buyer" in page
    assert_books_hold()


def test_of_a_partly_sent_order_the_rest_stays(sandbox):
    group = make_paid_group(sandbox, variants=[make_variant()], quantity=3)
    order = group.orders.get()
    ship(order, 2)

    record(group, "lost", TAKEN)

    order.refresh_from_db()
    assert (order.status, order.lines.get().refunded_quantity) == ("shipped", 1)
    assert StockLevel.objects.get().on_hand == 8
    assert_books_hold()


def test_a_part_that_is_lost_stops_nothing(group):
    taken = DisputeMove("txn_part", -1500, 0)

    record(group, "lost", taken, amount=1500)

    assert {order.status for order in group.orders.all()} == {Order.Status.PAID}
    assert_books_hold()


def test_what_cost_the_buyer_nothing_is_lost_with_the_rest(sandbox):
    """A coupon of the platform had paid for all of one line."""
    group = make_paid_group(sandbox, variants=[make_variant(price_minor=1000)])
    order = group.orders.get()
    free = order.lines.create(
        title="Free",
        sku="free",
        quantity=1,
        unit_price_minor=500,
        discount_minor=500,
        subsidy_minor=500,
        total_minor=0,
        commission_basis_points=1000,
        commission_minor=50,
    )
    Order.objects.filter(pk=order.pk).update(discount_minor=500, subsidy_minor=500)
    order.refresh_from_db()

    whole = due_for_dispute(order, 1000, {})
    half = due_for_dispute(order, 500, {})

    assert (whole.amount_minor, whole.subsidy_minor) == (1000, 500)
    assert whole.commission_minor == 150
    assert (half.amount_minor, half.subsidy_minor) == (500, 250)
    [part] = [part for part in whole.parts if part.order_line == free]
    assert (part.amount_minor, part.commission_minor) == (0, 50)


def test_won_after_all_the_shops_have_back_what_they_bore(group):
    for order in group.orders.all():
        pay_out(order)
    before = sums()
    record(group, "needs_response", TAKEN)
    record(group, "lost", TAKEN)
    for reversal in TransferReversal.objects.all():
        disbursing.record_reversal(reversal, {"id": f"trr_{reversal.pk}"})
    assert sums() == {}

    dispute = record(group, "won", TAKEN, GIVEN)

    assert (dispute.is_charged, dispute.withdrawn_minor) == (False, 0)
    assert {refund.status for refund in Refund.objects.all()} == {"undone"}
    assert {order.refunded_minor for order in group.orders.all()} == {0}
    again = Transfer.objects.filter(kind=Transfer.Kind.DISPUTE).order_by("pk")
    assert [transfer.amount_minor for transfer in again] == [900, 1800]
    assert sums()["seller"] == -2700
    for transfer in again:
        disbursing.record_transfer(transfer, {"id": f"tr_again_{transfer.pk}"})
    assert sums() == before
    assert_books_hold()


def test_won_after_all_what_was_not_sent_is_paid_back_to_the_buyer(sandbox, group):
    first, second = group.orders.order_by("pk")
    ship(second)
    record(group, "lost", TAKEN)

    record(group, "won", TAKEN, GIVEN)

    paid = Refund.objects.get(status=Refund.Status.SUCCEEDED)
    assert (paid.order, paid.amount_minor, paid.dispute) == (first, 1000, None)
    second.refresh_from_db()
    assert second.refunded_minor == 0
    assert sums() == {"stripe": 2000, "seller": -1800, "commission": -200}
    assert_books_hold()


def refund_part(group):
    return returns.refund_claim(
        group.orders.first(), Claim(goodwill_minor=100), reason="", by=None
    )


def test_what_stripe_had_refused_is_paid_by_the_bank(group):
    refund = refund_part(group)
    disbursing.record_refusal(refund, gateway.Refused("no money", "balance"))

    dispute = record(group, "lost", TAKEN)

    refund.refresh_from_db()
    assert (refund.status, refund.dispute) == (Refund.Status.SUCCEEDED, dispute)
    assert sums() == {}
    assert Refund.objects.to_settle().exists() is False
    assert_books_hold()


def take_over(group):
    """A refund that is the bank's, and whose task has not come yet."""
    refund = refund_part(group)
    found = {"payment_intent_id": group.payment.payment_intent_id, "amount": 3000}
    found |= {"id": "du_1", "reason": "", "currency": "EUR", "evidence_due_at": None}

    def hear(status, *moves):
        values = found | {"status": status, "moves": list(moves)}
        return disputes.record(gateway.Dispute(**values), timezone.now())

    hear("lost", TAKEN)
    return refund, hear


def test_a_refusal_that_comes_late_is_none_of_what_the_bank_has_paid(group):
    refund, _hear = take_over(group)

    disbursing.record_refusal(refund, gateway.Refused("disputed", "charge_disputed"))

    refund.refresh_from_db()
    assert refund.status == Refund.Status.PENDING
    disbursing.send_refund(refund)
    assert Refund.objects.to_settle().exists() is False


def test_a_task_that_comes_late_takes_nothing_for_paid_that_is_ours_again(group):
    refund, hear = take_over(group)
    read_before = Refund.objects.get(pk=refund.pk)

    hear("won", TAKEN, GIVEN)
    disbursing.send_refund(read_before)

    again = refund.successor
    assert (again.status, again.dispute) == (Refund.Status.PENDING, None)
    disbursing.send_refund(again)
    again.refresh_from_db()
    assert again.stripe_refund_id
    assert sum(paid.amount_minor for paid in Refund.objects.owed()) == 0
    assert_books_hold()


def test_the_figures_of_a_line_leave_out_what_was_undone(group):
    for order in group.orders.all():
        ship(order)
    record(group, "lost", TAKEN)
    lines = OrderLine.objects.filter(order__group=group).order_by("pk").with_net()
    assert [line.net_minor for line in lines] == [0, 0]

    record(group, "won", TAKEN, GIVEN)

    assert [line.net_minor for line in lines.all()] == [1000, 2000]


def test_lost_won_and_lost_again_is_lost_once(group):
    for order in group.orders.all():
        ship(order)
    refund = returns.refund_claim(
        group.orders.first(), Claim(goodwill_minor=100), reason="", by=None
    )
    disbursing.send_refund(refund)
    record(group, "lost", TAKEN)
    lost = sums()
    record(group, "won", TAKEN, GIVEN)
    again = DisputeMove("txn_again", -3000, 0)

    record(group, "lost", TAKEN, GIVEN, again)
    record(group, "lost", TAKEN, GIVEN, again)

    assert sums() == lost
    assert sums()["disputes"] == 100
    assert_books_hold()


def test_won_and_then_lost_is_charged(group):
    record(group, "won", TAKEN, GIVEN)
    Notification.objects.all().delete()
    again = DisputeMove("txn_again", -3000, 0)

    dispute = record(group, "lost", TAKEN, GIVEN, again)

    assert dispute.is_charged
    assert sums() == {}
    assert Notification.objects.filter(subject__contains="Lost").count() == 2
    assert_books_hold()


def test_a_loss_whose_money_goes_later_is_charged_then(group):
    record(group, "lost")
    assert Refund.objects.exists() is False

    for _ in range(2):
        record(group, "lost", TAKEN)

    assert Refund.objects.count() == 2
    assert sums() == {}
    assert_books_hold()


def test_a_dispute_that_is_opened_again_freezes_again(group):
    for order in group.orders.all():
        ship(order)
    record(group, "won", TAKEN, GIVEN)
    group.orders.update(
        status="delivered", delivered_at=timezone.now() - timedelta(days=30)
    )
    assert payouts.due_orders().count() == 2

    dispute = record(group, "under_review", TAKEN, GIVEN)

    assert (dispute.is_open, dispute.closed_at) == (True, None)
    assert payouts.due_orders().count() == 0


def test_what_stripe_settles_in_another_currency_is_booked_as_it_was_paid(group):
    taken = DisputeMove("txn_usd", -3310, 1650, "USD")

    record(group, "needs_response", taken)

    by_currency = {
        (account.kind, account.currency): amount
        for account, amount in ledger.balances().items()
        if account.kind in {"stripe", "frozen", "fees"} and amount
    }
    assert by_currency == {
        ("frozen", "EUR"): 3000,
        ("stripe", "USD"): -1650,
        ("fees", "USD"): 1650,
    }
    given = DisputeMove("txn_back", 3290, 0, "USD")
    dispute = record(group, "won", taken, given)
    assert dispute.withdrawn_minor == 0
    assert sums()["stripe"] == 3000 - 1650
    assert "frozen" not in sums()
    assert_books_hold()


def test_parts_in_another_currency_are_refused_and_not_added_up(group, monkeypatch):
    parts = [
        DisputeMove("txn_one", -1100, 0, "USD"),
        DisputeMove("txn_two", -2200, 0, "USD"),
    ]

    with pytest.raises(disputes.MixedCurrencies):
        record(group, "needs_response", *parts)

    assert Dispute.objects.exists() is False
    assert "frozen" not in sums()

    def refuse(_id):
        raise disputes.MixedCurrencies("parts")

    monkeypatch.setattr(disputes, "refresh", refuse)
    payload = {
        "id": "evt_1",
        "type": "charge.dispute.created",
        "livemode": False,
        "data": {"object": {"id": "du_1"}},
    }
    kept = StripeEvent.objects.create(
        event_id="evt_1",
        type="charge.dispute.created",
        payload=payload,
        due_at=timezone.now(),
    )
    inbox.apply(kept)
    kept.refresh_from_db()
    # People look at it: trying again would not help.
    assert (kept.status, kept.failure_reason, kept.due_at) == ("failed", "parts", None)
