import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from checkout.models import Coupon, OrderGroup
from checkout.ordering import place_order
from marketplace.accounts.models import User
from tests.factories import (
    make_cart,
    make_checkout,
    make_coupon,
    make_product,
    make_seller,
    make_staff,
    make_user,
    make_variant,
)

NEW = reverse("checkout:new_coupon")
LIST = reverse("checkout:coupons")

pytestmark = pytest.mark.django_db


def text_of(response):
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


@pytest.fixture
def owner(client):
    user = make_user()
    user.shop = make_seller(owner=user)
    client.force_login(user)
    return user


def coupon_form(**fields):
    return {
        "code": "spring 5",
        "kind": "fixed",
        "amount": "5.00",
        "percent": "",
        "scope": "everything",
    } | fields


def test_the_owner_makes_a_coupon_that_the_shop_bears(client, owner):
    response = client.post(NEW, coupon_form(minimum="20", usage_limit="3"))

    coupon = Coupon.objects.get()
    assert response.url == coupon.get_absolute_url()
    assert (coupon.code, coupon.amount_minor, coupon.minimum_minor) == (
        "SPRING5",
        500,
        2000,
    )
    assert (coupon.seller, coupon.bearer, coupon.currency) == (
        owner.shop,
        "seller",
        "EUR",
    )
    assert "SPRING5" in client.get(LIST).content.decode()


def test_days_are_whole(client, owner):
    today = timezone.localdate()
    client.post(NEW, coupon_form(first_day=str(today), last_day=str(today)))

    coupon = Coupon.objects.get()
    assert coupon.valid_until - coupon.valid_from == timedelta(days=1)
    assert coupon.has_begun
    assert not coupon.is_over


def test_a_coupon_for_some_products_is_for_the_shops_own(client, owner):
    own, strange = make_product(seller=owner.shop), make_product()

    client.post(NEW, coupon_form(scope="products", products=[own.pk]))
    refused = client.post(
        NEW, coupon_form(code="OTHER", scope="products", products=[strange.pk])
    )

    assert list(Coupon.objects.get().products.all()) == [own]
    assert "Select a valid choice" in refused.content.decode()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"code": "a"}, "3 to 30 letters, digits and dashes"),
        ({"code": "É5x"}, "3 to 30 letters, digits and dashes"),
        ({"amount": ""}, "How much does it take off?"),
        ({"amount": "0"}, "How much does it take off?"),
        ({"amount": "1.999"}, "no more than 2 decimal places|Write the amount like"),
        ({"kind": "percent", "percent": "101"}, "less than or equal to 100"),
        ({"kind": "percent", "percent": "0"}, "greater than or equal to 0.01"),
        ({"kind": "percent", "percent": "NaN"}, "Enter a number"),
        ({"kind": "nonsense"}, "Select a valid choice"),
        ({"scope": "products"}, "Choose at least one"),
        ({"scope": "categories"}, "Choose at least one"),
        ({"usage_limit": "0"}, "At least 1"),
        ({"usage_limit": "-1"}, "greater than or equal to"),
        ({"usage_limit": str(10**12)}, "less than or equal to"),
        ({"last_day": "2020-01-01"}, "That day is over already"),
        ({"first_day": "2999-01-02", "last_day": "2999-01-01"}, "before the first"),
        ({"minimum": "1e30"}, "digits|Write the amount like"),
    ],
)
def test_a_coupon_that_makes_no_sense_is_refused(client, owner, fields, message):
    response = client.post(NEW, coupon_form(**fields))

    assert response.status_code == 200
    assert re.search(message, response.content.decode())
    assert Coupon.objects.exists() is False


def test_a_code_is_taken_once_among_all_shops(client, owner):
    make_coupon(code="SPRING5")

    response = client.post(NEW, coupon_form())

    assert "This code is taken already" in response.content.decode()


