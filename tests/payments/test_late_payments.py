"""Paid, and cannot be had any more: the money goes back, with the true reason."""

from dataclasses import replace
from functools import partial

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from checkout import (
    bounced_refunds,
    disbursing,
    disputes,
    gateway,
    inbox,
    late_payments,
    ledger,
    ordering,
    payments,
)
from checkout.models import Dispute, OrderGroup, Payment, Refund
from checkout.ordering import place_order
from checkout.stripe_objects import DisputeMove
from tests.factories import make_cart, make_checkout, make_coupon, make_variant
from tests.payments.checkouts import (
    assert_books_hold,
    make_group,
    make_paid_group,
    start,
)
from tests.payments.disputed import send_refunds, sums
from tests.races import at_once, crossed, together_after

pytestmark = pytest.mark.django_db

Why = OrderGroup.WhyRefunded


def pay_after_release(sandbox, group):
    """The stock is given back although the payment goes through (a lost race)."""
    sandbox.pay(start(group).payment_intent_id)
    ordering.cancel_unpaid(group)


def assert_sent_back(group, why, words):
    group.refresh_from_db()
    assert (group.status, group.why_refunded) == (OrderGroup.Status.REFUNDED, why)
    refund = Refund.objects.get(payment__group=group)
    assert (refund.amount_minor, refund.reason) == (group.total_minor, words)
    told = [letter.body for letter in mail.outbox if group.number in letter.subject]
    assert len(told) == 1
    assert f"when order {group.number} was no longer open. {words}" in told[0]


@pytest.fixture
def told(eager_tasks, django_capture_on_commit_callbacks):
    """Mails are sent, and so is money."""
    return partial(django_capture_on_commit_callbacks, execute=True)


def test_the_goods_were_sold_meanwhile(client, sandbox, told):
    variant = make_variant(stock=1)
    late = make_group(variants=[variant])
    pay_after_release(sandbox, late)
    make_paid_group(sandbox, variants=[variant], email="faster@example.com")

    with told():
        payments.settle(late)

    words = "What you wanted has been sold meanwhile."
    assert_sent_back(late, Why.SOLD_OUT, words)
    page = client.get(late.get_absolute_url()).content.decode()
    assert words in page
    assert "The whole amount is on its way back to you." in page


def test_it_would_be_more_than_one_buyer_can_have(sandbox, told):
    variant = make_variant(stock=5, limit_per_buyer=1)
    late = make_group(variants=[variant])
    pay_after_release(sandbox, late)
    make_paid_group(sandbox, variants=[variant])

    with told():
        payments.settle(late)

    words = "With what you have ordered since, it is more than one buyer can have."
    assert_sent_back(late, Why.OVER_LIMIT, words)


def test_the_coupon_is_used_up(sandbox, told):
    cart = make_cart(variant=make_variant(stock=5))
    coupon = make_coupon(usage_limit=1)
    _cart, details = make_checkout(cart=cart, coupon_code=coupon.code)
    late = place_order(cart, details, "key")
    pay_after_release(sandbox, late)
    type(coupon).objects.update(uses=1)

    with told():
        payments.settle(late)

    assert_sent_back(late, Why.COUPON, "Your coupon cannot be used any more.")


@pytest.fixture
def replaced(sandbox):
    """A bank is at work on the payment of an order that the buyer has changed since."""
    cart = make_cart(variant=make_variant(stock=9))
    _cart, details = make_checkout(cart=cart)
    first = place_order(cart, details, "key")
    sandbox.pay(start(first).payment_intent_id, "pm_successDelayed_de")
    payments.settle(first)
    assert first.payment.is_processing
    changed = replace(details, address=details.address | {"line1": "3 Low Street"})
    second = place_order(cart, changed, "key")
    return first, second


def pay(sandbox, group):
    sandbox.pay(start(group).payment_intent_id)
    payments.settle(group)


def pay_old(sandbox, group):
    """Its payment, with which a bank has been at work, goes through."""
    sandbox.act("finish_payment", payment_intent=group.payment.payment_intent_id)
    payments.settle(group)


def test_of_an_order_and_its_replacement_the_older_payment_goes_back(
    sandbox, replaced, told
):
    first, second = replaced
    payments.release_overdue()  # which cannot end what a bank is at work on
    pay(sandbox, second)

    with told():
        pay_old(sandbox, first)

    assert_sent_back(first, Why.REPLACED, "Another order of yours has taken its place.")
    assert second.status == OrderGroup.Status.PAID
    assert Refund.objects.get().status == Refund.Status.SUCCEEDED


def test_it_goes_back_as_well_while_the_replacement_waits_for_its_money(
    client, sandbox, replaced, told
):
    first, second = replaced

    with told():
        pay_old(sandbox, first)
    pay(sandbox, second)

    assert_sent_back(first, Why.REPLACED, "Another order of yours has taken its place.")
    assert second.status == OrderGroup.Status.PAID
    page = client.get(first.get_absolute_url()).content.decode()
    assert second.get_absolute_url() in page


