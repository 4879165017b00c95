"""F8: Stripe answers 429 or 500, late or not at all, before and after it has acted.

Each thing that the site wants done is done once at Stripe and once in the books.
"""

from datetime import timedelta

import pytest
import requests
import stripe
from django.utils import timezone

from checkout import disbursing, gateway, payouts
from checkout.models import JournalEntry, Order, Refund, Transfer, TransferReversal
from checkout.returns import refund_lines
from tests.factories import make_product, make_variant
from tests.payments.checkouts import make_paid_group, make_payable_seller
from tests.payments.figures import RUNS, say
from tests.payments.test_invariants import faults as broken_invariants
from tests.payments.test_payouts import make_due

pytestmark = [pytest.mark.django_db, pytest.mark.money]

INJECTED = 50 * RUNS if RUNS > 1 else 20
CHANCES = {"error": 0.15, "error_after": 0.15, "cut": 0.2, "rate_limit": 0.2}
MOST_TRIES = 200


def until_done(send, row):
    """As Celery and the clock do, without their pauses."""
    for _ in range(MOST_TRIES):
        try:
            send(type(row).objects.get(pk=row.pk))
        except gateway.GatewayError:
            continue
        row.refresh_from_db()
        if row.status in ("succeeded", "paid"):
            return
    raise AssertionError(f"{row} is not done after {MOST_TRIES} tries: {row.status}")


def sell_and_refund(sandbox, seller):
    """A purchase without faults; its transfer, refund and reversal with them."""
    variant = make_variant(product=make_product(seller=seller), stock=5)
    group = make_paid_group(sandbox, variants=[variant], quantity=2)
    order = group.orders.get()
    make_due(order)
    yield
    transfer = payouts.start_transfer(order)
    until_done(disbursing.send_transfer, transfer)
    order.refresh_from_db()
    refund = refund_lines(order, {order.lines.get().pk: 1}, reason="", by=None)
    until_done(disbursing.send_refund, refund)
    until_done(disbursing.send_reversal, TransferReversal.objects.get(refund=refund))
    yield
    assert_done_once(sandbox, group, transfer)


def assert_done_once(sandbox, group, transfer):
    api = sandbox.stripe.v1
    intent = group.payment.payment_intent_id
    made = [
        api.refunds.list({"payment_intent": intent}).data,
        api.transfers.list({"transfer_group": group.number}).data,
        api.transfers.reversals.list(
            Transfer.objects.get(pk=transfer.pk).stripe_transfer_id
        ).data,
    ]
    assert [len(objects) for objects in made] == [1, 1, 1]


def injected(sandbox):
    knobs = requests.get(f"{sandbox.address}/_control", timeout=5).json()
    return knobs["chances"].get("made", 0)


def test_each_action_is_done_once_whatever_stripe_answers(sandbox):
    seller = make_payable_seller(sandbox)
    count = actions = 0

    while count < INJECTED:
        history = sell_and_refund(sandbox, seller)
        next(history)
        sandbox.control(chances={"seed": actions, **CHANCES})
        next(history)
        count += injected(sandbox)
        sandbox.control(chances={})
        next(history, None)
        actions += 3

    say(f"F8: {count} faults injected into {actions} actions: each done once")
    assert Refund.objects.count() * 3 == actions
    kinds = ("transfer", "refund", "reversal")
    assert JournalEntry.objects.filter(kind__in=kinds).count() == actions
    assert broken_invariants() == {}


def make_old(row):
    """Nobody tried for more than a day, and Stripe has forgotten the key."""
    a_day_ago = timezone.now() - timedelta(hours=25)
    type(row).objects.filter(pk=row.pk).update(created_at=a_day_ago)


def test_what_was_cut_is_done_once_though_the_key_is_forgotten(sandbox, monkeypatch):
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0)
    monkeypatch.setattr(stripe.HTTPClient, "MAX_DELAY", 0)
    history = sell_and_refund(sandbox, make_payable_seller(sandbox))
    next(history)
    order = Order.objects.get()
    transfer = payouts.start_transfer(order)
    order.refresh_from_db()
    refund = refund_lines(order, {order.lines.get().pk: 1}, reason="", by=None)
    reversal = TransferReversal.objects.get(refund=refund)
    for send, row in (
        (disbursing.send_transfer, transfer),
        (disbursing.send_refund, refund),
        (disbursing.send_reversal, reversal),
    ):
        tries = 1 + gateway.NETWORK_RETRIES
        sandbox.faults(requests=[{"kind": "cut", "path": "/v1/", "times": tries}])
        with pytest.raises(gateway.GatewayError):
            send(type(row).objects.get(pk=row.pk))
        make_old(row)
        sandbox.advance(hours=25)

        send(type(row).objects.get(pk=row.pk))

    assert_done_once(sandbox, order.group, transfer)
    assert broken_invariants() == {}


def test_a_new_key_without_looking_first_does_it_twice(sandbox, monkeypatch):
    """The negative control: the site looks before it asks with another key."""
    seller = make_payable_seller(sandbox)
    history = sell_and_refund(sandbox, seller)
    next(history)
    monkeypatch.setattr(gateway, "find_refund", lambda *args: None)
    sandbox.faults(requests=[{"kind": "error_after", "path": "/v1/refunds"}])

    next(history)

    with pytest.raises(AssertionError):
        next(history, None)
