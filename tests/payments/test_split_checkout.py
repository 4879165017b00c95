"""What breaks in other marketplaces only from end to end: a checkout of two sellers, a
coupon of the platform over both, parcels, refunds and transfers."""

from datetime import timedelta

import pytest
from django.utils import timezone

from checkout import disbursing, fulfillment, ledger, payments, payouts
from checkout.models import CartLine, Order, Refund, Transfer
from checkout.ordering import place_order
from checkout.refund_amounts import Claim
from checkout.returns import refund_lines, refund_or_cancel
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
def group(sandbox):
    """2 × €10.00 of one seller, 2 × €20.00 of another, a fifth off by the platform."""
    cart = make_cart(variant=bought_of(make_payable_seller(sandbox), 1000), quantity=2)
    other = bought_of(make_payable_seller(sandbox), 2000)
    CartLine.objects.create(cart=cart, variant=other, quantity=2)
    coupon = make_coupon(basis_points=2000)
    group = place_order(*make_checkout(cart=cart, coupon_code=coupon.code), "key")
    payments.start_payment(group)
    sandbox.pay(group.payment.payment_intent_id)
    return payments.settle(group)


def bought_of(seller, price_minor):
    return make_variant(product=make_product(seller=seller), price_minor=price_minor)


def send(order, quantity, key):
    line = order.lines.get()
    return fulfillment.ship(order, {line.pk: quantity}, key, carrier="DHL")


def give_back(refund):
    disbursing.send_refund(Refund.objects.get(pk=refund.pk))


def close(order):
    """Delivered, the hold over: what the clock does then."""
    Order.objects.filter(pk=order.pk).update(
        status=Order.Status.DELIVERED, delivered_at=timezone.now() - timedelta(days=9)
    )
    transfer = payouts.start_transfer(order)
    if transfer is not None:
        disbursing.send_transfer(Transfer.objects.get(pk=transfer.pk))
        transfer.refresh_from_db()
    return transfer


def test_each_part_of_a_paid_checkout_can_be_shipped(group):
    orders = list(group.orders.order_by("pk"))

    for order in orders:
        send(order, 2, f"parcel of {order.pk}")
        order.refresh_from_db()

    assert [order.status for order in orders] == [Order.Status.SHIPPED] * 2


def test_a_second_parcel_does_not_charge_the_delivery_again(group):
    order = group.orders.order_by("pk").first()
    before = order.total_minor, order.shipping_minor

    for number in range(2):
        send(order, 1, f"parcel {number}")

    order.refresh_from_db()
    assert order.fulfillments.count() == 2
    assert (order.total_minor, order.shipping_minor) == before == (1600 + 490, 490)


def test_a_part_that_was_paid_back_is_neither_shipped_nor_paid_out(group):
    canceled, returned = group.orders.order_by("pk")

    whole = {line.pk: 2 for line in canceled.lines.all()}
    claim = Claim.of_units(whole)
    give_back(refund_or_cancel(canceled, claim, reason="gone", by=None))
    whole = {line.pk: 2 for line in returned.lines.all()}
    send(returned, 2, "parcel")
    give_back(refund_lines(returned, whole, reason="broken", by=None))

    canceled.refresh_from_db()
    assert canceled.status == Order.Status.CANCELED
    with pytest.raises(fulfillment.ShipmentRefused):
        send(canceled, 1, "late parcel")
    assert close(returned) is None
    assert Transfer.objects.exists() is False
    assert set(ledger.balances().values()) == {0}


def test_transfers_ask_no_more_of_a_charge_than_it_took(sandbox, group):
    """The sellers are owed 69.80 less commission, and the buyer paid 57.80."""
    before = sandbox.balance()
    transfers = [close(order) for order in group.orders.order_by("pk")]

    assert [transfer.amount_minor for transfer in transfers] == [2290, 4090]
    drawn = [
        made.amount
        for made in sandbox.stripe.v1.transfers.list({"transfer_group": group.number})
        if made.source_transaction
    ]
    assert sum(drawn) <= group.total_minor == 5780
    paid = [t for t in transfers if t.status == Transfer.Status.PAID]
    waiting = [t for t in transfers if t.status == Transfer.Status.WAITING]
    assert len(paid) + len(waiting) == 2
    assert before - sandbox.balance() == sum(t.amount_minor for t in paid)
    assert ledger.unbalanced_entries() == ledger.unposted_events() == []


def test_a_part_refund_gives_back_that_sellers_things_alone(group):
    first, second = group.orders.order_by("pk")

    give_back(refund_lines(first, {first.lines.get().pk: 1}, reason="x", by=None))

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.refunded_minor, second.refunded_minor) == (800, 0)
    assert payouts.balance_of(first.seller).pending == 2290 - 900
    assert payouts.balance_of(second.seller).pending == 4090