def test_the_owner_pauses_it_and_takes_it_into_use_again(client, owner):
    coupon = make_coupon(seller=owner.shop, bearer="seller")
    pause = reverse("checkout:pause_coupon", args=[coupon.pk])

    for is_active in ("0", "0", "1"):
        client.post(pause, {"is_active": is_active})
        coupon.refresh_from_db()
        assert coupon.is_active == (is_active == "1")


def test_a_stranger_finds_no_coupon_and_nobody_signs_in(client, owner):
    coupon = make_coupon(seller=make_seller(), bearer="seller")
    platforms = make_coupon()

    for pk in (coupon.pk, platforms.pk):
        assert client.get(reverse("checkout:coupon", args=[pk])).status_code == 404
        pause = reverse("checkout:pause_coupon", args=[pk])
        assert client.post(pause, {"is_active": "0"}).status_code == 404
    client.logout()
    for url in (LIST, NEW, coupon.get_absolute_url()):
        assert client.get(url)["Location"].startswith(reverse("account_login"))
    coupon.refresh_from_db()
    assert coupon.is_active


@pytest.mark.parametrize("orders", [1, 4])
def test_the_owner_sees_which_orders_used_it(
    client, owner, orders, django_assert_max_num_queries
):
    coupon = make_coupon(seller=owner.shop, bearer="seller")
    product = make_product(seller=owner.shop)
    for number in range(orders + 1):
        cart = make_cart(
            variant=make_variant(product=product, option_values=[str(number)])
        )
        checkout = make_checkout(cart=cart, coupon_code=coupon.code)
        group = place_order(*checkout, f"key {number}")
        if number:
            group.advance(OrderGroup.Status.PAID, paid_at=timezone.now())
            group.orders.update(status="paid")

    with django_assert_max_num_queries(12):
        text = text_of(client.get(coupon.get_absolute_url()))

    assert text.count("€1.00") == orders + (orders == 1)
    assert "of which not paid yet 1" in text


def test_an_operator_makes_a_coupon_of_the_platform(client):
    client.force_login(make_staff(User.Role.OPERATOR))
    add = reverse("admin:checkout_coupon_add")
    assert client.get(add).status_code == 200

    response = client.post(
        add,
        {
            "code": "welcome",
            "kind": "percent",
            "percent": "12.5",
            "scope": "everything",
            "bearer": "platform",
            "valid_from_0": "2026-01-01",
            "valid_from_1": "00:00",
            "is_active": "on",
        },
    )

    assert response.status_code == 302, response.context["errors"]
    coupon = Coupon.objects.get()
    assert (coupon.code, coupon.basis_points, coupon.bearer, coupon.seller) == (
        "WELCOME",
        1250,
        "platform",
        None,
    )
    change = reverse("admin:checkout_coupon_change", args=[coupon.pk])
    assert "12.5" in client.get(change).content.decode()
    listed = client.get(reverse("admin:checkout_coupon_changelist"))
    assert "12.5 %" in listed.content.decode()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"bearer": "seller"}, "A seller bears their own coupons alone."),
        (
            {"valid_until_0": "2025-01-01", "valid_until_1": "00:00"},
            "It ends after it starts.",
        ),
    ],
)
def test_an_operator_cannot_make_a_coupon_that_contradicts_itself(
    client, fields, message
):
    client.force_login(make_staff(User.Role.OPERATOR))

    response = client.post(
        reverse("admin:checkout_coupon_add"),
        {
            "code": "welcome",
            "kind": "delivery",
            "scope": "everything",
            "bearer": "platform",
            "valid_from_0": "2026-01-01",
            "valid_from_1": "00:00",
        }
        | fields,
    )

    assert message in response.content.decode()
    assert Coupon.objects.exists() is False


def test_a_moderator_makes_no_coupons(client):
    client.force_login(make_staff(User.Role.MODERATOR))

    assert client.get(reverse("admin:checkout_coupon_add")).status_code == 403
