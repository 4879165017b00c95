import re

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from checkout import cart_contents, ordering, pricing, quotes
from checkout.models import CartLine, ShippingBand, ShippingRate
from checkout.ordering import place_order
from marketplace.accounts.models import Address
from tests.factories import (
    make_cart,
    make_checkout,
    make_product,
    make_seller,
    make_shipping_rate,
    make_user,
    make_variant,
)

NEW = reverse("checkout:new_shipping_rate")
Measure = ShippingRate.Measure


def make_banded(*, bands, **fields):
    rate = make_shipping_rate(**fields)
    for starts_at, price_minor in bands.items():
        rate.bands.create(starts_at=starts_at, price_minor=price_minor)
    return rate


def deliveries_of(cart, country="DE"):
    found = quotes.quote(cart_contents.contents(cart), country, {})
    [sent] = found.sellers[0].delivery.consignments
    return [(c.rate.name, c.price_minor) for c in sent.choices]


def text_of(response):
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


@pytest.mark.parametrize(
    ("measure", "price"),
    [(0, 490), (1999, 490), (2000, 690), (9999, 690), (10_000, 990)],
)
def test_a_band_holds_from_its_start_on(measure, price):
    assert pricing.banded_price(490, [(10_000, 990), (2000, 690)], measure) == price


@given(
    st.dictionaries(st.integers(1, 10**6), st.integers(0, 10**5), max_size=6),
    st.integers(0, 10**6),
    st.randoms(use_true_random=False),
)
def test_the_order_of_bands_does_not_matter(bands, measure, random):
    pairs = list(bands.items())
    shuffled = random.sample(pairs, len(pairs))

    price = pricing.banded_price(490, shuffled, measure)

    assert price == pricing.banded_price(490, sorted(pairs), measure)
    assert price in {490, *bands.values()}


@pytest.mark.django_db
def test_heavier_parcels_cost_more():
    variant = make_variant(weight_grams=800, price_minor=1000)
    seller = variant.product.seller
    make_banded(seller=seller, banded_by=Measure.WEIGHT, bands={2000: 690})

    assert deliveries_of(make_cart(variant=variant, quantity=2)) == [("Standard", 490)]
    assert deliveries_of(make_cart(variant=variant, quantity=3)) == [("Standard", 690)]


@pytest.mark.django_db
def test_the_weight_of_all_lines_of_a_shop_counts():
    product = make_product()
    cart = make_cart(variant=make_variant(product=product, weight_grams=1500))
    other = make_variant(product=product, weight_grams=600, option_values=["other"])
    make_banded(seller=product.seller, banded_by="weight", bands={2000: 690})

    assert deliveries_of(cart) == [("Standard", 490)]
    CartLine.objects.create(cart=cart, variant=other)
    assert deliveries_of(cart) == [("Standard", 690)]


@pytest.mark.django_db
def test_bands_by_price_and_free_from_an_amount():
    variant = make_variant(price_minor=1000)
    make_banded(
        seller=variant.product.seller,
        banded_by=Measure.PRICE,
        bands={2000: 290},
        free_from_minor=5000,
    )

    prices = [
        deliveries_of(make_cart(variant=variant, quantity=quantity))[0][1]
        for quantity in (1, 2, 4, 5)
    ]

    assert prices == [490, 290, 290, 0]


@pytest.mark.django_db
def test_what_is_too_heavy_is_not_sent_and_says_so(client):
    variant = make_variant(weight_grams=20_000)
    seller = variant.product.seller
    make_shipping_rate(seller=seller, max_grams=31_500)
    user = make_user()
    cart = make_cart(user=user, variant=variant, quantity=2)
    checkout = make_checkout(cart=cart)
    client.force_login(user)

    assert deliveries_of(cart) == []
    page = text_of(client.get(reverse("checkout:checkout")))
    assert "does not deliver that much weight at once" in page
    with pytest.raises(ordering.Undeliverable):
        place_order(*checkout, "key")


@pytest.mark.django_db
def test_the_price_of_the_band_is_what_the_order_costs():
    variant = make_variant(weight_grams=3000)
    seller = variant.product.seller
    make_banded(seller=seller, banded_by="weight", bands={2000: 690, 9000: 1290})

    group = place_order(*make_checkout(cart=make_cart(variant=variant)), "key")

    assert group.shipping_minor == 690


@pytest.fixture
def owner(client):
    user = make_user()
    user.shop = make_seller(owner=user)
    client.force_login(user)
    return user


def rate_form(**fields):
    return {
        "name": "Parcel",
        "banded_by": "weight",
        "price_minor": "4.90",
        "band_starts_0": "2",
        "band_price_0": "6.90",
        "min_days": 1,
        "max_days": 2,
        "is_active": "on",
    } | fields


