"""Refunds that cross a dispute: payment, orders, refunds are locked in this order."""

import threading
from functools import partial

import pytest
from django.db import OperationalError
from django.utils import timezone

from checkout import bounced_refunds, disbursing, disputes, ledger, returns
from checkout.models import Dispute, Order, OrderGroup, Payment, Refund
from checkout.refund_amounts import Claim
from checkout.stripe_objects import DisputeMove
from tests.factories import make_order
from tests.payments.disputed import found
from tests.races import crossed

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def make_bought():
    order = make_order(status=Order.Status.SHIPPED)
    Payment.objects.create(
        group=order.group,
        payment_intent_id="pi_crossed",
        client_secret="secret",
        status="succeeded",
        amount_minor=order.group.total_minor,
        currency="EUR",
    )
    return order


def goodwill(order):
    claim = Claim(goodwill_minor=100)
    return returns.refund_claim(order, claim, reason="late", by=None)


def is_decided():
    """A refund while the bank's decision comes in: order, then its payment."""
    return returns, "keep", partial(goodwill, make_bought())


def is_made():
    """Stripe has taken it on: refund, then its order."""
    refund = goodwill(make_bought())
    record = partial(disbursing.record_refund, refund, {"id": "re_1"})
    return ledger, "post_refund", record


def came_too_late():
    """The whole payment goes back: refund, then its payment."""
    order = make_bought()
    OrderGroup.objects.update(status=OrderGroup.Status.REFUNDED)
    refund = Refund.objects.create(
        payment=order.group.payment, amount_minor=1, currency="EUR", reason="late"
    )
    record = partial(disbursing.record_refund, refund, {"id": "re_1"})
    return ledger, "post_refund", record


def is_sent_again():
    """The buyer's bank had sent it back: refund, then its payment."""
    refund = goodwill(make_bought())
    disbursing.record_refund(refund, {"id": "re_1"})
    bounced_refunds.record_failure({"id": "re_1"})
    send = partial(bounced_refunds.send_again, refund, None)
    return bounced_refunds, "succeed", send


def lose():
    group = OrderGroup.objects.get()
    moves = [DisputeMove("txn_crossed", -group.total_minor, 0)]
    return disputes.record(found(group, "lost", moves), timezone.now())


STORIES = pytest.mark.parametrize(
    "story", [is_decided, is_made, came_too_late, is_sent_again]
)


@STORIES
def test_a_refund_and_a_dispute_that_cross_wait_for_each_other(monkeypatch, story):
    owner, name, act = story()

    results = crossed(monkeypatch, owner, name, act, lose)

    assert [r for r in results if isinstance(r, Exception)] == []
    assert Dispute.objects.get().is_charged
    assert ledger.unbalanced_entries() == []


@STORIES
def test_in_any_other_order_they_are_deadlocked(monkeypatch, story):
    """The negative control: who has a refund, or an order, has not locked its payment,
    and locks keep those waiting who only refer to a row."""
    owner, name, act = story()
    here = threading.local()

    def first():
        here.is_first = True
        return act()

    def locked(rows):
        is_first = getattr(here, "is_first", False)
        if is_first and rows.model is Payment:
            return rows
        return rows.select_for_update(of=["self"])

    for model in (Payment, Order, Refund):
        queryset = model._default_manager._queryset_class
        monkeypatch.setattr(queryset, "locked", locked)

    results = crossed(monkeypatch, owner, name, first, lose)

    failures = [r for r in results if isinstance(r, Exception)]
    assert [type(failure) for failure in failures] == [OperationalError]
    assert "deadlock detected" in str(failures[0])
