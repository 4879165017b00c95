"""One history, its events in every order, each never, once, twice and a hundred times.

The return page and the clock are among what may come at any moment.  Whatever comes
when, the site ends in one state.
"""

import itertools
import random
import re
from functools import partial

import pytest
from django.apps import apps
from django.db import models
from django.utils import timezone

from checkout import disbursing, gateway, inbox, payments, reconciling
from checkout.models import OrderGroup, Payment, Refund, StripeEvent
from checkout.models.stripe_event import StripeEventQuerySet
from checkout.returns import refund_lines
from marketplace.accounts.notifications import notify
from tests.factories import make_user, make_variant
from tests.payments.checkouts import (
    lapse,
    make_group,
    make_paid_group,
    make_payable_seller,
    start,
    undone,
)
from tests.payments.conftest import work_off
from tests.payments.figures import RUNS, say

pytestmark = [pytest.mark.django_db, pytest.mark.money]

Source = StripeEvent.Source
CONNECT_SECRET = "whsec_connect_tests_only"
ORDERS = 3 if RUNS == 1 else min(720, 36 * RUNS)
COPIES = (0, 1, 2, 10 if RUNS == 1 else 100)
# What differs although nothing does: when, under which number, and what was heard of.
VOLATILE = models.DateTimeField | models.AutoField | models.ForeignKey
LEFT_OUT = {"StripeEvent", "ReconciliationDifference"}


# Who hears of a dispute when it is over gets one letter, else a letter for each step.
LETTERS = {"Notification", "OutgoingMail"}


def state_of_the_site(left_out=frozenset()):
    """Every row of every model that has to do with money, but for `VOLATILE`."""
    rows = []
    for app in ("checkout", "sellers", "accounts"):
        for model in apps.get_app_config(app).get_models():
            if model.__name__ in LEFT_OUT | left_out:
                continue
            names = [
                field.attname
                for field in model._meta.concrete_fields
                if not isinstance(field, VOLATILE)
            ]
            rows += [(model.__name__, *map(written, row))
                     for row in model.objects.values_list(*names)]  # fmt: skip
    return tuple(sorted(rows))


def written(value):
    """References name rows by their number, which a second try does not get again."""
    return re.sub(r":\d+", ":#", str(value))


def come_to_rest():
    """What the clock does in the next minutes."""
    Payment.objects.update(created_at=timezone.now() - 2 * payments.ASK_EVERY)
    Refund.objects.update(succeeded_at=timezone.now() - 2 * payments.ASK_EVERY)
    inbox.catch_up()
    reconciling.reconcile()
    payments.release_overdue()
    work_off()


def end_of(steps, copies, left_out=frozenset()):
    """How the site stands when these have come in this order, each so often."""
    with undone():
        for step in steps:
            step(copies)
        come_to_rest()
        return state_of_the_site(left_out)


class Webhook:
    """An event on its way to the site."""

    def __init__(self, post_event, event, **how):
        self.event, self.source = event, Source.PLATFORM
        self.post = partial(post_event, event, **how)

    def __call__(self, copies):
        """The first two are posted and signed; the others are as many again kept."""
        for _ in range(min(copies, 2)):
            assert self.post().status_code == 200
            work_off()
        for _ in range(copies - 2):
            inbox.receive(gateway.Event.read(self.event), self.source)
        work_off()


def settle(group, copies):
    """The buyer comes back and reloads the page."""
    for _ in range(min(copies, 2)):
        come_back(group)


def come_back(group):
    payments.settle(OrderGroup.objects.get(pk=group.pk))


def run_out_of_time(group, copies):
    lapse(group)
    payments.release_overdue()


def paid_after_a_decline(sandbox):
    group = make_group(variants=[make_variant(stock=5)])
    intent_id = start(group).payment_intent_id
    sandbox.decline(intent_id)
    paid = sandbox.pay(intent_id)
    events = sandbox.events(intent_id) + sandbox.events(
        paid.latest_charge, "charge.succeeded"
    )
    return events, [partial(settle, group), partial(run_out_of_time, group)]


def a_bank_debit_that_succeeds(sandbox):
    group = make_group(variants=[make_variant(stock=5)])
    intent_id = start(group).payment_intent_id
    charge = sandbox.pay(intent_id, "pm_success_de").latest_charge
    sandbox.advance(seconds=6)
    events = sandbox.events(intent_id) + sandbox.events(charge)
    return events, [partial(settle, group)]


