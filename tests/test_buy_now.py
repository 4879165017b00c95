"""“Buy now” buys one product alone, beside the cart."""

from functools import partial
from threading import Barrier

import pytest
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from checkout import carts, ordering
from checkout.models import Cart, CartLine, Order, OrderGroup
from sellers.models import StockLevel
from tests.factories import (
    TYPED,
    make_cart,
    make_checkout,
    make_shipping_rate,
    make_tag,
    make_user,
    make_variant,
    make_video,
)
from tests.races import at_once

ADD = reverse("checkout:add_to_cart")
CART = reverse("checkout:cart")
NOW = reverse("checkout:buy_now")


def make_deliverable(**fields):
    variant = make_variant(**fields)
    make_shipping_rate(seller=variant.product.seller)
    return variant


def press_buy_now(client, variant, quantity=1, **data):
    data = {"variant": variant.pk, "quantity": quantity, "buy_now": "1"} | data
    return client.post(ADD, data)


def order_shown(client, **typed):
    """Send the checkout as the page shows it."""
    quote = client.get(NOW).context["quote"]
    shown = {"shown_total": quote.total_minor, "shown_items": quote.items_text}
    return client.post(NOW, TYPED | shown | typed)


def pay(group):
    group.advance(OrderGroup.Status.PAID, paid_at=timezone.now())
    carts.take_out_bought(group)


def in_cart(client):
    contents = client.get(CART).context["contents"]
    return {item.variant.pk: item.quantity for item in contents.items}


@pytest.fixture(params=["guest", "signed in"])
def shopper(request, client):
    """With a lamp in the cart; how many carts that makes does not matter."""
    if request.param == "signed in":
        client.force_login(make_user())
    lamp = make_deliverable()
    client.post(ADD, {"variant": lamp.pk, "quantity": 2})
    client.get(CART)  # where its message is read
    return lamp


@pytest.mark.django_db
def test_one_product_is_bought_and_the_cart_stays_as_it_was(client, shopper):
    cup, video = make_deliverable(price_minor=1500), make_video()
    make_tag(video=video, product=cup.product)

    response = press_buy_now(client, cup, 3, video=video.public_id)
    assert response.url == NOW
    page = client.get(NOW)
    assert cup.product.title in page.content.decode()
    assert shopper.product.title not in page.content.decode()
    assert "What is in your cart stays there" in page.content.decode()
    order_shown(client)

    group = OrderGroup.objects.get()
    line = Order.objects.get(group=group).lines.get()
    assert (line.variant, line.quantity, line.video) == (cup, 3, video)
    assert group.total_minor == 3 * 1500 + 490
    assert in_cart(client) == {shopper.pk: 2}
    pay(group)
    assert in_cart(client) == {shopper.pk: 2}
    assert client.get(NOW).url == CART


@pytest.mark.django_db
def test_what_lies_in_the_cart_can_be_bought_at_once_too(client, shopper):
    press_buy_now(client, shopper, 1)
    order_shown(client)
    pay(OrderGroup.objects.get())

    assert in_cart(client) == {shopper.pk: 2}


@pytest.mark.django_db
def test_the_next_buy_now_replaces_the_last_and_its_unpaid_order(client, shopper):
    cup, bowl = make_deliverable(stock=1), make_deliverable()
    press_buy_now(client, cup)
    order_shown(client)
    press_buy_now(client, cup)
    assert client.get(NOW).context["quote"].items_text == f"{cup.pk}x1"

    press_buy_now(client, bowl, 2)
    order_shown(client)

    first, second = OrderGroup.objects.order_by("pk")
    assert first.status == OrderGroup.Status.CANCELED
    assert second.orders.get().lines.get().variant == bowl
    assert StockLevel.objects.get(pk=cup.pk).reserved == 0


@pytest.mark.django_db
def test_a_tab_that_shows_another_product_does_not_buy_this_one(client, shopper):
    cup, bowl = make_deliverable(), make_deliverable()
    press_buy_now(client, cup)
    shown = client.get(NOW).context["quote"]
    press_buy_now(client, bowl)
    order_shown(client)
    typed = {"shown_total": shown.total_minor, "shown_items": shown.items_text}

    answer = client.post(NOW, TYPED | typed)

    assert answer.status_code == 422
    assert "the products" in answer.content.decode()
    assert bowl.product.title in answer.content.decode()
    assert OrderGroup.objects.count() == 1


