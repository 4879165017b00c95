"""Who bears a coupon, from the payment over refunds to the seller's transfer."""

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from checkout import disbursing, ledger, ordering, payments, payouts
from checkout.models import (
    CartLine,
    Coupon,
    Order,
    OrderGroup,
    Refund,
    Transfer,
    TransferReversal,
)
from checkout.ordering import place_order
from checkout.returns import refund_lines
from tests.factories import (
    make_cart,
    make_checkout,
    make_coupon,
    make_product,
    make_variant,
)
from tests.payments.checkouts import make_payable_seller

pytestmark = pytest.mark.django_db


@pytest.fixture
def seller(sandbox):
    return make_payable_seller(sandbox)


def make_unpaid(seller, coupon):
    """3 × €10.00 and 1 × €20.00, delivered for €4.90."""
    cheap, dear = (
        make_variant(product=make_product(seller=seller), price_minor=price)
        for price in (1000, 2000)
    )
    cart = make_cart(variant=cheap, quantity=3)
    CartLine.objects.create(cart=cart, variant=dear)
    group = place_order(*make_checkout(cart=cart, coupon_code=coupon.code), "key")
    payments.start_payment(group)
    return group


def pay(sandbox, group):
    sandbox.pay(group.payment.payment_intent_id)
    payments.settle(group)
    return group.orders.get()


def make_bought(sandbox, seller, coupon):
    return pay(sandbox, make_unpaid(seller, coupon))


def books():
    """What each account adds up to, and that the books are in order."""
    assert ledger.unbalanced_entries() == []
    assert ledger.unposted_events() == []
    return {account.kind: sum_ for account, sum_ in ledger.balances().items() if sum_}


def refund(order, quantities):
    made = refund_lines(order, quantities, reason="broken", by=None)
    disbursing.send_refund(Refund.objects.get(pk=made.pk))
    made.refresh_from_db()
    return made


def transfer_of(order):
    Order.objects.filter(pk=order.pk).update(
        status=Order.Status.DELIVERED, delivered_at=timezone.now() - timedelta(days=9)
    )
    transfer = payouts.start_transfer(order)
    disbursing.send_transfer(Transfer.objects.get(pk=transfer.pk))
    transfer.refresh_from_db()
    return transfer


def test_a_coupon_of_the_platform_costs_the_platform(sandbox, seller):
    make_bought(sandbox, seller, make_coupon(basis_points=2000))

    # 50.00 − 10.00 + 4.90 paid; commission on 50.00; the seller as without a coupon.
    assert books() == {
        "stripe": 4490,
        "seller": -(5490 - 500),
        "commission": -500,
        "coupons": 1000,
    }


def test_a_coupon_of_the_seller_costs_the_seller(sandbox, seller):
    coupon = make_coupon(basis_points=2000, seller=seller, bearer="seller")
    make_bought(sandbox, seller, coupon)

    assert books() == {"stripe": 4490, "seller": -(4490 - 400), "commission": -400}


def test_what_was_paid_goes_back_not_what_was_listed(sandbox, seller):
    order = make_bought(sandbox, seller, make_coupon(basis_points=2000))
    cheap, dear = order.lines.all()

    one = refund(order, {cheap.pk: 1})

    assert (one.amount_minor, one.subsidy_minor, one.commission_minor) == (
        800,
        200,
        100,
    )
    refund(order, {cheap.pk: 2, dear.pk: 1})
    order.refresh_from_db()
    assert order.refunded_minor == order.total_minor == 4490
    assert books() == {}


@pytest.mark.parametrize("is_of_platform", [True, False])
def test_free_delivery_goes_back_with_the_last_unit(sandbox, seller, is_of_platform):
    bearer = "platform" if is_of_platform else "seller"
    coupon = make_coupon(kind=Coupon.Kind.FREE_DELIVERY, seller=seller, bearer=bearer)
    order = make_bought(sandbox, seller, coupon)
    assert order.subsidy_minor == (490 if is_of_platform else 0)
    cheap, dear = order.lines.all()

    parts = [refund(order, {cheap.pk: 3}), refund(order, {dear.pk: 1})]

    assert [part.amount_minor for part in parts] == [3000, 2000]
    assert [part.subsidy_minor for part in parts] == [0, order.subsidy_minor]
    assert books() == {}


