from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from allauth.account.models import EmailAddress
from django.utils import timezone

from checkout import carts, ordering
from checkout.models import Cart, CartLine, Order, OrderGroup
from checkout.ordering import place_order
from sellers.models import OutOfStock, Product, Seller, StockLevel
from tests.factories import (
    make_cart,
    make_checkout,
    make_order,
    make_product,
    make_seller,
    make_shipping_rate,
    make_user,
    make_variant,
)
from tests.races import at_once, together_after


def level_of(variant):
    level = StockLevel.objects.get(pk=variant.pk)
    return level.on_hand, level.reserved


def make_cart_of_two_sellers():
    cart = make_cart(variant=make_variant(price_minor=1999), quantity=2)
    CartLine.objects.create(cart=cart, variant=make_variant(price_minor=500))
    return cart


@pytest.mark.django_db
def test_one_checkout_makes_one_order_for_each_seller():
    cart, details = make_checkout(cart=make_cart_of_two_sellers())

    group = place_order(cart, details, "key")

    orders = group.orders.order_by("pk")
    assert [order.total_minor for order in orders] == [3998 + 490, 500 + 490]
    assert group.total_minor == 5478
    assert group.items_minor + group.shipping_minor == 5478
    assert group.tax_minor == sum(order.tax_minor for order in orders) == 874
    assert group.status == OrderGroup.Status.PENDING
    assert group.checkout_key == "key"


@pytest.mark.django_db
def test_lines_are_frozen_with_their_commission():
    variant = make_variant(price_minor=1999)
    cart, details = make_checkout(cart=make_cart(variant=variant, quantity=2))

    order = place_order(cart, details, "key").orders.get()
    variant.product.title = "Renamed"
    variant.product.save()

    line = order.lines.get()
    assert line.title != "Renamed"
    assert (line.quantity, line.unit_price_minor, line.total_minor) == (2, 1999, 3998)
    assert (line.commission_basis_points, line.commission_minor) == (1000, 400)
    assert line.tax_minor == 638


@pytest.mark.django_db
def test_stock_is_set_aside_for_fifteen_minutes():
    variant = make_variant(stock=5)
    cart, details = make_checkout(cart=make_cart(variant=variant, quantity=2))

    group = place_order(cart, details, "key")

    left = group.pay_before - timezone.now()
    assert level_of(variant) == (5, 2)
    assert timedelta(minutes=14) < left <= timedelta(minutes=15)
    assert cart.lines.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("second_key", ["key", "key of another tab"])
def test_ordering_again_gives_the_first_order(second_key):
    cart, details = make_checkout()

    first = place_order(cart, details, "key")
    second = place_order(cart, details, second_key)

    assert second == first
    assert OrderGroup.objects.count() == 1


@pytest.mark.django_db
def test_a_guest_who_signs_in_before_paying_takes_the_order_along():
    cart, details = make_checkout()
    first = place_order(cart, details, "key")
    user = make_user()

    second = place_order(cart, replace(details, user=user), "key")

    first.refresh_from_db()
    assert second == first
    assert first.user == user


@pytest.mark.django_db
def test_a_retry_after_payment_gives_the_paid_order():
    cart, details = make_checkout()
    group = place_order(cart, details, "key")
    group.advance(OrderGroup.Status.PAID, paid_at=timezone.now())
    carts.take_out_bought(group)

    assert place_order(cart, details, "key") == group


@pytest.mark.django_db
def test_going_back_to_change_the_address_replaces_the_unpaid_order():
    variant = make_variant(stock=1)
    cart, details = make_checkout(cart=make_cart(variant=variant))
    first = place_order(cart, details, "key")
    _cart, corrected = make_checkout(cart=cart, address={"line1": "3 Low Street"})

    second = place_order(cart, corrected, "key")

    first.refresh_from_db()
    assert second.line1 == "3 Low Street"
    assert first.status == OrderGroup.Status.CANCELED
    assert first.orders.get().status == Order.Status.CANCELED
    assert level_of(variant) == (1, 1)


@pytest.mark.django_db
def test_an_order_whose_time_is_over_is_replaced():
    cart, details = make_checkout()
    first = place_order(cart, details, "key")
    OrderGroup.objects.update(pay_before=timezone.now() - timedelta(seconds=1))

    second = place_order(cart, details, "key")

    first.refresh_from_db()
    assert second != first
    assert first.status == OrderGroup.Status.CANCELED


def assert_refused(refusal, cart, details):
    with pytest.raises(refusal):
        place_order(cart, details, "key")
    assert OrderGroup.objects.exists() is False
    assert list(StockLevel.objects.filter(reserved__gt=0)) == []


@pytest.mark.django_db
def test_a_price_that_rose_since_it_was_shown_is_said_first():
    cart, details = make_checkout()
    cart.lines.get().variant.product.variants.update(price_minor=1001)

    assert_refused(ordering.QuoteChanged, cart, details)