@pytest.mark.django_db
def test_a_guest_may_sign_in_on_the_way(client):
    lamp, cup, user = make_deliverable(), make_deliverable(), make_user()
    client.post(ADD, {"variant": lamp.pk, "quantity": 1})
    press_buy_now(client, cup)

    client.force_login(user)
    order_shown(client)

    group = OrderGroup.objects.get()
    assert group.user == user
    assert group.orders.get().lines.get().variant == cup
    assert in_cart(client) == {lamp.pk: 1}
    assert Cart.objects.get(user=user).lines.get().variant == lamp


@pytest.mark.django_db
def test_nobody_sees_what_another_buys_at_once(client):
    press_buy_now(client, make_deliverable())
    client_of_another = Client()

    assert client_of_another.get(NOW).url == CART
    answer = client_of_another.post(NOW, TYPED | {"shown_total": 1490})
    assert answer.url == CART
    assert client_of_another.post(reverse("checkout:buy_now_quote")).status_code == 204
    assert OrderGroup.objects.exists() is False


@pytest.mark.django_db
def test_a_refusal_leaves_what_was_chosen_before(client):
    cup, few = make_deliverable(), make_deliverable(stock=1)
    press_buy_now(client, cup)

    answer = press_buy_now(client, few, 2)

    assert answer.url == few.product.get_absolute_url()
    assert CartLine.objects.get().variant == cup


@pytest.mark.django_db
def test_sold_out_on_the_way_leads_back_to_the_product(client):
    cup = make_deliverable(stock=1)
    press_buy_now(client, cup)
    quote = client.get(NOW).context["quote"]
    StockLevel.objects.filter(pk=cup.pk).update(reserved=1)

    answer = client.post(NOW, TYPED | {"shown_total": quote.total_minor})

    assert answer.url == cup.product.get_absolute_url()
    assert "Sold out." in client.get(answer.url).content.decode()


@pytest.mark.django_db
def test_the_totals_follow_the_country(client):
    press_buy_now(client, make_deliverable(price_minor=1000))

    typed = TYPED | {"country": "CA"}
    answer = client.post(reverse("checkout:buy_now_quote"), typed)

    assert not answer.context["quote"].is_tax_included
    assert answer.context["quote"].total_minor > 1490
    assert 'name="shown_items"' in answer.content.decode()


@pytest.mark.django_db
def test_such_a_cart_is_never_an_accounts_own():
    with pytest.raises(IntegrityError):
        Cart.objects.create(user=make_user(), is_buy_now=True)


def make_buy_now_cart():
    return make_cart(variant=make_deliverable(), is_buy_now=True)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_several_taps_at_once_one_product_stays():
    cart = make_buy_now_cart()
    variants = [make_variant() for _ in range(6)]

    at_once(*[partial(carts.put_alone, cart, variant, 1) for variant in variants])

    assert cart.lines.get().variant in variants


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_carts_lock_several_products_stay(monkeypatch):
    cart = Cart.objects.create(is_buy_now=True)
    variants = [make_variant() for _ in range(6)]
    # Nobody waits for another's end; all look before one of them writes.
    together = Barrier(len(variants))
    monkeypatch.setattr(Cart, "touch", lambda self: together.wait(30) >= 0)

    at_once(*[partial(carts.put_alone, cart, variant, 1) for variant in variants])

    assert cart.lines.count() > 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_ordering_while_another_product_is_tapped_never_buys_that_one():
    shown, other = make_deliverable(), make_deliverable()
    for number in range(4):
        cart = make_cart(variant=shown, is_buy_now=True)
        items = f"{shown.pk}x1"
        _cart, details = make_checkout(cart=cart, shown_items=items)

        ordered, _line = at_once(
            partial(ordering.place_order, cart, details, f"key {number}"),
            partial(carts.put_alone, cart, other, 1),
        )

        if not isinstance(ordered, ordering.QuoteChanged):
            assert ordered.orders.get().lines.get().variant == shown
        assert cart.lines.get().variant == other
