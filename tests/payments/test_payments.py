from itertools import permutations

import pytest
from django.core import mail

from checkout import inbox, ordering, payments
from checkout.models import (
    JournalEntry,
    Order,
    OrderConflict,
    OrderGroup,
    Payment,
    Refund,
    StripeEvent,
)
from marketplace.accounts.models import OutgoingMail
from sellers.models import StockLevel
from tests.factories import make_cart, make_user, make_variant
from tests.payments.checkouts import lapse, make_group, make_paid_group, start

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sandbox")]


def level_of(variant):
    level = StockLevel.objects.get(pk=variant.pk)
    return level.on_hand, level.reserved


def outcome(group):
    """Everything that paying changes, to compare one history with another."""
    group.refresh_from_db()
    return {
        "group": group.status,
        "orders": sorted(group.orders.values_list("status", flat=True)),
        "payment": Payment.objects.get(group=group).status,
        "entries": JournalEntry.objects.filter(
            reference=group.payment.reference
        ).count(),
        "refunds": Refund.objects.filter(payment__group=group).count(),
        "mails": OutgoingMail.objects.filter(recipient=group.email).count(),
    }


PAID_ONCE = {
    "group": "paid",
    "orders": ["paid"],
    "payment": "succeeded",
    "entries": 1,
    "refunds": 0,
    "mails": 1,
}


def test_starting_twice_gives_the_same_secret():
    group = make_group()

    first, second = payments.start_payment(group), payments.start_payment(group)

    assert first == second
    assert Payment.objects.get().client_secret == first


def test_the_payment_intent_carries_the_groups_amount(sandbox):
    group = make_group(variants=[make_variant(price_minor=1234)], quantity=2)

    intent = sandbox.stripe.v1.payment_intents.retrieve(start(group).payment_intent_id)

    assert (intent.amount, intent.currency) == (2468, "eur")
    assert intent.metadata["reference"] == intent.transfer_group == group.number


def test_a_canceled_group_cannot_be_paid():
    group = make_group(status=OrderGroup.Status.PENDING)
    OrderGroup.objects.filter(pk=group.pk).update(status=OrderGroup.Status.CANCELED)

    with pytest.raises(OrderConflict):
        payments.start_payment(group)

    assert Payment.objects.exists() is False


def test_stripes_kept_failure_does_not_keep_the_buyer_from_paying(sandbox):
    group = make_group()
    sandbox.faults(requests=[{"kind": "error_after", "path": "/v1/payment_intents"}])

    secret = payments.start_payment(group)

    assert Payment.objects.get().client_secret == secret


def test_the_return_page_makes_the_group_paid(client, sandbox):
    variant = make_variant(stock=5, price_minor=1999)
    group = make_group(variants=[variant], quantity=2)
    sandbox.pay(start(group).payment_intent_id)

    answer = client.get(f"/order/{group.token}/return/")

    assert answer.headers["Location"] == group.get_absolute_url()
    assert outcome(group) == PAID_ONCE
    assert level_of(variant) == (3, 0)


def test_a_guessed_return_address_is_not_found(client):
    assert client.get("/order/guess/return/").status_code == 404


def test_the_webhook_makes_the_group_paid(sandbox, deliver):
    group = make_group()
    intent = sandbox.pay(start(group).payment_intent_id)

    for event in sandbox.events(intent.id):
        assert deliver(event).status_code == 200

    assert outcome(group) == PAID_ONCE


def test_a_second_delivery_changes_nothing(sandbox, deliver):
    group = make_group()
    intent = sandbox.pay(start(group).payment_intent_id)
    [event] = sandbox.events(intent.id, "payment_intent.succeeded")

    assert [deliver(event).status_code for _ in range(5)] == [200] * 5

    assert outcome(group) == PAID_ONCE
    assert StripeEvent.objects.filter(event_id=event["id"]).count() == 1


def test_webhook_and_return_page_come_in_either_order(client, sandbox, deliver):
    for webhook_first in (True, False):
        group = make_group(email=f"{webhook_first}@example.com")
        intent = sandbox.pay(start(group).payment_intent_id)
        [event] = sandbox.events(intent.id, "payment_intent.succeeded")
        steps = [
            lambda event=event: deliver(event),
            lambda group=group: client.get(f"/order/{group.token}/return/"),
        ]

        for step in steps if webhook_first else reversed(steps):
            step()

        assert outcome(group) == PAID_ONCE


