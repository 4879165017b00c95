"""A dispute of which many hear at once."""

from functools import partial
from threading import BrokenBarrierError

import pytest
from django.utils import timezone

from checkout import disputes, returns
from checkout.models import LedgerAccount, Order, OrderGroup, Refund
from checkout.stripe_objects import DisputeMove
from tests.factories import make_order
from tests.payments.disputed import found
from tests.races import at_once, together_before, without_locks

pytestmark = pytest.mark.django_db


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
    without_locks(monkeypatch, Order, returns.Payment)
    together_before(monkeypatch, disputes, "write_down", 2)

    results = lose_at_once(disputed_order, 2)

    failures = [result for result in results if isinstance(result, Exception)]
    assert not any(isinstance(failure, BrokenBarrierError) for failure in failures)
    assert failures or Refund.objects.count() == 2
