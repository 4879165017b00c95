import re
from functools import partial

import pytest
from django.test import Client
from django.urls import reverse

from checkout import cart_contents
from checkout.models import CartLine, OrderGroup
from marketplace.accounts.models import Address
from sellers.models import Seller, StockLevel
from tests.factories import (
    TYPED,
    make_cart,
    make_shipping_rate,
    make_user,
    make_variant,
)
from tests.races import at_once

CHECKOUT = reverse("checkout:checkout")
QUOTE = reverse("checkout:quote")


@pytest.fixture
def shopper(client):
    """Somebody signed in whose cart holds 2 × €19.99, delivered for €4.90."""
    user = make_user(name="Bea Buyer")
    variant = make_variant(price_minor=1999, stock=5)
    make_shipping_rate(seller=variant.product.seller)
    make_cart(user=user, variant=variant, quantity=2)
    client.force_login(user)
    return user


def seller_of(user):
    return Seller.objects.get(products__variants__in=variants_of(user))


def variants_of(user):
    return list(user.cart.lines.values_list("variant", flat=True))


def order(client, **typed):
    return client.post(CHECKOUT, {"shown_total": 4488, **TYPED, **typed})


@pytest.mark.django_db
def test_an_order_is_placed_and_its_payment_follows(client, shopper):
    response = order(client)

    group = OrderGroup.objects.get()
    assert response.url == reverse("checkout:pay", args=[group.token])
    assert (group.user, group.email, group.total_minor) == (
        shopper,
        "bea@example.com",
        4488,
    )
    assert group.lines() == ["Bea Buyer", "2 Low Street", "10115 Berlin", "Germany"]


@pytest.mark.django_db
def test_the_checkout_and_the_order_call_the_tax_the_same(client, shopper):
    pages = [client.get(CHECKOUT), client.get(order(client).url)]
    pages.append(client.get(OrderGroup.objects.get().get_absolute_url()))

    for page in pages:
        assert "of which tax" in page.content.decode()
        assert "of which VAT" not in page.content.decode()


@pytest.mark.django_db
def test_a_guest_orders_without_an_account_and_finds_the_order_again(client):
    variant = make_variant()
    make_shipping_rate(seller=variant.product.seller)
    client.post(reverse("checkout:add_to_cart"), {"variant": variant.pk, "quantity": 1})

    order(client, shown_total=1490)

    group = OrderGroup.objects.get()
    assert group.user is None
    assert group.number in client.get(reverse("checkout:orders")).content.decode()


@pytest.mark.django_db
def test_nobody_checks_out_an_empty_cart(client):
    assert client.get(CHECKOUT).url == reverse("checkout:cart")
    assert order(client).url == reverse("checkout:cart")
    assert OrderGroup.objects.exists() is False


@pytest.mark.django_db
def test_a_double_click_makes_one_order(client, shopper):
    first, second = order(client), order(client)

    assert first.url == second.url
    assert OrderGroup.objects.count() == 1


@pytest.mark.django_db
def test_mistakes_are_marked_and_everything_typed_stays(client, shopper):
    response = order(client, email="bea", postal_code="1", name="Bea & Co")

    page = response.content.decode()
    assert response.status_code == 422
    assert "Postal codes there look like 12345." in page
    assert 'value="bea"' in page
    assert 'value="Bea &amp; Co"' in page
    assert OrderGroup.objects.exists() is False


@pytest.mark.django_db
def test_american_addresses_need_a_state(client, shopper):
    response = order(client, country="US", postal_code="94103")

    assert "Which state or province?" in response.content.decode()


TAMPERED = [
    {"shown_total": 1},
    {"shown_total": 0},
    {"shown_total": 4489},
    {"shown_total": -1},
    {"shown_total": "x"},
    {"shown_total": ""},
    {"shown_total": 10**30},
    {"checkout_key": "short"},
    {"checkout_key": "<script>alert(1)</script>"},
    {"country": "XX"},
    {"country": ""},
]


@pytest.mark.fault("A8", "what the browser makes up orders nothing")
@pytest.mark.django_db
@pytest.mark.parametrize("lie", TAMPERED)
def test_what_the_browser_makes_up_orders_nothing(client, shopper, lie):
    response = order(client, **lie)

    assert response.status_code == 422
    assert OrderGroup.objects.exists() is False
    assert StockLevel.objects.get().reserved == 0


@pytest.mark.fault("A8", "prices and quantities sent along are not read")
@pytest.mark.django_db
def test_prices_and_quantities_sent_along_are_not_even_read(client, shopper):
    order(
        client,
        price=1,
        unit_price_minor=1,
        total_minor=1,
        quantity=1,
        currency="JPY",
        shipping_minor=0,
        seller=99,
        status="paid",
        user=99,
    )

    group = OrderGroup.objects.get()
    line = group.orders.get().lines.get()
    assert (group.total_minor, group.currency) == (4488, "EUR")
    assert (group.status, group.user) == ("pending", shopper)
    assert (line.quantity, line.unit_price_minor) == (2, 1999)