def test_every_order_of_arrival_ends_the_same(sandbox, deliver):
    outcomes = []
    history = ["payment_intent.created", "payment_intent.payment_failed",
               "payment_intent.succeeded"]  # fmt: skip
    for number, order in enumerate(permutations(range(len(history)))):
        group = make_group(email=f"buyer{number}@example.com")
        intent_id = start(group).payment_intent_id
        sandbox.decline(intent_id)
        sandbox.pay(intent_id)
        events = sandbox.events(intent_id, *history)

        for position in order:
            deliver(events[position])

        outcomes.append(outcome(group))
        assert Payment.objects.get(group=group).last_error == ""

    assert outcomes == [PAID_ONCE] * 6


def test_a_payment_nobody_told_us_about_is_found_by_the_clock(sandbox):
    group = make_group()
    sandbox.pay(start(group).payment_intent_id)

    inbox.catch_up()
    inbox.catch_up()

    assert outcome(group) == PAID_ONCE


def test_a_declined_buyer_tries_again_with_the_same_order(client, sandbox, deliver):
    group = make_group()
    payment = start(group)
    sandbox.decline(payment.payment_intent_id)

    client.get(f"/order/{group.token}/return/")
    group.refresh_from_db()
    assert group.status == OrderGroup.Status.PENDING

    assert payments.start_payment(group) == payment.client_secret
    sandbox.pay(payment.payment_intent_id)
    client.get(f"/order/{group.token}/return/")
    assert outcome(group) == PAID_ONCE


def test_a_decline_is_kept_for_the_buyer_to_read(sandbox, deliver):
    group = make_group()
    payment = start(group)
    sandbox.decline(payment.payment_intent_id)

    for event in sandbox.events(payment.payment_intent_id):
        deliver(event)

    payment.refresh_from_db()
    assert payment.last_error == "Your card was declined."
    assert payment.status == Payment.Status.PENDING


def test_another_amount_than_the_groups_is_refused(sandbox, deliver):
    group = make_group()
    intent = sandbox.pay(start(group).payment_intent_id)
    [event] = sandbox.events(intent.id, "payment_intent.succeeded")
    Payment.objects.update(amount_minor=1001)

    deliver(event)

    group.refresh_from_db()
    kept = StripeEvent.objects.get()
    assert group.status == OrderGroup.Status.PENDING
    assert (kept.status, kept.due_at) == (StripeEvent.Status.FAILED, None)
    assert kept.failure_reason == f"{intent.id}: 1000 EUR instead of 1001 EUR"


def test_somebody_elses_payment_intent_is_ignored(sandbox, deliver):
    intent = sandbox.stripe.v1.payment_intents.create(
        {"amount": 100, "currency": "eur"}
    )
    sandbox.pay(intent.id)
    [event] = sandbox.events(intent.id, "payment_intent.succeeded")

    assert deliver(event).status_code == 200
    assert JournalEntry.objects.exists() is False


@pytest.mark.fault("F6", "not paid in time: stock back, payment canceled")
def test_an_unpaid_group_is_given_up_in_time(sandbox):
    variant = make_variant(stock=3)
    group = make_group(variants=[variant], quantity=3)
    payment = start(group)
    lapse(group)

    payments.release_overdue()

    group.refresh_from_db()
    assert group.status == OrderGroup.Status.CANCELED
    assert group.orders.get().status == Order.Status.CANCELED
    assert level_of(variant) == (3, 0)
    intent = sandbox.stripe.v1.payment_intents.retrieve(payment.payment_intent_id)
    assert intent.status == "canceled"


@pytest.mark.parametrize("fault", ["error", "error_after", "cut"])
def test_what_stripe_could_not_cancel_is_canceled_in_the_next_round(sandbox, fault):
    group = make_group(variants=[make_variant(stock=1)])
    start(group)
    lapse(group)
    cancel = {"kind": fault, "path": "/cancel", "times": 3}
    sandbox.faults(requests=[cancel])
    payments.release_overdue()
    sandbox.faults()

    payments.release_overdue()

    group.refresh_from_db()
    assert group.status == OrderGroup.Status.CANCELED