def test_goods_that_a_coupon_paid_for_entirely_go_back_without_stripe(sandbox, seller):
    coupon = make_coupon(basis_points=10_000, scope=Coupon.Scope.PRODUCTS)
    cart_before = set(OrderGroup.objects.values_list("pk", flat=True))
    cheap = make_variant(product=make_product(seller=seller))
    coupon.products.add(cheap.product)
    cart = make_cart(variant=cheap)
    CartLine.objects.create(
        cart=cart, variant=make_variant(product=make_product(seller=seller))
    )
    group = place_order(*make_checkout(cart=cart, coupon_code=coupon.code), "key")
    assert group.pk not in cart_before
    payments.start_payment(group)
    order = pay(sandbox, group)
    before = books()

    made = refund(order, {order.lines.get(variant=cheap).pk: 1})

    assert (made.status, made.amount_minor) == (Refund.Status.SUCCEEDED, 0)
    assert (made.subsidy_minor, made.commission_minor) == (1000, 100)
    assert before["coupons"] == 1000
    assert "coupons" not in books()
    assert books()["seller"] == before["seller"] + 900


def test_the_seller_is_sent_what_the_platform_adds(sandbox, seller):
    """More than the charge gives: the rest is the platform's own money."""
    make_bought(sandbox, seller, make_coupon())  # so that there is a balance
    order = make_bought(sandbox, seller, make_coupon(basis_points=2000))

    transfer = transfer_of(order)

    assert transfer.amount_minor == 5490 - 500 > order.total_minor
    assert transfer.status == Transfer.Status.PAID
    made = sandbox.stripe.v1.transfers.retrieve(transfer.stripe_transfer_id)
    assert made.source_transaction is None
    assert sandbox.balance(seller.stripe_account_id) == 4990
    assert books()["coupons"] == 1000 + 500


def test_a_refund_after_the_transfer_takes_the_subsidy_back_too(sandbox, seller):
    make_bought(sandbox, seller, make_coupon())
    order = make_bought(sandbox, seller, make_coupon(basis_points=2000))
    transfer_of(order)

    made = refund(order, {order.lines.first().pk: 3})
    disbursing.send_reversal(TransferReversal.objects.get(refund=made))

    # Of 3 × 10.00: 24.00 to the buyer, 6.00 to the platform, less 3.00 commission.
    assert TransferReversal.objects.get().amount_minor == 2700
    assert sandbox.balance(seller.stripe_account_id) == 4990 - 2700
    assert books()["coupons"] == 500 + 400


def test_the_balance_page_counts_the_subsidy(sandbox, seller):
    order = make_bought(sandbox, seller, make_coupon(basis_points=2000))

    assert payouts.balance_of(seller).pending == 4990
    refund(order, {order.lines.first().pk: 1})
    assert payouts.balance_of(seller).pending == 4990 - 900


def test_a_payment_after_the_time_takes_the_use_again(sandbox, seller):
    coupon = make_coupon(usage_limit=1)
    group = make_unpaid(seller, coupon)
    ordering.cancel_unpaid(group)

    order = pay(sandbox, group)

    coupon.refresh_from_db()
    assert order.status == Order.Status.PAID
    assert coupon.uses == 1
    assert group.coupon_use.released_at is None


def test_a_payment_after_somebody_else_took_the_last_use_goes_back(sandbox, seller):
    coupon = make_coupon(usage_limit=1)
    group = make_unpaid(seller, coupon)
    ordering.cancel_unpaid(group)
    place_order(*make_checkout(coupon_code=coupon.code), "other key")

    order = pay(sandbox, group)

    coupon.refresh_from_db()
    group.refresh_from_db()
    assert (group.status, order.status) == ("refunded", Order.Status.CANCELED)
    assert coupon.uses == 1
    variant = order.lines.first().variant
    assert (variant.stock.on_hand, variant.stock.reserved) == (10, 0)


@pytest.mark.fault("F9", "however it is refunded: to the cent")
@hypothesis_settings(max_examples=15)
@given(
    cut=st.one_of(
        st.builds(dict, basis_points=st.integers(1, 9999)),
        st.builds(dict, amount_minor=st.integers(1, 5000)),
    ),
    is_of_platform=st.booleans(),
    steps=st.permutations([0, 0, 0, 1]),
)
def test_however_it_is_refunded_nobody_gains_or_loses_a_cent(
    sandbox, seller, cut, is_of_platform, steps
):
    """The books of one order: what each account has of it, before and after."""
    bearer = "platform" if is_of_platform else "seller"
    coupon = make_coupon(**cut, seller=seller, bearer=bearer)
    start = books()
    order = make_bought(sandbox, seller, coupon)
    lines = list(order.lines.all())

    for step in steps:
        refund(order, {lines[step].pk: 1})

    order.refresh_from_db()
    refunds = order.refunds.all()
    assert order.refunded_minor == order.total_minor
    assert sum(made.subsidy_minor for made in refunds) == order.subsidy_minor
    assert books() == start