@pytest.mark.fault("A8", "the rate of another seller is refused")
@pytest.mark.django_db
def test_another_sellers_rate_is_not_a_choice(client, shopper):
    cheap = make_shipping_rate(price_minor=1)
    seller = seller_of(shopper)

    for total in (3998 + 1, 4488):
        response = order(
            client, **{f"rate-{seller.pk}": cheap.pk, "shown_total": total}
        )
        assert response.status_code == 422
    assert OrderGroup.objects.exists() is False


@pytest.mark.django_db
def test_the_delivery_chosen_is_the_one_charged(client, shopper):
    seller = seller_of(shopper)
    express = make_shipping_rate(seller=seller, name="Express", price_minor=1290)

    order(client, **{f"rate-{seller.pk}": express.pk, "shown_total": 3998 + 1290})

    made = OrderGroup.objects.get().orders.get()
    assert (made.shipping_name, made.shipping_minor) == ("Express", 1290)


@pytest.mark.django_db
def test_a_price_that_changed_is_said_before_money_is_taken(client, shopper):
    variant = shopper.cart.lines.get().variant
    variant.product.variants.update(price_minor=2100)

    response = order(client)
    page = response.content.decode()
    total = int(re.search(r'name="shown_total" value="(\d+)"', page)[1])

    assert response.status_code == 422
    assert "The total is now €46.90" in page
    assert order(client, shown_total=total).status_code == 302


@pytest.mark.django_db
def test_what_sells_out_meanwhile_leads_back_to_the_cart(client, shopper):
    StockLevel.objects.update(on_hand=1)

    response = order(client)

    assert response.url == reverse("checkout:cart")
    assert OrderGroup.objects.exists() is False


@pytest.mark.django_db
def test_another_country_has_other_deliveries_and_tax(client, shopper):
    seller = seller_of(shopper)
    seller.shipping_rates.update(countries=["DE"])
    make_shipping_rate(
        seller=seller, name="Airmail", price_minor=2000, countries=["CA"]
    )

    page = client.post(QUOTE, {"country": "CA"}).content.decode()

    assert "Airmail" in page
    assert "€62.98" in page  # (39.98 + 20.00) + 5 %
    assert 'value="6298"' in page
    assert OrderGroup.objects.exists() is False


@pytest.mark.django_db
def test_where_a_shop_does_not_deliver_the_page_says_so(client, shopper):
    seller = seller_of(shopper)
    seller.shipping_rates.update(countries=["DE"])

    page = client.post(QUOTE, {"country": "FR"}).content.decode()
    response = order(client, country="FR", postal_code="75001")

    assert f"{seller.name} does not deliver to this country" in page
    assert "See below which shop cannot." in response.content.decode()
    assert response.status_code == 422
    assert OrderGroup.objects.exists() is False


@pytest.mark.django_db
def test_the_default_address_is_filled_in_and_another_can_be_picked(client, shopper):
    home, office = (
        Address.objects.create(
            user=shopper, name="Bea", line1=line, city="Berlin", country="DE"
        )
        for line in ("1 Home Road", "2 Office Park")
    )
    strangers = Address.objects.create(
        user=make_user(), name="S", line1="Secret 1", city="Bonn", country="DE"
    )

    assert 'value="1 Home Road"' in client.get(CHECKOUT).content.decode()
    picked = client.get(CHECKOUT, {"address": office.pk}).content.decode()
    assert 'value="2 Office Park"' in picked
    for pk in (strangers.pk, "x", 10**30):
        page = client.get(CHECKOUT, {"address": pk}).content.decode()
        assert "Secret 1" not in page


@pytest.mark.django_db
def test_an_address_can_be_kept_once(client, shopper):
    order(client, save_address="on")
    order(client, save_address="on")

    assert shopper.addresses.get().line1 == "2 Low Street"


@pytest.mark.django_db
def test_coming_back_from_the_payment_finds_everything_as_it_was(client, shopper):
    seller = seller_of(shopper)
    express = make_shipping_rate(seller=seller, name="Express", price_minor=1290)
    order(client, **{f"rate-{seller.pk}": express.pk, "shown_total": 3998 + 1290})

    page = client.get(CHECKOUT).content.decode()

    assert 'value="2 Low Street"' in page
    assert re.search(rf'value="{express.pk}"\s+checked', page)
    assert cart_contents.contents(shopper.cart).has_problems is False


@pytest.mark.django_db
@pytest.mark.parametrize("lines", [2, 12])
def test_a_long_order_takes_as_few_queries_to_show_as_a_short_one(
    client, shopper, lines, django_assert_max_num_queries
):
    for _ in range(lines - 1):
        variant = make_variant()
        make_shipping_rate(seller=variant.product.seller)
        CartLine.objects.create(cart=shopper.cart, variant=variant)

    with django_assert_max_num_queries(13):
        client.get(CHECKOUT)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_four_forms_sent_at_once_make_one_order(client, shopper):
    clicks = []
    for number in range(4):
        browser = Client()
        browser.cookies = client.cookies.copy()
        key = f"key-of-tab-number-{number % 2}-and-more"
        clicks.append(partial(order, browser, checkout_key=key))

    answers = at_once(*clicks)

    group = OrderGroup.objects.get()
    assert {answer.url for answer in answers} == {
        reverse("checkout:pay", args=[group.token])
    }
    assert StockLevel.objects.get().reserved == 2