def test_a_group_whose_buyer_never_reached_the_payment_is_given_up():
    variant = make_variant(stock=1)
    group = make_group(variants=[variant])
    lapse(group)

    payments.release_overdue()

    group.refresh_from_db()
    assert group.status == OrderGroup.Status.CANCELED
    assert level_of(variant) == (1, 0)


def test_a_group_that_still_has_time_is_left_alone():
    group = make_group()
    start(group)

    payments.release_overdue()

    group.refresh_from_db()
    assert group.status == OrderGroup.Status.PENDING


def test_paid_in_the_last_moment_is_paid(sandbox):
    group = make_group()
    sandbox.pay(start(group).payment_intent_id)
    lapse(group)

    payments.release_overdue()

    assert outcome(group) == PAID_ONCE


def test_while_stripe_cannot_be_asked_the_stock_stays_set_aside(sandbox):
    variant = make_variant(stock=1)
    group = make_group(variants=[variant])
    start(group)
    lapse(group)
    sandbox.faults(requests=[{"kind": "error", "path": "/cancel", "times": 9}])

    payments.release_overdue()

    group.refresh_from_db()
    assert group.status == OrderGroup.Status.PENDING
    assert level_of(variant) == (1, 1)


def pay_after_release(sandbox, group):
    """The stock is given back although the payment goes through (a lost race)."""
    intent = sandbox.pay(start(group).payment_intent_id)
    payments.ordering.cancel_unpaid(group)
    return sandbox.events(intent.id, "payment_intent.succeeded")[0]


def test_paid_too_late_while_there_is_stock_is_paid(sandbox, deliver):
    variant = make_variant(stock=1)
    group = make_group(variants=[variant])

    deliver(pay_after_release(sandbox, group))

    assert outcome(group) == PAID_ONCE
    assert level_of(variant) == (0, 0)
    assert group.orders.get().canceled_at is None


@pytest.mark.fault("F7", "paid too late, goods gone: all of it goes back")
def test_paid_too_late_for_the_stock_goes_back_in_full(
    sandbox, deliver, eager_tasks, django_capture_on_commit_callbacks
):
    variant = make_variant(stock=1)
    group = make_group(variants=[variant])
    event = pay_after_release(sandbox, group)
    make_paid_group(sandbox, variants=[variant], email="faster@example.com")

    for _ in range(3):
        with django_capture_on_commit_callbacks(execute=True):
            deliver(event)

    refund = Refund.objects.get(payment=group.payment)
    assert outcome(group) == {
        "group": "refunded",
        "orders": ["canceled"],
        "payment": "refunded",
        "entries": 1,
        "refunds": 1,
        "mails": 2,  # too late; the money is on its way
    }
    assert (refund.amount_minor, refund.status) == (1000, "succeeded")
    charge = sandbox.stripe.v1.charges.retrieve(
        Payment.objects.get(group=group).charge_id
    )
    assert charge.amount_refunded == charge.amount == 1000
    assert level_of(variant) == (0, 0)
    assert {message.to[0] for message in mail.outbox} == {group.email}


def test_two_sellers_orders_are_paid_together(sandbox):
    group = make_paid_group(
        sandbox,
        variants=[make_variant(price_minor=1000), make_variant(price_minor=500)],
    )

    assert [order.status for order in group.orders.all()] == ["paid", "paid"]
    assert group.payment.amount_minor == 1500


def test_what_was_bought_leaves_the_cart(sandbox):
    variant = make_variant()
    cart = make_cart(variant=variant, quantity=3)

    make_paid_group(sandbox, variants=[variant], quantity=2, cart=cart)

    assert cart.lines.get().quantity == 1


def test_a_member_is_told_in_the_inbox_too(sandbox):
    user = make_user()

    group = make_paid_group(sandbox, user=user)

    assert user.notifications.get().url == group.get_absolute_url()


def test_paid_late_and_over_the_buyers_limit_the_money_goes_back(sandbox, eager_tasks):
    variant = make_variant(stock=5, limit_per_buyer=1)
    late = make_group(variants=[variant])
    payment = start(late)
    sandbox.pay(payment.payment_intent_id)
    ordering.cancel_unpaid(late)
    make_paid_group(sandbox, variants=[variant])

    payments.settle(late)

    late.refresh_from_db()
    assert late.status == OrderGroup.Status.REFUNDED
    assert level_of(variant) == (4, 0)
    assert Refund.objects.get().amount_minor == late.total_minor
