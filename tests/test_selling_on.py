"""Back-orders and pre-orders from the product page to the parcel."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from checkout import cart_contents, fulfillment, quotes, returns
from checkout.models import Order, OrderGroup, Payment
from checkout.ordering import QuoteChanged, place_order
from sellers import stock
from sellers.models import Product, StockLevel
from tests.factories import make_cart, make_checkout, make_order, make_user
from tests.test_back_orders import LATER, backordered, make_sold_on
from tests.test_stock import level_of, reserve

pytestmark = pytest.mark.django_db
DAY = date_format(LATER)


def make_pre_order(**terms):
    return make_sold_on(policy="pre_order", ships_on=LATER, **terms)


def shown_to(cart, details):
    """As the checkout page shows it to this buyer."""
    quote = quotes.quote(cart_contents.contents(cart), details.address["country"], {})
    return replace(details, shown_items=quote.items_text)


def place(variant, quantity=1):
    cart, details = make_checkout(cart=make_cart(variant=variant, quantity=quantity))
    return place_order(cart, shown_to(cart, details), "key")


def sell(variant, quantity):
    """Ordered and paid for, as far as stock and parcels are concerned."""
    group = place(variant, quantity)
    stock.take(group.reservation_reference)
    group.advance(OrderGroup.Status.PAID, paid_at=timezone.now())
    Payment.objects.create(
        group=group,
        payment_intent_id=f"pi_{group.pk}",
        client_secret="secret",
        status=Payment.Status.SUCCEEDED,
        amount_minor=group.total_minor,
        currency=group.currency,
    )
    order = group.orders.get()
    order.advance(Order.Status.PAID)
    return order


def test_the_product_page_says_when_it_is_sent(client):
    variant = make_pre_order()

    page = client.get(variant.product.get_absolute_url()).content.decode()

    assert f"Pre-order: sent from {DAY}" in page
    assert "https://schema.org/PreOrder" in page
    assert f'"availabilityStarts": "{LATER.isoformat()}"' in page
    assert "Sold out" not in page


def test_lists_do_not_call_it_sold_out(client):
    variant = make_sold_on()
    shop = variant.product.seller.get_absolute_url()

    assert "Sold out" not in client.get(f"{shop}?tab=products").content.decode()
    StockLevel.objects.update(policy="refuse")
    assert "Sold out" in client.get(f"{shop}?tab=products").content.decode()


def test_cart_checkout_and_order_say_how_many_come_later(client):
    user, variant = make_user(), make_sold_on(stock=1, ships_on=LATER)
    cart, details = make_checkout(
        cart=make_cart(user=user, variant=variant, quantity=3)
    )
    client.force_login(user)
    words = f"2 of them are sent from {DAY}"

    for name in ("cart", "checkout"):
        assert words in client.get(reverse(f"checkout:{name}")).content.decode()
    group = place_order(cart, replace(shown_to(cart, details), user=user), "key")

    line = group.orders.get().lines.get()
    assert (line.backordered_quantity, line.ships_on) == (2, LATER)
    assert words in client.get(group.get_absolute_url()).content.decode()


def test_the_promise_on_the_order_stays_what_it_was():
    line = place(make_pre_order(), 2).orders.get().lines.get()

    StockLevel.objects.update(ships_on=LATER + timedelta(days=30))

    line.refresh_from_db()
    assert line.promise == f"Sent from {DAY}"


def test_who_was_shown_goods_at_once_is_not_given_a_promise_instead():
    variant = make_sold_on(stock=1)
    cart, details = make_checkout(cart=make_cart(variant=variant))
    seen = shown_to(cart, details)
    reserve({variant.pk: 1}, "group:of another")

    with pytest.raises(QuoteChanged):
        place_order(cart, seen, "key")

    assert OrderGroup.objects.exists() is False
    assert place_order(cart, shown_to(cart, details), "key")


def test_the_last_unit_taken_in_the_instant_of_ordering_is_said_too(monkeypatch):
    """After the cart was read, before the levels are locked."""
    variant = make_sold_on(stock=1)
    cart, details = make_checkout(cart=make_cart(variant=variant))
    seen, lock = shown_to(cart, details), stock.lock_levels

    def lock_after_another(variant_pks):
        monkeypatch.setattr(stock, "lock_levels", lock)
        reserve({variant.pk: 1}, "group:of another")
        return lock(variant_pks)

    monkeypatch.setattr(stock, "lock_levels", lock_after_another)

    with pytest.raises(QuoteChanged):
        place_order(cart, seen, "key")


@pytest.mark.parametrize(
    ("terms", "least", "most"),
    [
        ({"policy": "pre_order", "ships_on": LATER}, 10, 16),
        ({"ships_on": LATER}, 10, 16),
        ({}, 30, 31),
        ({"stock": 5}, 1, 5),
    ],
)
def test_the_seller_has_until_after_the_day_that_was_told(terms, least, most):
    order = sell(make_sold_on(**terms), 1)

    fulfillment.begin(order)

    days = (Order.objects.get().dispatch_by - timezone.now()) / timedelta(days=1)
    assert least - 1 <= days <= most


def ship(order, quantity, key="first"):
    parcel = {"carrier": "DHL", "tracking_number": "", "tracking_url": ""}
    return fulfillment.ship(order, {order.lines.get().pk: quantity}, key, **parcel)


def test_what_is_not_there_cannot_be_sent_until_it_came_in():
    variant = make_sold_on(stock=1)
    order = sell(variant, 3)

    with pytest.raises(fulfillment.ShipmentRefused, match="2 are not in stock yet"):
        ship(order, 3)
    ship(order, 1)
    stock.adjust(variant, 2, "received")
    ship(order, 2, "second")

    order.refresh_from_db()
    assert order.status == Order.Status.SHIPPED
    assert level_of(variant) == (0, 0)


def test_the_seller_sees_what_is_not_there_yet(client):
    variant, owner = make_sold_on(stock=1), make_user()
    variant.product.seller.members.create(user=owner)
    order = sell(variant, 3)
    client.force_login(owner)

    page = client.get(order.get_absolute_url()).content.decode()

    assert "2 are not in stock yet" in page
    assert "of 1" in page


def test_a_canceled_back_order_waits_for_nothing():
    variant = make_sold_on(stock=1)
    order = sell(variant, 3)

    returns.cancel_order(order, reason="Changed my mind", by=None)

    assert level_of(variant) == (1, 0)
    assert backordered(variant) == 0
    assert stock.disagreements() == []


def test_a_refund_of_what_has_not_come_in_waits_for_less():
    variant = make_sold_on()
    order = sell(variant, 3)
    line = order.lines.get()

    returns.refund_lines(order, {line.pk: 2}, reason="Fewer", by=None)

    assert backordered(variant) == 1
    assert stock.disagreements() == []


def test_a_refund_gives_up_what_it_waits_for_before_what_is_there():
    variant = make_sold_on(stock=3)
    order = sell(variant, 5)
    line = order.lines.get()

    returns.refund_lines(order, {line.pk: 1}, reason="Fewer", by=None)
    assert backordered(variant) == 1
    returns.refund_lines(order, {line.pk: 3}, reason="Fewer still", by=None)

    assert backordered(variant) == 0
    ship(order, 1)
    assert stock.disagreements() == []


def test_an_archived_product_keeps_its_promises():
    variant = make_sold_on()
    order = sell(variant, 1)
    Product.objects.update(status=Product.Status.ARCHIVED)

    stock.adjust(variant, 1, "received")

    ship(order, 1)
    assert level_of(variant) == (0, 0)


def test_an_order_from_before_back_orders_is_sent_as_ever():
    order = make_order(quantity=2, status=Order.Status.PAID)

    ship(order, 2)

    order.refresh_from_db()
    assert order.status == Order.Status.SHIPPED


def test_the_buyer_reads_the_day_before_the_seller_is_told():
    order = sell(make_pre_order(), 1)

    at_once = fulfillment.leaves_by(order)
    fulfillment.begin(order)

    assert at_once.date() == order.dispatch_by.date()


def go_back(cart, details):
    """And order the same again, to be written to elsewhere."""
    again = replace(details, email="elsewhere@example.com")
    group = place_order(cart, shown_to(cart, again), "key")
    return group.orders.get().lines.get()


def test_who_goes_back_with_the_last_promise_is_told_the_day_still():
    variant = make_sold_on(backorder_limit=1, ships_on=LATER)
    cart, details = make_checkout(cart=make_cart(variant=variant))
    place_order(cart, shown_to(cart, details), "key")

    assert go_back(cart, details).ships_on == LATER


def test_who_goes_back_is_shown_what_those_who_wait_leave():
    """The units of the former order go to them first: not shown, no order is made."""
    variant = make_sold_on(stock=2)
    cart, details = make_checkout(cart=make_cart(variant=variant, quantity=2))
    place_order(cart, shown_to(cart, details), "key")
    reserve({variant.pk: 1}, "another")

    assert go_back(cart, details).backordered_quantity == 1
    assert level_of(variant) == (2, 2)
    assert stock.disagreements() == []
