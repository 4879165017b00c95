import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from checkout.models import CartLine, Coupon, OrderGroup
from checkout.ordering import place_order
from tests.factories import (
    TYPED,
    make_cart,
    make_checkout,
    make_coupon,
    make_shipping_rate,
    make_user,
    make_variant,
)

CHECKOUT = reverse("checkout:checkout")
QUOTE = reverse("checkout:quote")

pytestmark = pytest.mark.django_db


@pytest.fixture
def shopper(client):
    """Somebody signed in whose cart holds 2 × €19.99, delivered for €4.90."""
    user = make_user(name="Bea Buyer")
    variant = make_variant(price_minor=1999, stock=5)
    make_shipping_rate(seller=variant.product.seller)
    make_cart(user=user, variant=variant, quantity=2)
    client.force_login(user)
    return user


def typed(**fields):
    return {"shown_total": 4488, **TYPED, **fields}


def total_of(response):
    found = re.search(r'name="shown_total" value="(\d+)"', response.content.decode())
    return int(found.group(1))


def text_of(response):
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def test_applying_a_code_shows_the_new_total_and_orders_nothing(client, shopper):
    make_coupon(code="TENTH")

    for response in (
        client.post(QUOTE, typed(coupon="tenth")),
        client.post(CHECKOUT, typed(coupon="tenth", apply="coupon")),
    ):
        assert response.status_code == 200
        assert total_of(response) == 4488 - 400
        assert "TENTH takes €4.00 off." in text_of(response)
    assert OrderGroup.objects.exists() is False


def test_without_javascript_applying_keeps_what_was_typed(client, shopper):
    page = client.post(CHECKOUT, typed(coupon="x", apply="coupon", city="Bonn"))

    text = page.content.decode()
    assert 'value="Bonn"' in text
    assert f'value="{TYPED["checkout_key"]}"' in text
    assert "There is no coupon" in text


def test_enter_in_a_field_orders_and_applies_no_coupon(client, shopper):
    """A browser presses the form's first button: it must not be the coupon's."""
    page = client.get(CHECKOUT).content.decode()

    first = re.search(r"<button[^>]*>", page[page.index('id="checkout"') :])
    assert "name=" not in first.group()


def test_the_total_with_the_coupon_is_what_is_charged(client, shopper):
    make_coupon(code="TENTH")

    client.post(CHECKOUT, typed(coupon="TENTH", shown_total=4088))

    group = OrderGroup.objects.get()
    assert (group.total_minor, group.discount_minor) == (4088, 400)
    pay = text_of(client.get(reverse("checkout:pay", args=[group.token])))
    page = text_of(client.get(group.get_absolute_url()))
    assert "Saved with TENTH €4.00" in pay
    assert "Saved with TENTH, taken off above €4.00" in page


def test_a_coupon_that_ended_since_the_page_was_shown_is_said_and_not_charged(
    client, shopper
):
    make_coupon(
        code="TENTH",
        valid_from=timezone.now() - timedelta(days=2),
        valid_until=timezone.now() - timedelta(seconds=1),
    )

    response = client.post(CHECKOUT, typed(coupon="TENTH", shown_total=4088))

    assert response.status_code == 422
    assert "TENTH is over" in text_of(response)
    assert "Without it the total is €44.88" in text_of(response)
    assert total_of(response) == 4488
    assert OrderGroup.objects.exists() is False


def test_what_is_refused_when_it_is_ordered_can_be_ordered_without(client, shopper):
    coupon = make_coupon(code="TENTH", usage_limit_per_buyer=1)
    cart, details = make_checkout(coupon_code="TENTH", email="bea@example.com")
    place_order(cart, details, "key")
    order = typed(coupon="TENTH", shown_total=4088, email="bea@example.com")

    refused = client.post(CHECKOUT, order)
    again = client.post(CHECKOUT, order | {"coupon": "", "shown_total": 4488})

    assert refused.status_code == 422
    assert "TENTH cannot be used for this order." in text_of(refused)
    assert total_of(refused) == 4488
    assert 'name="coupon" form="checkout" value=""' in refused.content.decode()
    assert again.status_code == 302
    coupon.refresh_from_db()
    assert coupon.uses == 1


TOO_MANY = "Too many codes were tried."