@pytest.mark.django_db
def test_a_new_rate_costs_the_same_for_every_order_at_first(client, owner):
    form = client.get(NEW).context["form"]

    assert 'value="" id="id_banded_by_0" checked' in str(form["banded_by"])


@pytest.mark.django_db
def test_the_owner_sets_bands_and_changes_them(client, owner):
    client.post(
        NEW, rate_form(band_starts_3="10.5", band_price_3="9.90", max_kilograms="31.5")
    )
    rate = owner.shop.shipping_rates.get()
    pairs = list(rate.bands.values_list("starts_at", "price_minor"))
    assert (pairs, rate.max_grams) == ([(2000, 690), (10_500, 990)], 31_500)
    listed = text_of(client.get(reverse("checkout:shipping_rates")))
    assert "€9.90 from 10.5 kg" in listed
    url = reverse("checkout:shipping_rate", args=[rate.pk])
    assert 'value="10.5' in client.get(url).content.decode()

    client.post(url, rate_form(banded_by="price", band_starts_0="20"))

    assert list(rate.bands.values_list("starts_at", "price_minor")) == [(2000, 690)]
    client.post(url, rate_form(banded_by=""))
    assert ShippingBand.objects.exists() is False


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"band_starts_0": ""}, "Fill in both"),
        ({"band_price_0": ""}, "Fill in both"),
        ({"band_starts_0": "", "band_price_0": ""}, "From where on"),
        (
            {"band_starts_1": "2.000", "band_price_1": "1"},
            "There is a price from there",
        ),
        ({"band_starts_0": "0"}, "greater than or equal to 0.001"),
        ({"band_starts_0": "-2"}, "greater than or equal to 0.001"),
        ({"band_starts_0": "1e99"}, "digits|less than or equal"),
        ({"banded_by": "price", "band_starts_0": "1.999"}, "Write the amount like"),
        ({"banded_by": "luck"}, "Select a valid choice"),
        ({"max_kilograms": "0"}, "greater than or equal to 0.001"),
    ],
)
def test_bands_that_make_no_sense_are_refused(client, owner, fields, message):
    response = client.post(NEW, rate_form(**fields))

    assert re.search(message, response.content.decode())
    assert ShippingRate.objects.exists() is False


def live_in(user, country):
    Address.objects.create(
        user=user, name="Bea", line1="1", postal_code="1", city="X", country=country
    )


@pytest.mark.django_db
def test_a_product_says_early_where_it_is_not_delivered(client):
    variant = make_variant()
    product = variant.product
    page = product.get_absolute_url()
    assert "does not deliver at the moment" in text_of(client.get(page))
    make_shipping_rate(seller=product.seller, countries=["DE", "AT"])
    assert "to Austria, Germany" in text_of(client.get(page))

    user = make_user()
    live_in(user, "FR")
    client.force_login(user)

    text = text_of(client.get(page))
    assert "Not delivered to France, where your address is" in text
    make_cart(user=user, variant=variant)
    cart = text_of(client.get(reverse("checkout:cart")))
    assert "This cannot be delivered to France" in cart
    make_shipping_rate(seller=product.seller, name="World", price_minor=1990)
    assert "Not delivered" not in text_of(client.get(page))
    assert "€19.90" in text_of(client.get(page))
    cart = text_of(client.get(reverse("checkout:cart")))
    assert "cannot be delivered" not in cart


@pytest.mark.django_db
@pytest.mark.parametrize("lines", [1, 6])
def test_a_cart_known_to_go_abroad_takes_as_many_queries(
    client, lines, django_assert_max_num_queries
):
    user = make_user()
    live_in(user, "FR")
    cart = make_cart(user=user)
    for _ in range(lines):
        variant = make_variant()
        make_banded(seller=variant.product.seller, banded_by="weight", bands={1: 2})
        CartLine.objects.create(cart=cart, variant=variant)
    client.force_login(user)

    with django_assert_max_num_queries(12):
        client.get(reverse("checkout:cart"))


@pytest.mark.django_db
def test_only_rates_that_have_bands_are_asked_for_them(django_assert_num_queries):
    seller = make_seller()
    make_shipping_rate(seller=seller)
    with django_assert_num_queries(1):
        assert seller.shipping_rates.reach().rate.lowest_minor == 490

    make_banded(seller=seller, banded_by="weight", bands={2000: 290}, name="Parcel")

    with django_assert_num_queries(2):
        rates = seller.shipping_rates.offered().with_bands()
        assert sorted(rate.lowest_minor for rate in rates) == [290, 490]