def test_where_the_replacement_was_given_up_the_older_payment_is_taken(
    sandbox, replaced
):
    first, second = replaced
    ordering.cancel_unpaid(second)

    pay_old(sandbox, first)

    assert first.status == OrderGroup.Status.PAID
    assert Refund.objects.exists() is False


def test_and_the_replacement_goes_back_should_it_be_paid_all_the_same(
    sandbox, replaced, told
):
    first, second = replaced
    sandbox.pay(start(second).payment_intent_id)
    ordering.cancel_unpaid(second)
    pay_old(sandbox, first)

    with told():
        payments.settle(second)

    assert_sent_back(
        second, Why.REPLACED, "Another order of yours has taken its place."
    )
    first.refresh_from_db()
    assert first.status == OrderGroup.Status.PAID


def test_the_third_in_a_row_is_the_one_that_counts(sandbox, replaced):
    first, second = replaced
    cart = second.cart
    _cart, details = make_checkout(cart=cart, address={"line1": "4 Low Street"})
    sandbox.pay(start(second).payment_intent_id)
    third = place_order(cart, details, "key")

    for group in (first, second):
        pay_old(sandbox, group) if group == first else payments.settle(group)
    pay(sandbox, third)

    statuses = OrderGroup.objects.order_by("pk").values_list("status", flat=True)
    assert list(statuses) == ["refunded", "refunded", "paid"]


def test_the_buyer_is_told_before_paying_and_on_the_older_orders_page(client, replaced):
    first, second = replaced
    told = "A bank is still at work on your payment for the order that this one"

    page = client.get(reverse("checkout:pay", args=[second.token])).content.decode()
    assert told in page
    page = client.get(first.get_absolute_url()).content.decode()
    assert f"Order {second.number} has taken its place." in page
    assert "Nothing was charged" not in page


def test_two_orders_of_one_cart_one_after_the_other_are_both_kept(sandbox):
    cart = make_cart(variant=make_variant(stock=9))
    _cart, details = make_checkout(cart=cart)
    first = place_order(cart, details, "key")
    pay(sandbox, first)
    again = make_cart(variant=make_variant(stock=9))
    again.lines.update(cart=cart)
    _cart, details = make_checkout(cart=cart)
    second = place_order(cart, details, "another key")
    pay(sandbox, second)

    assert [first.status, second.status] == [OrderGroup.Status.PAID] * 2
    assert second.chain == ""


@pytest.fixture
def both_paid(sandbox, replaced):
    """The replacement was given up, and then both payments go through."""
    found = []
    for group in replaced:
        payment = Payment.objects.filter(group=group).first()
        if payment is None:
            sandbox.pay(start(group).payment_intent_id)
        else:
            intent_id = payment.payment_intent_id
            sandbox.act("finish_payment", payment_intent=intent_id)
        intent_id = Payment.objects.get(group=group).payment_intent_id
        found += sandbox.events(intent_id, "payment_intent.succeeded")
    ordering.cancel_unpaid(replaced[1])
    return [gateway.Event.read(event) for event in found]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_two_that_are_paid_at_once_one_is_had(both_paid):
    results = at_once(*(partial(inbox.apply_once, event) for event in both_paid * 2))

    assert [r for r in results if isinstance(r, Exception)] == []
    statuses = sorted(OrderGroup.objects.values_list("status", flat=True))
    assert statuses == ["paid", "refunded"]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_chains_lock_both_are_had(both_paid, monkeypatch):
    """The negative control: both look before either is paid."""

    def own_lock(group_pk):
        return OrderGroup.objects.select_for_update().get(pk=group_pk)

    monkeypatch.setattr(late_payments, "locked_chain", own_lock)
    together_after(monkeypatch, late_payments, "refuse_replaced", parties=2)

    at_once(*(partial(inbox.apply_once, event) for event in both_paid))

    assert set(OrderGroup.objects.values_list("status", flat=True)) == {"paid"}


@pytest.fixture
def goes_back(sandbox):
    """A payment of €10.00 that came too late; Stripe has not been asked yet."""
    variant = make_variant(stock=1)
    late = make_group(variants=[variant])
    pay_after_release(sandbox, late)
    make_paid_group(sandbox, variants=[variant])
    payments.settle(late)
    return Refund.objects.get()


@pytest.fixture(params=["charge_disputed", ""])
def banks_part(request, monkeypatch):
    """Stripe sends back no more than the bank has left, a whole refund not at all."""
    refund = gateway.refund

    def refund_rest(amount, **details):
        if amount > 600:
            raise gateway.Refused("greater than unrefunded amount", request.param)
        return refund(amount=amount, **details)

    monkeypatch.setattr(gateway, "refund", refund_rest)


