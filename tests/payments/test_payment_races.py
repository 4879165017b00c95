"""Several at once, on threads with real connections.  See tests/races.py."""

from functools import partial

import pytest

from checkout import gateway, inbox, payments
from checkout.models import (
    JournalEntry,
    OrderGroup,
    Payment,
    Refund,
    StripeEvent,
)
from sellers.models import StockMovement
from tests.factories import make_variant
from tests.payments.checkouts import lapse, make_group, start
from tests.races import at_once, together_after

pytestmark = [
    pytest.mark.race,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("sandbox"),
]


@pytest.fixture
def reported(sandbox):
    """A group that is paid at Stripe, and the event that says so."""
    variant = make_variant(stock=20)
    group = make_group(variants=[variant], quantity=2)
    intent = sandbox.pay(start(group).payment_intent_id)
    [event] = sandbox.events(intent.id, "payment_intent.succeeded")
    return group, gateway.Event.read(event)


def rush(group, event):
    """Ten webhooks with five event ids, and the return page twice, at one instant."""
    copies = [gateway.Event.read(event.payload | {"id": f"{event.id}{n % 5}"})
              for n in range(10)]  # fmt: skip
    return at_once(
        *(partial(inbox.apply_once, copy) for copy in copies),
        *(partial(payments.settle, OrderGroup.objects.get(pk=group.pk)),) * 2,
    )


def effects():
    return (
        JournalEntry.objects.filter(kind=JournalEntry.Kind.PAYMENT).count(),
        StockMovement.objects.filter(reason=StockMovement.Reason.SALE).count(),
    )


@pytest.mark.fault("F2 F4", "ten webhooks, return page twice, at once: paid once")
def test_ten_webhooks_and_the_return_page_at_once_pay_once(reported):
    group, event = reported

    results = rush(group, event)

    group.refresh_from_db()
    assert [r for r in results if isinstance(r, Exception)] == []
    assert group.status == OrderGroup.Status.PAID
    assert effects() == (1, 1)
    assert StripeEvent.objects.count() == 5


@pytest.mark.fault("F2 F4", "without the lock they collide")
def test_without_the_lock_the_same_rush_collides(reported, monkeypatch):
    """The negative control: else the test above would prove nothing."""

    def unlocked(intent):
        payments_found = Payment.objects.select_related("group")
        return payments_found.filter(payment_intent_id=intent.id).first()

    monkeypatch.setattr(payments, "locked_payment", unlocked)
    together_after(monkeypatch, payments, "locked_payment", 2)
    group, _event = reported
    found = OrderGroup.objects.filter(pk=group.pk)

    results = at_once(*(partial(payments.settle, found.get()) for _ in range(2)))

    assert sorted(type(r).__name__ for r in results) == ["OrderConflict", "OrderGroup"]


def test_two_tabs_that_start_at_once_get_one_payment():
    group = make_group()

    secrets = at_once(*[partial(payments.start_payment, group)] * 6)

    assert len(set(secrets)) == 1
    assert secrets[0] == Payment.objects.get().client_secret


@pytest.mark.fault("F6", "paid and given up at once: one end")
@pytest.mark.parametrize("attempt", range(5))
def test_paying_and_running_out_of_time_at_once_ends_one_way(sandbox, attempt):
    """The buyer confirms in the instant in which the clock gives the group up."""
    variant = make_variant(stock=1)
    group = make_group(variants=[variant])
    payment = start(group)
    lapse(group)

    at_once(
        partial(sandbox.pay, payment.payment_intent_id),
        payments.release_overdue,
        partial(payments.expire, group),
    )
    payments.settle(group)
    payments.release_overdue()

    group.refresh_from_db()
    payment.refresh_from_db()
    variant.stock.refresh_from_db()
    intent = gateway.read_payment(payment.payment_intent_id)
    is_paid = intent.status == "succeeded"
    assert (group.status, payment.status, variant.stock.on_hand) == (
        ("paid", "succeeded", 0) if is_paid else ("canceled", "canceled", 1)
    )
    assert variant.stock.reserved == 0


@pytest.mark.fault("F7", "two late payers, one piece: one order, one refund")
def test_two_late_payers_for_the_last_piece_end_with_one_order_and_one_refund(
    sandbox, eager_tasks
):
    variant = make_variant(stock=1)
    events = []
    for number in range(2):
        group = make_group(variants=[variant], email=f"buyer{number}@example.com")
        intent = sandbox.pay(start(group).payment_intent_id)
        payments.ordering.cancel_unpaid(group)
        events += sandbox.events(intent.id, "payment_intent.succeeded")

    results = at_once(
        *(partial(inbox.apply_once, gateway.Event.read(event)) for event in events * 3)
    )

    variant.stock.refresh_from_db()
    assert [r for r in results if isinstance(r, Exception)] == []
    assert sorted(OrderGroup.objects.values_list("status", flat=True)) == [
        "paid",
        "refunded",
    ]
    assert Refund.objects.get().status == Refund.Status.SUCCEEDED
    assert (variant.stock.on_hand, variant.stock.reserved) == (0, 0)
