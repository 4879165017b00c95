"""Which delivery and which address the checkout proposes."""

import re

import pytest
from django.urls import reverse

from checkout.models import OrderGroup
from marketplace.accounts.models import Address
from tests.factories import (
    TYPED,
    make_cart,
    make_shipping_rate,
    make_user,
    make_variant,
)

CHECKOUT = reverse("checkout:checkout")
QUOTE = reverse("checkout:quote")


@pytest.fixture
def shopper(client):
    """Somebody signed in whose cart holds €39.98 of one shop."""
    user = make_user()
    make_cart(user=user, variant=make_variant(price_minor=1999), quantity=2)
    client.force_login(user)
    return user


@pytest.fixture
def rates(shopper):
    """Germany's two, and the dear one that serves every country."""
    seller = shopper.cart.lines.get().variant.product.seller
    german = {"seller": seller, "countries": ["DE"]}
    return (
        make_shipping_rate(price_minor=490, **german),
        make_shipping_rate(name="Express", price_minor=1290, **german),
        make_shipping_rate(
            name="Worldwide", price_minor=2490, seller=seller, min_days=1, max_days=2
        ),
    )


def order(client, **typed):
    return client.post(CHECKOUT, {**TYPED, **typed})


def typed_on(page, **changed):
    """What the browser sends of the deliveries that the page shows."""
    first = dict(re.findall(r'name="(first-rate-\d+)" value="(\d+)"', page))
    chosen = re.findall(r'name="(rate-\d+)" value="(\d+)"\s+checked', page)
    return {**first, **dict(chosen), **changed}


def chosen_on(page):
    return int(re.search(r'name="rate-\d+" value="(\d+)"\s+checked', page)[1])


@pytest.mark.django_db
def test_the_only_delivery_to_a_country_does_not_stick_in_the_next(client, rates):
    standard, _express, worldwide = rates
    american = client.post(QUOTE, {"country": "US"}).content.decode()
    sent = typed_on(american, country="DE")

    german = client.post(QUOTE, sent).content.decode()

    assert chosen_on(american) == worldwide.pk
    assert chosen_on(german) == standard.pk
    assert 'value="4488"' in german


def names_on(page):
    return re.findall(r"<span>([^<]+)<span class=\"small dim\">\d", page)


@pytest.mark.django_db
def test_the_cheapest_delivery_comes_first_and_is_chosen(client, shopper):
    seller = shopper.cart.lines.get().variant.product.seller
    german = {"seller": seller, "countries": ["DE"]}
    make_shipping_rate(name="Express", price_minor=1290, **german)
    free = make_shipping_rate(name="Free", price_minor=0, **german)

    page = client.post(QUOTE, {"country": "DE"}).content.decode()

    assert names_on(page) == ["Free", "Express"]
    assert chosen_on(page) == free.pk


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("days", "price_minor", "is_offered"),
    [(9, 2490, False), (3, 490, False), (1, 2490, True), (9, 390, True)],
)
def test_a_rate_for_everywhere_is_left_out_where_the_countrys_own_is_as_good(
    client, shopper, days, price_minor, is_offered
):
    seller = shopper.cart.lines.get().variant.product.seller
    own = {"seller": seller, "countries": ["DE"], "min_days": 1, "max_days": 3}
    make_shipping_rate(price_minor=490, **own)
    make_shipping_rate(
        name="Worldwide", seller=seller, price_minor=price_minor, min_days=1,
        max_days=days,
    )  # fmt: skip

    german = client.post(QUOTE, {"country": "DE"}).content.decode()
    american = client.post(QUOTE, {"country": "US"}).content.decode()

    assert ("Worldwide" in names_on(german)) is is_offered
    assert names_on(american) == ["Worldwide"]


@pytest.mark.django_db
def test_a_sellers_own_dearer_and_slower_rate_stays(client, shopper):
    seller = shopper.cart.lines.get().variant.product.seller
    for name, price in (("Letter", 290), ("By hand", 990)):
        make_shipping_rate(
            name=name, price_minor=price, seller=seller, countries=["DE"]
        )

    page = client.post(QUOTE, {"country": "DE"}).content.decode()

    assert names_on(page) == ["Letter", "By hand"]


@pytest.mark.django_db
def test_a_delivery_chosen_by_hand_stays_where_the_country_has_it(client, rates):
    _standard, _express, worldwide = rates
    german = client.post(QUOTE, {"country": "DE"}).content.decode()
    (field,) = (name for name in typed_on(german) if name.startswith("rate-"))
    sent = typed_on(german, country="DE", **{field: worldwide.pk})

    again = client.post(QUOTE, sent).content.decode()
    austrian = client.post(QUOTE, typed_on(again, country="AT")).content.decode()

    assert chosen_on(again) == worldwide.pk
    assert chosen_on(austrian) == worldwide.pk


@pytest.mark.django_db
def test_a_form_sent_back_with_mistakes_offers_the_first_delivery(client, rates):
    standard, _express, _worldwide = rates
    american = client.post(QUOTE, {"country": "US"}).content.decode()

    refused = order(client, **typed_on(american, country="DE", email="bea"))

    assert refused.status_code == 422
    assert chosen_on(refused.content.decode()) == standard.pk
    assert OrderGroup.objects.exists() is False


@pytest.mark.django_db
def test_an_address_that_is_picked_wins_over_the_unpaid_order(client, shopper, rates):
    _standard, _express, worldwide = rates
    order(
        client,
        **{f"rate-{worldwide.seller_id}": worldwide.pk, "shown_total": 3998 + 2490},
    )
    cabin, office = (
        Address.objects.create(
            user=shopper, name="Bea", line1=line, city="Graz", country=country
        )
        for line, country in (("1 Cabin Road", "AT"), ("2 Office Park", "DE"))
    )

    back = client.get(CHECKOUT).content.decode()
    austrian = client.get(CHECKOUT, {"address": cabin.pk}).content.decode()
    german = client.get(CHECKOUT, {"address": office.pk}).content.decode()

    assert 'value="2 Low Street"' in back
    assert 'value="1 Cabin Road"' in austrian
    assert '<option value="AT" selected' in austrian
    assert 'value="bea@example.com"' in austrian
    assert 'value="2 Office Park"' in german
    assert chosen_on(german) == worldwide.pk


@pytest.mark.django_db
def test_a_delivery_to_one_country_is_not_taken_to_the_address_in_another(
    client, shopper, rates
):
    standard, _express, worldwide = rates
    abroad = {"country": "AT", "postal_code": "8010", "city": "Graz"}
    page = client.post(QUOTE, {"country": "AT"}).content.decode()
    total = int(re.search(r'name="shown_total" value="(\d+)"', page)[1])
    rate = {f"rate-{worldwide.seller_id}": worldwide.pk}
    assert order(client, **abroad, **rate, shown_total=total).status_code == 302
    home = Address.objects.create(
        user=shopper, name="Bea", line1="1 Home Road", city="Berlin", country="DE"
    )

    page = client.get(CHECKOUT, {"address": home.pk}).content.decode()

    assert chosen_on(page) == standard.pk