@pytest.mark.usefixtures("banks_part")
@pytest.mark.parametrize("is_refused", [False, True])
def test_what_a_bank_has_taken_a_part_of_is_sent_back_without_it(
    sandbox, goes_back, is_refused
):
    if is_refused:
        disbursing.record_refusal(goes_back, gateway.Refused("only 600 are left"))

    lose(goes_back.payment.group, 400)
    for _turn in range(2):
        send_refunds()
    if is_refused:
        # The desk has it, and may be paying it: nothing is sent unasked.
        assert Refund.objects.to_settle().get().amount_minor == 600
        assert_books_hold()
        bounced_refunds.send_again(Refund.objects.to_settle().get(), None)
        send_refunds()

    assert_parted(sandbox, *Refund.objects.order_by("pk"))


@pytest.mark.usefixtures("banks_part")
def test_two_workers_who_are_refused_at_once_leave_the_bank_its_part_once(
    sandbox, goes_back
):
    lose(goes_back.payment.group, 400)

    for read_before in [goes_back, Refund.objects.get()]:
        disbursing.send_refund(read_before)
    send_refunds()

    assert_parted(sandbox, *Refund.objects.order_by("pk"))


@pytest.mark.django_db(transaction=True)
def test_what_is_left_to_a_bank_is_not_refused_meanwhile(goes_back, monkeypatch):
    disbursing.next_attempt(goes_back)
    lose(goes_back.payment.group, 1000)
    refund = Refund.objects.get()
    refusal = gateway.Refused("no such charge")

    crossed(
        monkeypatch,
        ledger,
        "lost_in",
        partial(disbursing.leave_to_bank, refund),
        partial(disbursing.record_refusal, refund, refusal),
    )

    refund.refresh_from_db()
    assert (refund.status, refund.dispute) == ("succeeded", Dispute.objects.get())
    assert_books_hold()


def test_a_refusal_of_the_whole_is_none_of_the_rest(goes_back):
    lose(goes_back.payment.group, 400)
    disbursing.leave_to_bank(Refund.objects.get())

    disbursing.record_refusal(goes_back, gateway.Refused("only 600 are left"))

    rest = Refund.objects.get(dispute=None)
    assert (rest.amount_minor, rest.status) == (600, Refund.Status.PENDING)


def test_what_came_back_before_is_not_parted(goes_back):
    """The bank has a part of it too; of what is paid once more there is one row."""
    disbursing.send_refund(goes_back)
    goes_back.refresh_from_db()
    bounced_refunds.record_failure({"id": goes_back.stripe_refund_id})
    again = bounced_refunds.succeed(goes_back, None)
    disbursing.record_refusal(again, gateway.Refused("only 600 are left"))

    lose(goes_back.payment.group, 400)

    assert Refund.objects.to_settle().get() == again
    assert Refund.objects.get(pk=again.pk).amount_minor == 1000
    assert_books_hold()


def test_what_stripe_made_before_the_bank_had_decided_is_not_parted(sandbox, goes_back):
    """Its answer was lost: the buyer has all of it, and the bank's part as well."""
    gateway.refund(
        key=f"{goes_back.reference}-{goes_back.payment.group.token}-0",
        payment_intent_id=goes_back.payment.payment_intent_id,
        amount=goes_back.amount_minor,
        reference=goes_back.reference,
    )
    lose(goes_back.payment.group, 400)

    send_refunds()

    refund = Refund.objects.get()
    assert (refund.amount_minor, refund.status) == (1000, Refund.Status.SUCCEEDED)
    assert sandbox.stripe.v1.refunds.retrieve(refund.stripe_refund_id).amount == 1000
    assert sums()["disputes"] == 400
    assert_books_hold()


def test_of_what_stripe_will_not_send_the_desk_has_the_rest_alone(
    goes_back, monkeypatch
):
    def refuse(**_details):
        raise gateway.Refused("disputed", "charge_disputed")

    monkeypatch.setattr(gateway, "refund", refuse)
    lose(goes_back.payment.group, 400)

    for _turn in range(2):
        send_refunds()

    assert Refund.objects.to_settle().get().amount_minor == 600
    assert_books_hold()


def assert_parted(sandbox, rest, taken):
    assert (rest.amount_minor, rest.dispute) == (600, None)
    assert (taken.amount_minor, taken.dispute) == (400, Dispute.objects.get())
    assert {rest.status, taken.status} == {Refund.Status.SUCCEEDED}
    assert sandbox.stripe.v1.refunds.retrieve(rest.stripe_refund_id).amount == 600
    assert not Refund.objects.to_settle().exists()
    assert_books_hold()


def lose(group, amount):
    """A dispute of so much, which the bank decides for the buyer at once."""
    found = gateway.Dispute(
        id="du_1",
        payment_intent_id=group.payment.payment_intent_id,
        status="lost",
        reason="general",
        amount=amount,
        currency="EUR",
        evidence_due_at=None,
        moves=[DisputeMove("txn_taken", -amount, 0)],
    )
    disputes.record(found, timezone.now())