def a_refund_that_comes_back(sandbox):
    make_user(is_superuser=True)
    group = make_group(variants=[make_variant(stock=5)], quantity=2)
    intent_id = start(group).payment_intent_id
    sandbox.pay(intent_id, "pm_card_refundFail")
    order = payments.settle(group).orders.get()
    refund = refund_lines(order, {order.lines.get().pk: 1}, reason="", by=None)
    disbursing.send_refund(Refund.objects.get(pk=refund.pk))
    refund.refresh_from_db()
    sandbox.advance(days=1)
    events = sandbox.events(intent_id, "payment_intent.succeeded")
    charge = Payment.objects.get().charge_id
    events += sandbox.events(charge, "charge.refunded")
    return events + sandbox.events(refund.stripe_refund_id), []


def a_dispute_that_is_won(sandbox):
    make_user(is_superuser=True)
    group = make_paid_group(sandbox, variants=[make_variant(stock=5)])
    charge = Payment.objects.get(group=group).charge_id
    dispute = sandbox.act("dispute", charge=charge)["id"]
    sandbox.stripe.v1.disputes.update(
        dispute, {"evidence": {"uncategorized_text": "winning_evidence"}}
    )
    events = sandbox.events(dispute)
    return events + sandbox.events(charge, "charge.succeeded"), []


HISTORIES = [
    paid_after_a_decline,
    a_bank_debit_that_succeeds,
    a_refund_that_comes_back,
    a_dispute_that_is_won,
]


def orders_of(steps):
    every = list(itertools.permutations(steps))
    if len(every) <= ORDERS:
        return every
    # The first is the order in which it happened.
    return [every[0], *random.Random(1).sample(every[1:], ORDERS - 1)]


def ends_of(chosen, copies, left_out=frozenset()):
    """In CI many copies come in the first order alone."""
    return {
        end_of(order, number, left_out)
        for number in copies
        for order in (chosen if RUNS > 1 or number < 10 else chosen[:1])
    }


def assert_one_end(name, steps, left_out):
    chosen = orders_of(steps)
    ends = ends_of(chosen, COPIES, left_out)
    say(
        f"{name}: {len(steps)} arrivals in {len(chosen)} orders, each "
        f"{', '.join(map(str, COPIES))} times: {len(ends)} end state"
    )
    assert len(ends) == 1, differences(list(ends))


def differences(ends):
    first, *others = (set(end) for end in ends)
    return [sorted(first ^ other) for other in others][:3]


@pytest.mark.parametrize("history", HISTORIES)
def test_whatever_comes_when_the_end_is_the_same(sandbox, post_event, history):
    events, moments = history(sandbox)
    webhook = partial(Webhook, post_event)
    name = history.__name__.replace("_", " ")

    left_out = LETTERS if history is a_dispute_that_is_won else frozenset()
    assert_one_end(name, [*map(webhook, events), *moments], left_out)


def test_payouts_of_a_seller_in_any_order(sandbox, post_event):
    """Never is left out: nobody else tells of what happens in another's account."""
    seller = make_payable_seller(sandbox)
    account = seller.stripe_account_id
    charge = make_paid_group(sandbox).payment.charge_id
    sandbox.stripe.v1.transfers.create(
        {
            "amount": 500,
            "currency": "eur",
            "destination": account,
            "source_transaction": charge,
        }
    )
    payout = sandbox.stripe.v1.payouts.create(
        {"amount": 500, "currency": "eur"}, {"stripe_account": account}
    )
    sandbox.advance(seconds=1)
    sandbox.act("fail_payout", payout=payout.id, code="account_closed")
    sandbox.act("restrict", account=account)
    sandbox.act("onboard", account=account)
    events = sandbox.events(payout.id, account=account)
    events += sandbox.events(account, account=account)
    how = {"path": "/stripe/webhook/connect", "secret": CONNECT_SECRET}
    steps = [Webhook(post_event, event, **how) for event in events]
    chosen = orders_of(steps)

    ends = ends_of(chosen, COPIES[1:])

    say(f"payouts and account: {len(steps)} arrivals in {len(chosen)} orders, "
        f"each {COPIES[1:]} times: {len(ends)} end state")  # fmt: skip
    assert len(ends) == 1, differences(list(ends))


def test_a_site_that_forgets_what_it_has_done_ends_otherwise(
    sandbox, post_event, monkeypatch
):
    """The negative control: the tests above see it when an effect comes twice."""
    group = make_group(variants=[make_variant(stock=5)])
    intent_id = start(group).payment_intent_id
    sandbox.pay(intent_id)
    [event] = sandbox.events(intent_id, "payment_intent.succeeded")
    tell = partial(notify, group.email, "Paid", "checkout/order_paid", {"group": group})
    monkeypatch.setitem(
        inbox.HANDLERS, "payment_intent.succeeded", lambda values: tell()
    )
    arrival = Webhook(post_event, event)
    once = end_of([arrival], 1)
    monkeypatch.setattr(StripeEventQuerySet, "due", lambda events: events)

    twice = end_of([arrival], 2)

    assert once != twice
