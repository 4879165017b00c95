"""What a page asks Stripe Tax, how long it waits, and how often it may ask."""

import threading
import time
from types import SimpleNamespace

import pytest
from django.urls import reverse

from checkout import (
    cart_contents,
    gateway,
    quotes,
    tax_gateway,
    tax_questions,
    taxes,
)
from marketplace import breakers
from tests.factories import make_cart, make_shipping_rate, make_user, make_variant
from tests.payments.contract import CheckedClient
from tests.payments.test_stripe_tax import two_lines

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _on(settings):
    settings.STRIPE_TAX = True


def two_shops():
    cart = two_lines()
    cart.lines.create(variant=make_variant(price_minor=1000))
    for line in cart.lines.all():
        make_shipping_rate(seller=line.variant.product.seller)
    return cart


def quote_for(cart, **asking):
    place = taxes.Place({"country": "DE", "postal_code": "10115"}, cart.pk, **asking)
    return quotes.quote(cart_contents.contents(cart), "DE", {}, place=place)


def test_all_shops_of_a_cart_are_asked_about_at_once(asked, monkeypatch):
    """Each question waits for the other: one after another they would time out."""
    both, calculate = threading.Barrier(2, timeout=5), tax_gateway.calculate

    def calculate_together(**question):
        both.wait()
        return calculate(**question)

    monkeypatch.setattr(tax_gateway, "calculate", calculate_together)

    found = quote_for(two_shops())

    assert found.amounts.tax_minor == 7 * 3 + 3 * 2


def test_a_silent_stripe_tax_keeps_a_page_waiting_once_for_all_its_shops(
    monkeypatch, settings
):
    settings.STRIPE_TAX_SECONDS = 0.2
    answered, counted = threading.Event(), []

    def calculate(**_asked):
        counted.append(1)
        answered.wait(20)
        raise gateway.GatewayError("too late")

    monkeypatch.setattr(tax_gateway, "calculate", calculate)
    cart = two_shops()

    began = time.monotonic()
    found = [quote_for(cart) for _ in range(20)]
    took = time.monotonic() - began
    answered.set()

    assert {one.amounts.tax_minor for one in found} == {637 + 78}
    # Two in the first page, two in the next: by then it is known not to answer.
    assert len(counted) == 4
    assert took < 10


def test_stripe_tax_is_asked_again_after_a_while(asked, monkeypatch):
    now, cart = [1000.0], two_lines()
    make_shipping_rate(seller=cart.lines.first().variant.product.seller)
    monkeypatch.setattr(breakers, "time", SimpleNamespace(monotonic=lambda: now[0]))
    for _ in range(3):
        tax_questions.breaker.trip(gateway.GatewayError("no answer"))

    assert (quote_for(cart).amounts.tax_minor, asked) == (477, [])
    now[0] += 10
    assert (quote_for(cart).amounts.tax_minor, len(asked)) == (17, 1)
    assert tax_questions.breaker.is_open is False


def test_what_stripe_refuses_is_an_answer(monkeypatch):
    def calculate(**_asked):
        raise gateway.Refused("There is no such place.")

    monkeypatch.setattr(tax_gateway, "calculate", calculate)
    cart = two_shops()

    for _ in range(5):
        quote_for(cart)

    assert tax_questions.breaker.is_open is False


def test_a_page_waits_for_stripe_tax_no_longer_than_it_says(sandbox, settings):
    """Nor does it ask a second time: the next page does."""
    settings.STRIPE_TAX_SECONDS = 1
    sandbox.faults(
        [{"path": "/tax/calculations", "kind": "slow", "seconds": 4, "times": 3}]
    )
    cart = two_lines()
    make_shipping_rate(seller=cart.lines.first().variant.product.seller)

    began = time.monotonic()
    found = quote_for(cart)

    assert time.monotonic() - began < 3
    assert found.amounts.tax_minor == 477
    time.sleep(1)
    asked = [path for _verb, path, _key in CheckedClient.transcript if "/tax/" in path]
    assert asked == ["/v1/tax/calculations"]


def test_who_asks_for_ever_other_addresses_is_answered_by_the_table(
    client, asked, settings
):
    user = make_user()
    make_cart(user=user, variant=make_variant(price_minor=1999), quantity=2)
    make_shipping_rate(seller=user.cart.lines.get().variant.product.seller)
    client.force_login(user)
    limits = {**settings.ACCOUNT_RATE_LIMITS, "stripe_tax": "300/10m/ip,2/10m/key"}
    settings.ACCOUNT_RATE_LIMITS = limits
    url = reverse("checkout:quote")

    def tax_at(postal_code):
        sent = {"country": "DE", "postal_code": postal_code}
        return client.post(url, sent).context["quote"].amounts.tax_minor

    assert [tax_at(code) for code in ("1", "2", "3", "4")] == [10, 10, 716, 716]
    assert len(asked) == 2
    assert tax_at("1") == 10  # known, so nobody is asked
