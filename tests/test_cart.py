import json
from functools import partial
from threading import Event

import pytest
from django.db import transaction
from django.db.models import F
from django.urls import reverse

from checkout import carts
from checkout.models import Cart, CartLine
from sellers.models import Product, Seller
from tests.factories import (
    make_cart,
    make_product,
    make_user,
    make_variant,
    make_video,
)
from tests.races import at_once, wait_until_somebody_waits

CART = reverse("checkout:cart")
ADD = reverse("checkout:add_to_cart")
HTMX = {"HX-Request": "true"}


def add(client, variant, quantity=1, **data):
    data = {"variant": variant.pk, "quantity": quantity} | data
    return client.post(ADD, data, headers=HTMX)


def toast_of(response):
    return json.loads(response.headers["HX-Trigger"])["toast"]


@pytest.mark.django_db
def test_a_guest_puts_a_product_from_a_video_into_the_cart(client):
    variant, video = make_variant(), make_video()

    response = add(client, variant, 2, video=video.public_id)

    line = CartLine.objects.get()
    assert (line.variant, line.quantity, line.video) == (variant, 2, video)
    assert json.loads(response.headers["HX-Trigger"])["cart"] == {"count": 2}
    assert toast_of(response)["url"] == CART


@pytest.mark.django_db
def test_adding_again_adds_up(client):
    variant = make_variant()

    add(client, variant, 1)
    add(client, variant, 2)

    assert CartLine.objects.get().quantity == 3


@pytest.mark.django_db
def test_without_javascript_the_cart_page_follows(client):
    variant = make_variant()

    response = client.post(ADD, {"variant": variant.pk, "quantity": 1})

    assert response.status_code == 302
    assert response.url == CART


@pytest.mark.django_db
@pytest.mark.parametrize("quantity", ["0", "-1", "0.5", "1000000000", "x", ""])
def test_nonsense_quantities_are_refused_in_plain_words(client, quantity):
    response = add(client, make_variant(), quantity)

    assert toast_of(response) == {
        "text": "The quantity is a whole number from 1 to 99.",
        "kind": "error",
    }
    assert Cart.objects.exists() is False


@pytest.mark.django_db
@pytest.mark.parametrize("variant", ["x", "", "-3", "99999999999999999999999"])
def test_nonsense_variants_are_refused(client, variant):
    response = client.post(ADD, {"variant": variant, "quantity": 1}, headers=HTMX)

    assert toast_of(response)["text"] == "Choose what you would like first."


@pytest.mark.django_db
def test_what_is_not_on_sale_is_not_found(client):
    draft = make_variant(product=make_product(status=Product.Status.DRAFT))
    inactive = make_variant(is_active=False)
    suspended = make_variant()
    Seller.objects.filter(pk=suspended.product.seller_id).update(
        status=Seller.Status.SUSPENDED
    )

    for variant in (draft, inactive, suspended):
        assert add(client, variant).status_code == 404
    assert CartLine.objects.exists() is False


@pytest.mark.django_db
def test_more_than_there_is_does_not_go_in(client):
    variant = make_variant(stock=3)
    add(client, variant, 2)

    response = add(client, variant, 2)

    assert toast_of(response)["text"] == "Only 3 left. You have 2 in your cart."
    assert CartLine.objects.get().quantity == 2


@pytest.mark.django_db
def test_one_cart_holds_one_currency(client):
    add(client, make_variant())
    yen = make_variant(product=make_product(currency="JPY"))

    response = add(client, yen)

    assert "EUR" in toast_of(response)["text"]
    assert CartLine.objects.count() == 1


@pytest.mark.django_db
def test_a_line_belongs_to_its_cart(client):
    line = make_cart(quantity=2).lines.get()
    add(client, make_variant())

    for name in ("set_quantity", "remove_from_cart"):
        url = reverse(f"checkout:{name}", args=[line.pk])
        assert client.post(url, {"quantity": 1}).status_code == 404

    line.refresh_from_db()
    assert line.quantity == 2


@pytest.mark.django_db
def test_nobodys_request_reaches_no_line(client):
    line = make_cart().lines.get()

    url = reverse("checkout:remove_from_cart", args=[line.pk])

    assert client.post(url).status_code == 404
    assert CartLine.objects.count() == 1


@pytest.mark.django_db
def test_a_removal_can_be_undone(client):
    variant = make_variant()
    add(client, variant, 2)
    line = CartLine.objects.get()

    url = reverse("checkout:remove_from_cart", args=[line.pk])
    response = client.post(url, headers=HTMX)
    assert "was removed" in response.content.decode()
    assert CartLine.objects.exists() is False
    client.post(
        reverse("checkout:restore_to_cart"),
        {
            "variant": variant.pk,
            "quantity": 2,
            "added_at": line.added_at.isoformat(),
        },
    )

    restored = CartLine.objects.get()
    assert (restored.quantity, restored.added_at) == (2, line.added_at)


@pytest.mark.django_db
def test_the_cart_says_what_has_changed(client):
    dearer, gone, few = (make_variant(price_minor=1000, stock=9) for _ in range(3))
    for variant in (dearer, gone, few):
        add(client, variant, 3)
    dearer.product.variants.update(price_minor=1200)
    gone.product.variants.update(is_active=False)
    few.stock.__class__.objects.filter(pk=few.pk).update(on_hand=2)

    page = client.get(CART).content.decode()

    assert "Price changed from €10.00 to €12.00" in page
    assert "No longer on sale." in page
    assert "Only 2 left." in page
    assert "€36.00" in page
    assert client.get(reverse("checkout:checkout")).url == CART