def test_after_ten_wrong_codes_no_code_is_looked_at(client, shopper):
    make_coupon(code="TENTH")
    for number in range(10):
        page = client.post(QUOTE, typed(coupon=f"GUESS{number}"))
        assert "There is no coupon" in text_of(page)

    for path in (QUOTE, CHECKOUT):
        for code in ("GUESS10", "TENTH"):
            page = client.post(path, typed(coupon=code, apply="coupon"))
            assert TOO_MANY in text_of(page)
    refused = client.post(CHECKOUT, typed(coupon="TENTH", shown_total=4088))
    assert TOO_MANY in text_of(refused)
    assert OrderGroup.objects.exists() is False
    assert client.post(CHECKOUT, typed()).status_code == 302  # without a code


def test_right_codes_do_not_count_as_guesses(client, shopper):
    make_coupon(code="TENTH")

    pages = [client.post(QUOTE, typed(coupon="TENTH")) for _ in range(12)]

    assert TOO_MANY not in text_of(pages[-1])


def test_another_session_at_the_same_address_has_some_guesses_of_its_own(
    client, shopper, settings
):
    settings.ACCOUNT_RATE_LIMITS = settings.ACCOUNT_RATE_LIMITS | {
        "coupon": "4/10m/ip,2/10m/key"
    }
    answers = []
    for _session in range(2):
        client.force_login(shopper)
        answers += [
            TOO_MANY in text_of(client.post(QUOTE, typed(coupon="GUESS")))
            for _ in range(3)
        ]
        client.logout()

    assert answers == [False, False, True, False, True, True]


def test_a_code_that_was_typed_and_not_applied_changes_the_total_first(client, shopper):
    make_coupon(code="TENTH")

    response = client.post(CHECKOUT, typed(coupon="TENTH"))

    assert response.status_code == 422
    assert "The total is now €40.88" in text_of(response)


def test_a_double_click_with_the_last_use_makes_one_order(client, shopper):
    coupon = make_coupon(code="TENTH", usage_limit=1, usage_limit_per_buyer=1)
    order = typed(coupon="TENTH", shown_total=4088)

    first, second = client.post(CHECKOUT, order), client.post(CHECKOUT, order)

    assert first.url == second.url
    coupon.refresh_from_db()
    assert coupon.uses == 1


def test_coming_back_from_the_payment_the_code_is_still_there(client, shopper):
    make_coupon(code="TENTH", usage_limit=1)
    client.post(CHECKOUT, typed(coupon="TENTH", shown_total=4088))

    assert total_of(client.get(CHECKOUT)) == 4088


def test_the_cut_is_shown_for_each_shop(client, shopper):
    other = make_variant(price_minor=500)
    make_shipping_rate(seller=other.product.seller)
    CartLine.objects.create(cart=shopper.cart, variant=other)
    make_coupon(code="TENTH")

    text = text_of(client.post(QUOTE, typed(coupon="TENTH")))

    first = shopper.cart.lines.first().variant.product.seller
    assert f"TENTH · {first.name} −€4.00" in text
    assert f"TENTH · {other.product.seller.name} −€0.50" in text


@pytest.mark.parametrize("code", ["<script>alert(1)</script>", "x" * 5000, "\0", "%"])
def test_nonsense_as_a_code_is_an_unknown_one(client, shopper, code):
    response = client.post(QUOTE, typed(coupon=code))

    assert response.status_code == 200
    assert total_of(response) == 4488
    assert "<script>alert" not in response.content.decode()


@pytest.mark.parametrize("lines", [1, 6])
def test_the_checkout_with_a_coupon_costs_the_same_however_much_is_bought(
    client, shopper, lines, django_assert_max_num_queries
):
    for _ in range(lines):
        variant = make_variant()
        make_shipping_rate(seller=variant.product.seller)
        CartLine.objects.create(cart=shopper.cart, variant=variant)
    coupon = make_coupon(
        code="TENTH", scope=Coupon.Scope.PRODUCTS, usage_limit_per_buyer=1
    )
    coupon.products.add(variant.product)

    with django_assert_max_num_queries(14):
        response = client.post(QUOTE, typed(coupon="TENTH"))

    assert "TENTH takes €1.00 off." in text_of(response)
