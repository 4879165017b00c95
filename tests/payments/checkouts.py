"""Paid and unpaid groups, made as the shop makes them."""

from datetime import timedelta

from django.utils import timezone

from checkout import payments
from checkout.models import Order, OrderGroup, OrderLine
from sellers import stock
from tests.factories import make_order, make_seller, make_variant


def make_group(*, variants=None, quantity=1, **fields):
    """An unpaid group with its stock set aside: one order for each variant's seller."""
    variants = variants or [make_variant()]
    first, *others = variants
    group = make_order(variant=first, quantity=quantity, **fields).group
    for variant in others:
        add_order(group, variant, quantity)
    wanted = {variant.pk: quantity for variant in variants}
    stock.reserve(wanted, group.reservation_reference, group.pay_before)
    return group


def add_order(group, variant, quantity):
    total = variant.price_minor * quantity
    order = Order.objects.create(
        group=group,
        seller=variant.product.seller,
        shipping_name="Standard",
        items_minor=total,
        shipping_minor=0,
        tax_minor=0,
        total_minor=total,
    )
    OrderLine.objects.create(
        order=order,
        variant=variant,
        title=variant.product.title,
        sku=variant.sku,
        quantity=quantity,
        unit_price_minor=variant.price_minor,
        total_minor=total,
        commission_basis_points=1000,
        commission_minor=total // 10,
    )
    OrderGroup.objects.filter(pk=group.pk).update(
        total_minor=group.total_minor + total, items_minor=group.items_minor + total
    )
    group.refresh_from_db()


def start(group):
    """The buyer's browser has the client secret; the payment as it is then."""
    payments.start_payment(group)
    return group.payment


def make_paid_group(sandbox, **fields):
    group = make_group(**fields)
    sandbox.pay(start(group).payment_intent_id)
    return payments.settle(group)


def lapse(group):
    """Its time to pay is over."""
    OrderGroup.objects.filter(pk=group.pk).update(
        pay_before=timezone.now() - timedelta(minutes=1)
    )
    group.refresh_from_db()


def make_payable_seller(sandbox, **fields):
    """A seller whose account at Stripe can receive money."""
    account = sandbox.stripe.v1.accounts.create(
        {"country": "DE", "capabilities": {"transfers": {"requested": True}}}
    )
    sandbox.onboard(account.id)
    return make_seller(stripe_account_id=account.id, is_payable=True, **fields)