@pytest.mark.django_db
def test_an_empty_cart_invites_to_the_feed(client):
    page = client.get(CART).content.decode()

    assert "Your cart is empty" in page


@pytest.mark.django_db
def test_what_a_guest_chose_is_in_the_account_after_sign_in(client):
    user = make_user()
    both, only_guest, only_user = (make_variant() for _ in range(3))
    cart = make_cart(user=user, variant=both, quantity=2)
    CartLine.objects.create(cart=cart, variant=only_user, quantity=1)
    add(client, both, 3)
    add(client, only_guest, 1)

    client.force_login(user)
    client.get(CART)

    lines = dict(Cart.objects.get().lines.values_list("variant", "quantity"))
    assert lines == {both.pk: 3, only_guest.pk: 1, only_user.pk: 1}


@pytest.mark.django_db
def test_a_cart_of_an_account_does_not_stay_in_the_browser_after_sign_out(client):
    user = make_user()
    make_cart(user=user)
    client.force_login(user)
    client.get(CART)

    client.logout()

    assert "Your cart is empty" in client.get(CART).content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("lines", [2, 12])
def test_a_long_cart_takes_as_few_queries_as_a_short_one(
    client, lines, django_assert_max_num_queries
):
    user = make_user()
    cart = make_cart(user=user)
    for _ in range(lines - 1):
        CartLine.objects.create(cart=cart, variant=make_variant())
    client.force_login(user)

    with django_assert_max_num_queries(12):
        client.get(CART)


@pytest.mark.django_db
def test_once_bought_what_was_bought_leaves_the_cart():
    first, more = make_variant(), make_variant()
    cart = make_cart(variant=first, quantity=1)
    CartLine.objects.create(cart=cart, variant=more, quantity=3)
    group = cart.order_groups.create(
        currency="EUR",
        items_minor=1,
        shipping_minor=0,
        tax_minor=0,
        is_tax_included=True,
        total_minor=1,
        pay_before="2026-01-01T00:00Z",
    )
    order = group.orders.create(
        seller=first.product.seller,
        items_minor=1,
        shipping_minor=0,
        tax_minor=0,
        total_minor=1,
    )
    for variant in (first, more):
        order.lines.create(
            variant=variant,
            title="x",
            sku="x",
            quantity=1,
            unit_price_minor=1,
            total_minor=1,
            commission_basis_points=0,
            commission_minor=0,
        )

    carts.take_out_bought(group)

    assert dict(cart.lines.values_list("variant", "quantity")) == {more.pk: 2}


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_taps_at_once_are_all_counted():
    variant = make_variant(stock=50)
    cart = make_cart(variant=variant, quantity=1)

    at_once(*[partial(carts.add, cart, variant, 2)] * 8)

    assert cart.lines.get().quantity == 17


@pytest.mark.django_db
def test_a_payment_while_one_more_is_added_takes_out_what_it_paid_for(monkeypatch):
    """It takes lines out without the cart's lock, here just before it is added."""
    variant = make_variant()
    cart = make_cart(variant=variant, quantity=3)
    check = carts.refuse_over_limit

    def pay_meanwhile(*args):
        check(*args)
        cart.lines.update(quantity=F("quantity") - 2)

    monkeypatch.setattr(carts, "refuse_over_limit", pay_meanwhile)

    carts.add(cart, variant, 1)

    assert cart.lines.get().quantity == 2


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_line_that_is_added_to_waits_for_the_payment_that_takes_it_out():
    variant = make_variant()
    cart = make_cart(variant=variant, quantity=3)
    is_locked = Event()

    def pay():
        with transaction.atomic():
            cart.lines.all().delete()
            is_locked.set()
            wait_until_somebody_waits()

    def add_one():
        is_locked.wait(20)
        return carts.add(cart, variant, 1)

    results = at_once(pay, add_one)

    assert not [one for one in results if isinstance(one, Exception)]
    assert cart.lines.get().quantity == 1


def sign_in_with_a_guests_cart(client, user, variant, quantity=1):
    add(client, variant, quantity)
    client.force_login(user)
    return client.get(CART).content.decode()


@pytest.mark.django_db
def test_what_an_earlier_cart_adds_is_said_once_on_the_page(client):
    variant, user = make_variant(), make_user()
    cart = make_cart(user=user, quantity=2)
    cart.lines.create(variant=variant, quantity=4)

    page = sign_in_with_a_guests_cart(client, user, variant, 3)

    assert "3 things from your earlier cart were added to your cart." in page
    assert "earlier cart" not in client.get(CART).content.decode()


@pytest.mark.django_db
def test_an_earlier_cart_that_adds_nothing_is_not_mentioned(client):
    variant, user = make_variant(), make_user()
    make_cart(user=user, variant=variant, quantity=1)

    page = sign_in_with_a_guests_cart(client, user, variant, 2)

    assert "earlier cart" not in page
    assert user.cart.lines.get().quantity == 2


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_guests_cart_is_brought_over_once():
    user = make_user()
    guest = make_cart(quantity=2)

    results = at_once(*[partial(carts.adopt_cart, guest.token, user)] * 4)

    assert results == [0] * 4
    assert Cart.objects.get().lines.get().quantity == 2
