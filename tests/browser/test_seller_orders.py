"""Paying back and delivery rates, with the scripts that help."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from checkout.models import Order, ShippingRate
from tests.factories import (
    make_order,
    make_product,
    make_seller,
    make_user,
    make_variant,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def seller(sign_in):
    user = make_user()
    sign_in(user)
    return make_seller(owner=user)


def test_the_amount_to_pay_back_follows_what_is_chosen(page, site, seller):
    variant = make_variant(product=make_product(seller=seller), price_minor=1500)
    order = make_order(variant=variant, quantity=2, status=Order.Status.SHIPPED)
    page.goto(site + reverse("checkout:refund_order", args=[order.pk]))
    expect(page.get_by_role("button", name="Pay back")).to_be_visible()

    page.get_by_role("button", name="More").click()

    expect(page.get_by_role("button", name="Pay €15.00 back")).to_be_visible()
    expect(page.locator(".rows-total dd")).to_have_text("€15.00")


def test_a_country_is_found_by_its_name(page, site, seller):
    page.goto(site + reverse("checkout:new_shipping_rate"))
    page.get_by_label("Name", exact=True).fill("Alps")
    page.get_by_label("Price (EUR)").fill("9.50")

    for name in ("Austria", "Switzerland"):
        page.get_by_label("Find a country").fill(name[:6].lower())
        page.get_by_label(name, exact=True).check()
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/seller/shipping/")

    rate = ShippingRate.objects.get()
    assert (rate.countries, rate.price_minor) == (["AT", "CH"], 950)


def test_a_badge_beside_the_number_is_set_as_any_other(page, site, seller):
    variant = make_variant(product=make_product(seller=seller))
    order = make_order(variant=variant, status=Order.Status.PAID)

    page.goto(site + reverse("checkout:seller_order", args=[order.pk]))

    expect(page.locator("h1 .badge")).to_have_css("letter-spacing", "normal")
