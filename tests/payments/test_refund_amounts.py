"""Units, delivery and goodwill, in any order: exact to the cent, never too much."""

from functools import partial
from importlib import import_module

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from checkout import (
    disbursing,
    exchanges,
    ledger,
    payouts,
    return_requests,
    returns,
)
from checkout.models import (
    Order,
    OrderLine,
    Refund,
    RefundLine,
    TransferReversal,
)
from checkout.refund_amounts import Amounts, Claim, RefundRefused, due_for, remaining
from checkout.returns import refund_claim, refund_lines
from tests.factories import (
    make_order,
    make_variant,
)
from tests.payments.checkouts import (
    assert_books_hold,
    make_bought_order,
    make_payable_seller,
)
from tests.payments.test_payouts import make_due, send
from tests.races import at_once, together_after, without_locks

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(sandbox):
    """3 × 9.99, 1 × 5.00, delivery 4.90; commission 2.99 and 0.50."""
    return make_bought_order(sandbox)


def run(refund):
    disbursing.send_refund(Refund.objects.get(pk=refund.pk))


def give(order, **claim):
    refund = refund_claim(order, Claim(**claim), reason="because", by=None)
    run(refund)
    return refund


def everything(order):
    lines = Order.objects.get(pk=order.pk).lines.all()
    return refund_lines(
        order, {line.pk: line.left for line in lines}, reason="all", by=None
    )


def sums():
    return {
        account.kind: amount for account, amount in ledger.balances().items() if amount
    }


def test_goodwill_comes_from_the_seller_with_its_share_of_the_commission(order):
    refund = give(order, goodwill_minor=1000)

    order.refresh_from_db()
    assert (refund.amount_minor, refund.goodwill_minor) == (1000, 1000)
    # 7.52 of it on the first line, 1.25 on the second, 1.23 on the delivery.
    assert [line.amount_minor for line in refund.lines.all()] == [752, 125, 123]
    assert refund.commission_minor == 75 + 13
    assert order.refunded_minor == 1000
    assert [line.refunded_quantity for line in order.lines.all()] == [0, 0]
    assert sums() == {"stripe": 2987, "seller": -2726, "commission": -261}


def test_goodwill_that_the_platform_bears_costs_the_seller_nothing(order):
    before = payouts.balance_of(order.seller).pending

    refund = give(order, goodwill_minor=1000, is_borne_by_platform=True)

    assert_books_hold()
    assert refund.seller_share_minor == 0
    assert payouts.balance_of(order.seller).pending == before
    assert sums()["goodwill"] == 1000


@pytest.mark.parametrize("is_platforms", [False, True])
def test_what_is_returned_after_goodwill_settles_to_nothing(order, is_platforms):
    give(order, goodwill_minor=1234, is_borne_by_platform=is_platforms)

    run(everything(order))

    order.refresh_from_db()
    assert_books_hold()
    assert order.refunded_minor == order.total_minor
    assert sums() == {}
    assert payouts.balance_of(order.seller).pending == 0


def test_the_delivery_goes_back_alone_and_in_parts(order):
    give(order, shipping_minor=200)
    give(order, shipping_minor=90)

    with pytest.raises(RefundRefused, match="€2.00"):
        give(order, shipping_minor=201)
    last = everything(order)

    order.refresh_from_db()
    assert last.shipping_minor == 200
    assert order.refunded_minor == order.total_minor


def test_the_delivery_can_be_kept_back_from_the_last_unit(order):
    lines = {line.pk: line.left for line in order.lines.all()}

    refund = give(order, quantities=lines, shipping_minor=0)

    order.refresh_from_db()
    assert refund.shipping_minor == 0
    assert order.refundable_minor == 490


@pytest.mark.parametrize("goodwill", [3988, 10**9])
def test_goodwill_above_what_was_paid_is_refused(order, goodwill):
    with pytest.raises(RefundRefused, match="€39.87"):
        give(order, goodwill_minor=goodwill)

    assert Refund.objects.exists() is False


def test_an_empty_claim_is_refused(order):
    with pytest.raises(RefundRefused):
        give(order, goodwill_minor=0, shipping_minor=0)


AMOUNTS = st.integers(0, 5000)
CLAIMS = st.lists(
    st.tuples(
        st.lists(st.integers(0, 3), min_size=3, max_size=3),
        st.none() | st.integers(0, 700),
        st.sampled_from([0, 0, 1, 99, 1500]),
        st.booleans(),
    ),
    max_size=8,
)


@hypothesis_settings(max_examples=25)
@given(
    totals=st.lists(AMOUNTS, min_size=3, max_size=3),
    delivery=st.integers(0, 700),
    subsidy=st.integers(0, 300),
    claims=CLAIMS,
)
def test_any_series_of_refunds_gives_back_exactly_what_was_frozen(
    totals, delivery, subsidy, claims
):
    order = make_frozen_order(totals, delivery, subsidy)

    for quantities, shipping, goodwill, is_platforms in claims:
        lines = Order.objects.get(pk=order.pk).lines.all()
        wanted = {line.pk: q for line, q in zip(lines, quantities, strict=True)}
        claim = Claim(wanted, shipping, goodwill, is_platforms)
        try:
            returns.refund_claim(order, claim, reason="", by=None)
        except RefundRefused:
            continue
        assert all(
            min(left.amount, left.tax, left.commission, left.subsidy, -left.platform)
            >= 0
            for left in remaining(order).values()
        )
        assert_the_books_would_balance(order)
    order = Order.objects.get(pk=order.pk)
    assert order.refunded_minor == refunded(order, "amount_minor") <= order.total_minor
    if any(line.left for line in order.lines.all()):
        everything(order)
        assert set(remaining(order).values()) == {Amounts()}
        assert refunded(order, "amount_minor") == order.total_minor
        assert refunded(order, "tax_minor") == order.tax_minor
        assert refunded(order, "subsidy_minor") == order.subsidy_minor
        assert refunded(order, "platform_minor") == 0
        commission = sum(line.commission_minor for line in order.lines.all())
        assert refunded(order, "commission_minor") == commission


