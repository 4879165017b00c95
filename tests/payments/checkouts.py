"""Paid and unpaid groups, made as the shop makes them."""

from contextlib import contextmanager
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from checkout import invariants, payments
from checkout.models import Order, OrderGroup, OrderLine
from sellers import stock
from tests.factories import make_order, make_product, make_seller, make_variant


@contextmanager
def undone():
    """As if it had never been."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def assert_books_hold():
    """What the nightly check proves."""
    found = [f for one in invariants.INVARIANTS for f in invariants.faults_of(one)]
    assert found == []


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
    return order


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


def grow_older(model, minutes):
    """Each moment that the rows remember moves into the past."""
    names = {"created_at", "asked_at", "succeeded_at"}
    moments = names & {field.name for field in model._meta.fields}
    for row in model.objects.all():
        known = {name: getattr(row, name) for name in moments if getattr(row, name)}
        past = {n: moment - timedelta(minutes=minutes) for n, moment in known.items()}
        model.objects.filter(pk=row.pk).update(**past)


def make_payable_seller(sandbox, **fields):
    """A seller whose account at Stripe can receive money."""
    account = sandbox.stripe.v1.accounts.create(
        {"country": "DE", "capabilities": {"transfers": {"requested": True}}}
    )
    sandbox.onboard(account.id)
    return make_seller(stripe_account_id=account.id, is_payable=True, **fields)


def make_bought_order(sandbox, *, seller=None):
    """Three pieces at 9.99, one at 5.00, delivery 4.90: paid, 39.87 in all.

    The commission is 2.99 on the first line and 0.50 on the second.
    """
    first = make_variant(price_minor=999, product=make_product(seller=seller))
    order = make_order(variant=first, quantity=3)
    OrderLine.objects.create(
        order=order,
        variant=make_variant(
            product=make_product(seller=first.product.seller), price_minor=500
        ),
        title="Other",
        sku="other",
        quantity=1,
        unit_price_minor=500,
        total_minor=500,
        commission_basis_points=1000,
        commission_minor=50,
    )
    for part in (order, order.group):
        part.items_minor, part.shipping_minor, part.total_minor = 3497, 490, 3987
        part.save()
    wanted = {line.variant_id: line.quantity for line in order.lines.all()}
    group = order.group
    stock.reserve(wanted, group.reservation_reference, group.pay_before)
    sandbox.pay(start(group).payment_intent_id)
    payments.settle(group)
    order.refresh_from_db()
    return order
