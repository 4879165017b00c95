"""One refund over several sellers: decided at once, exact for each of them."""

import pytest

from checkout import (
    disbursing,
    ledger,
    payments,
    payouts,
    returns,
)
from checkout.models import (
    CartLine,
    Order,
    Refund,
    TransferReversal,
)
from checkout.ordering import place_order
from checkout.refund_amounts import Claim, RefundRefused
from checkout.returns import refund_group
from tests.factories import (
    make_cart,
    make_checkout,
    make_coupon,
    make_order,
    make_variant,
)
from tests.payments.checkouts import (
    start,
)

pytestmark = pytest.mark.django_db


def run(refund):
    disbursing.send_refund(Refund.objects.get(pk=refund.pk))


def sums():
    return {
        account.kind: amount for account, amount in ledger.balances().items() if amount
    }


@pytest.fixture
def group(sandbox):
    """Two shops, a fifth off by the platform: 2 × €10.00, and 2 × €20.00."""
    cart = make_cart(variant=make_variant(price_minor=1000), quantity=2)
    other = make_variant(price_minor=2000)
    CartLine.objects.create(cart=cart, variant=other, quantity=2)
    coupon = make_coupon(basis_points=2000)
    group = place_order(*make_checkout(cart=cart, coupon_code=coupon.code), "key")
    sandbox.pay(start(group).payment_intent_id)
    return payments.settle(group)


def claims_on(group, **fields):
    """One unit of each shop, and what else is said."""
    return {
        order.pk: Claim({line.pk: 1 for line in order.lines.all()}, **fields)
        for order in group.orders.all()
    }


def test_one_refund_over_two_shops_reverses_each_ones_amounts(sandbox, group):
    for order in group.orders.all():
        Order.objects.filter(pk=order.pk).update(status="completed")
        payouts.Transfer.objects.create(
            order=order, amount_minor=order.total_minor, currency="EUR", status="paid"
        )

    refunds = refund_group(
        group, claims_on(group, goodwill_minor=100), reason="late", by=None
    )
    # Nothing was asked of Stripe so far; everything is written down.
    assert {refund.status for refund in refunds} == {"pending"}
    assert TransferReversal.objects.count() == 2
    for refund in refunds:
        run(refund)

    first, second = group.orders.order_by("pk")
    assert [refund.order for refund in refunds] == [first, second]
    assert (first.refunded_minor, second.refunded_minor) == (900, 1700)
    for refund in refunds:
        lines = list(refund.lines.all())
        assert refund.amount_minor == sum(line.amount_minor for line in lines)
        assert refund.tax_minor == sum(line.tax_minor for line in lines) > 0
        assert refund.reversals.get().amount_minor == refund.seller_share_minor
    assert group.payment.refunds.count() == 2
    assert ledger.unbalanced_entries() == []


def test_a_refund_over_two_shops_is_made_for_both_or_for_none(group):
    first, second = group.orders.order_by("pk")
    line = second.lines.get()
    claims = claims_on(group) | {second.pk: Claim({line.pk: line.quantity + 1})}

    with pytest.raises(RefundRefused):
        refund_group(group, claims, reason="x", by=None)

    first.refresh_from_db()
    assert first.refunded_minor == 0
    assert Refund.objects.exists() is False


def test_an_order_of_another_checkout_is_refused(group):
    stranger = make_order(status=Order.Status.PAID)

    with pytest.raises(RefundRefused):
        refund_group(
            group, claims_on(group) | claims_on(stranger.group), reason="", by=None
        )

    assert Refund.objects.exists() is False


def test_all_that_both_shops_have_not_sent_is_canceled_at_once(group):
    claims = {
        order.pk: Claim({line.pk: line.quantity for line in order.lines.all()})
        for order in group.orders.all()
    }

    for refund in refund_group(group, claims, reason="gone", by=None):
        run(refund)

    assert {order.status for order in group.orders.all()} == {"canceled"}
    assert sums() == {}


def test_a_canceled_order_gives_its_delivery_back_too(group):
    order = group.orders.first()
    claim = Claim({order.lines.get().pk: 2}, shipping_minor=0)

    with pytest.raises(RefundRefused, match="all of it goes back"):
        returns.refund_or_cancel(order, claim, reason="", by=None)

    order.refresh_from_db()
    assert (order.status, order.refunded_minor) == ("paid", 0)