@pytest.mark.django_db
def test_a_total_made_up_by_the_browser_is_refused():
    cart, details = make_checkout(shown_total_minor=1)

    assert_refused(ordering.QuoteChanged, cart, details)


@pytest.mark.django_db
def test_the_cheap_rate_of_another_seller_cannot_be_chosen():
    cart = make_cart()
    seller = cart.lines.get().variant.product.seller
    make_shipping_rate(seller=seller)
    cheap = make_shipping_rate(price_minor=1)
    cart, details = make_checkout(cart=cart, rate_pks={seller.pk: cheap.pk})

    assert_refused(ordering.QuoteChanged, cart, details)


@pytest.mark.django_db
def test_nothing_is_sent_where_a_seller_does_not_deliver():
    cart = make_cart()
    make_shipping_rate(seller=cart.lines.get().variant.product.seller, countries=["FR"])
    cart, details = make_checkout(cart=cart)

    assert_refused(ordering.Undeliverable, cart, details)


@pytest.mark.django_db
def test_a_withdrawn_product_cannot_be_ordered():
    cart, details = make_checkout()
    Product.objects.update(status=Product.Status.ARCHIVED)

    assert_refused(ordering.CartProblem, cart, details)


@pytest.mark.django_db
def test_a_suspended_shop_sells_nothing():
    cart, details = make_checkout()
    Seller.objects.update(status=Seller.Status.SUSPENDED)

    assert_refused(ordering.CartProblem, cart, details)


@pytest.mark.django_db
def test_an_empty_cart_makes_no_order():
    cart, details = make_checkout()
    cart.lines.all().delete()

    assert_refused(ordering.EmptyCart, cart, details)


@pytest.mark.django_db
def test_more_than_the_stock_cannot_be_ordered():
    variant = make_variant(stock=2)
    cart, details = make_checkout(cart=make_cart(variant=variant, quantity=3))

    assert_refused(ordering.CartProblem, cart, details)


@pytest.mark.django_db
def test_canceling_an_unpaid_order_gives_the_stock_back_once():
    variant = make_variant(stock=3)
    cart, details = make_checkout(cart=make_cart(variant=variant))
    group = place_order(cart, details, "key")

    assert ordering.cancel_unpaid(group) is True
    assert ordering.cancel_unpaid(group) is False
    assert level_of(variant) == (3, 0)


@pytest.mark.django_db
def test_a_paid_order_is_not_canceled_as_unpaid():
    order = make_order(status=Order.Status.PAID)

    assert ordering.cancel_unpaid(order.group) is False

    order.refresh_from_db()
    assert order.status == Order.Status.PAID


@pytest.mark.django_db
def test_a_guests_orders_join_the_account_once_the_address_is_confirmed():
    user = make_user(email="buyer@example.com")
    order = make_order(email="Buyer@Example.com")

    assert ordering.claim_orders(user) == 0
    EmailAddress.objects.create(user=user, email=user.email, verified=True)
    assert ordering.claim_orders(user) == 1

    order.group.refresh_from_db()
    assert order.group.user == user


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_four_clicks_at_once_make_one_order():
    variant = make_variant(stock=10)
    cart, details = make_checkout(cart=make_cart(variant=variant))

    groups = at_once(
        *[partial(place_order, cart, details, f"key {n // 2}") for n in range(4)]
    )

    assert OrderGroup.objects.count() == 1
    assert {group.pk for group in groups} == {OrderGroup.objects.get().pk}
    assert level_of(variant) == (10, 1)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_carts_lock_four_clicks_make_several(monkeypatch):
    cart, details = make_checkout()
    monkeypatch.setattr(Cart, "touch", lambda self: True)
    together_after(monkeypatch, ordering, "refuse_unbuyable", 4)

    at_once(*[partial(place_order, cart, details, f"key {n}") for n in range(4)])

    assert OrderGroup.objects.count() == 4


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_carts_with_the_same_things_in_other_orders_do_not_deadlock():
    seller = make_seller()
    products = [make_product(seller=seller) for _ in range(2)]
    first, second = (make_variant(product=p, stock=6) for p in products)
    calls = []
    for number in range(12):
        pair = (first, second) if number % 2 else (second, first)
        cart = make_cart(variant=pair[0])
        CartLine.objects.create(cart=cart, variant=pair[1])
        calls.append(partial(place_order, *make_checkout(cart=cart), f"key {number}"))

    results = at_once(*calls)

    refused = (OutOfStock, ordering.CartProblem)
    assert sum(isinstance(result, OrderGroup) for result in results) == 6
    assert sum(isinstance(result, refused) for result in results) == 6
    assert level_of(first) == level_of(second) == (6, 6)