def refunded(order, field):
    return sum(getattr(refund, field) for refund in order.refunds.all())


def assert_the_books_would_balance(order):
    for refund in Refund.objects.filter(order=order).select_related("order__seller"):
        assert sum(amount for _account, amount in ledger.refund_lines(refund)) == 0
        assert refund.seller_share_minor >= 0


def make_frozen_order(totals, delivery, subsidy):
    """Lines of three units each, with 19 per cent tax and 10 per cent commission."""
    order = make_order(status=Order.Status.SHIPPED, quantity=3)
    order.lines.all().delete()
    for total in totals:
        OrderLine.objects.create(
            order=order,
            title="Thing",
            sku="x",
            quantity=3,
            unit_price_minor=total // 3,
            discount_minor=subsidy,
            subsidy_minor=subsidy,
            total_minor=total,
            tax_minor=total * 19 // 119,
            commission_basis_points=1000,
            commission_minor=(total + subsidy) // 10,
        )
    order.shipping_minor = delivery
    order.shipping_tax_minor = delivery * 19 // 119
    order.discount_minor = order.subsidy_minor = 3 * subsidy
    order.total_minor = sum(totals) + delivery
    order.tax_minor = sum(line.tax_minor for line in order.lines.all())
    order.tax_minor += order.shipping_tax_minor
    order.save()
    order.group.payment = make_payment(order)
    return order


def make_payment(order):
    return returns.Payment.objects.create(
        group=order.group,
        payment_intent_id=f"pi_{order.pk}",
        client_secret="secret",
        status="succeeded",
        amount_minor=order.total_minor,
        currency="EUR",
    )


def test_the_books_hold_through_an_exchange_and_what_becomes_of_it(sandbox):
    order = make_bought_order(sandbox, seller=make_payable_seller(sandbox))
    make_due(order)
    send(payouts.start_transfer(order))
    line = order.lines.first()
    other = make_variant(
        product=line.variant.product,
        sku="other",
        option_values=["L"],
        price_minor=line.variant.price_minor,
    )
    details = return_requests.Details(exchange_for=other)
    asked = return_requests.ask(order, {line.pk: 2}, "Too small", details)
    before = sums().get("seller", 0)

    made = exchanges.exchange(asked, None, is_restocked=False)

    assert_books_hold()
    assert made.total_minor == 1998
    reversal = TransferReversal.objects.get()
    assert reversal.amount_minor == 1998 - made.lines.get().commission_minor
    disbursing.send_reversal(reversal)
    assert sums().get("seller", 0) == before - reversal.amount_minor
    assert_books_hold()
    refund = returns.cancel_order(made, reason="Never mind", by=None)
    run(refund)
    assert_books_hold()
    assert refund.amount_minor == 1998
    assert sums().get("seller", 0) == before


def test_refunds_of_before_are_given_their_tax_and_a_part_for_the_delivery():
    """The migration, and again: the same as if they were made today."""
    order = make_frozen_order([1000, 777, 501], 490, 30)
    first, *_others = order.lines.all()
    for quantity in (1, 2):
        refund_lines(order, {first.pk: quantity}, reason="", by=None)
    everything(order)
    before = parts_of(order)
    RefundLine.objects.filter(kind="delivery").delete()
    RefundLine.objects.update(tax_minor=0)
    Refund.objects.update(tax_minor=0)
    backfill = import_module("checkout.migrations.0018_parts_of_earlier_refunds")

    for _ in range(2):
        with connection.cursor() as cursor:
            cursor.execute(backfill.FORWARD)

    after = parts_of(order)
    assert [part[:4] for part in after] == [part[:4] for part in before]
    # Of the units of a line another one may have the odd cent.
    taxes = [[part[4] for part in parts] for parts in (before, after)]
    assert sum(taxes[0]) == sum(taxes[1]) == order.tax_minor
    assert set(remaining(order).values()) == {Amounts()}


def parts_of(order):
    parts = RefundLine.objects.filter(refund__order=order)
    return sorted(
        parts.values_list(
            "refund_id", "kind", "amount_minor", "subsidy_minor", "tax_minor"
        )
    )


def test_the_amount_said_before_is_the_amount_paid(order):
    claim = Claim({order.lines.first().pk: 2}, shipping_minor=100, goodwill_minor=50)

    due = due_for(order, claim)
    refund = refund_claim(order, claim, reason="", by=None)

    assert due.amount_minor == refund.amount_minor == 1998 + 100 + 50
    assert due.seller_share_minor == refund.seller_share_minor


def goodwill_of_all(order):
    claim = Claim(goodwill_minor=3000)
    return refund_claim(order, claim, reason="sorry", by=None)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_goodwill_given_by_two_at_once_stays_within_what_was_paid(sandbox):
    order = make_bought_order(sandbox)

    results = at_once(*[partial(goodwill_of_all, order)] * 4)

    assert sorted(type(result).__name__ for result in results) == [
        "Refund",
        *["RefundRefused"] * 3,
    ]
    order.refresh_from_db()
    assert order.refunded_minor == 3000


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_goodwill_is_given_twice(sandbox, monkeypatch):
    """The negative control: both have seen that there is enough."""
    order = make_bought_order(sandbox)
    without_locks(monkeypatch, Order)
    together_after(monkeypatch, returns, "due_for", 2)

    at_once(*[partial(goodwill_of_all, order)] * 2)

    assert sum(order.refunds.values_list("amount_minor", flat=True)) == 6000
