"""Stripe Tax in the place of the table: asked before an order, told after it."""

import pytest
from django.urls import reverse

from checkout import (
    cart_contents,
    gateway,
    invoicing,
    ordering,
    payments,
    pricing,
    quotes,
    tax_gateway,
    taxes,
)
from checkout.coupons import Entry
from checkout.models import (
    OrderGroup,
    OrderLine,
    TaxCalculation,
    TaxRecord,
)
from checkout.pricing import Commission, KnownTax, Line, SellerLines
from tests.factories import (
    TYPED,
    make_cart,
    make_checkout,
    make_coupon,
    make_product,
    make_shipping_rate,
    make_user,
    make_variant,
)
from tests.payments.checkouts import start

pytestmark = pytest.mark.django_db
CHECKOUT = reverse("checkout:checkout")


@pytest.fixture(autouse=True)
def _on(settings):
    settings.STRIPE_TAX = True


@pytest.fixture
def silent(monkeypatch):
    def calculate(**_asked):
        raise gateway.GatewayError("no answer")

    monkeypatch.setattr(tax_gateway, "calculate", calculate)


def place_order(**fields):
    cart, details = make_checkout(**fields)
    return ordering.place_order(cart, details, "a-key")


def two_lines():
    """€20.00 and €5.00 of one shop, which asks €4.90 for the delivery."""
    product = make_product()
    cart = make_cart(
        variant=make_variant(product=product, price_minor=1000), quantity=2
    )
    other = make_variant(product=product, price_minor=500, option_values=["other"])
    cart.lines.create(variant=other)
    return cart


def test_a_known_tax_is_taken_as_it_is():
    inside, on_top = KnownTax(1900, True, 160), KnownTax(800, False, 80)

    [order] = pricing.price(
        [SellerLines([Line(1, 1000, 1, inside, Commission(1000))], 500, inside)], None
    ).orders
    assert (order.total_minor, order.tax_minor) == (1500, 320)
    [order] = pricing.price(
        [SellerLines([Line(1, 1000, 1, on_top, Commission(1000))], 500, on_top)], None
    ).orders
    assert (order.total_minor, order.tax_minor) == (1660, 160)
    assert order.lines[0].commission_minor == 100


def test_an_order_has_the_taxes_that_stripe_says_inside_its_prices(asked):
    group = place_order(cart=two_lines())

    assert (group.total_minor, group.tax_minor) == (2500 + 490, 7 + 7 + 3)
    lines = OrderLine.objects.order_by("pk")
    assert [(line.tax_minor, line.tax_basis_points) for line in lines] == [
        (7, 1234)
    ] * 2
    assert group.orders.get().shipping_tax_minor == 3
    record = TaxRecord.objects.get()
    assert record.stripe_calculation_id == "taxcalc_1"
    assert record.lines == {
        str(line.pk): f"variant:{line.variant_id}" for line in lines
    }
    [request] = asked
    assert request["currency"] == "eur"
    assert [item["amount"] for item in request["line_items"]] == [2000, 500]
    assert {item["tax_behavior"] for item in request["line_items"]} == {"inclusive"}
    assert request["shipping_cost"]["amount"] == 490
    address = request["customer_details"]["address"]
    assert (address["postal_code"], address["country"]) == ("10115", "DE")


def test_a_second_click_is_given_the_first_order(asked):
    """It had asked by then, and waited for the cart while the first was at work."""
    cart, details = make_checkout(cart=two_lines())

    orders = {ordering.place_order(cart, details, "a-key").pk for _ in range(2)}

    assert (len(orders), OrderGroup.objects.count(), len(asked)) == (1, 1, 1)


def test_an_answer_is_not_used_after_its_order_is_paid(asked, sandbox):
    group = place_order(cart=two_lines())
    other = place_order()
    sandbox.pay(start(group).payment_intent_id)

    payments.settle(group)

    kept = TaxRecord.objects.get(order__group=other).stripe_calculation_id
    assert TaxCalculation.objects.get().stripe_calculation_id == kept


def test_where_prices_are_without_tax_it_comes_on_top(asked):
    place = {"country": "US", "region": "CA", "postal_code": "94103"}

    group = place_order(cart=two_lines(), address=place)

    assert (group.total_minor, group.tax_minor) == (2500 + 490 + 17, 17)
    assert asked[0]["line_items"][0]["tax_behavior"] == "exclusive"
    assert asked[0]["customer_details"]["address"]["state"] == "CA"


def test_the_class_of_a_product_is_its_code(asked, settings):
    settings.STRIPE_TAX_CODES = settings.STRIPE_TAX_CODES | {"reduced": "txcd_40060003"}
    variant = make_variant(product=make_product(tax_class="reduced"))

    place_order(cart=make_cart(variant=variant))

    [request] = asked
    assert request["line_items"][0]["tax_code"] == "txcd_40060003"
    assert request["shipping_cost"]["tax_code"] == "txcd_92010001"


def test_the_same_question_is_asked_once(asked):
    cart = two_lines()
    make_shipping_rate(seller=cart.lines.first().variant.product.seller)
    place = taxes.Place({"country": "DE", "postal_code": "10115"}, cart.pk)
    contents = cart_contents.contents(cart)

    totals = {
        quotes.quote(contents, "DE", {}, place=place).amounts.tax_minor
        for _ in range(3)
    }

    assert (totals, len(asked)) == ({17}, 1)


def test_without_a_postal_code_the_table_is_near_enough(asked):
    cart = two_lines()
    make_shipping_rate(seller=cart.lines.first().variant.product.seller)
    place = taxes.Place({"country": "DE", "postal_code": ""}, cart.pk)

    found = quotes.quote(cart_contents.contents(cart), "DE", {}, place=place)

    assert (asked, found.amounts.tax_minor) == ([], 477)


def test_switched_off_nobody_is_asked(asked, settings):
    settings.STRIPE_TAX = False

    group = place_order(cart=two_lines())

    assert (asked, group.tax_minor) == ([], 477)
    assert TaxRecord.objects.exists() is False


def test_within_an_order_nobody_is_asked(asked):
    """Locks are held: what is not known by then refuses it."""
    cart, details = make_checkout(cart=two_lines())
    TaxCalculation.objects.all().delete()
    asked.clear()

    with pytest.raises(taxes.TaxUnknown):
        ordering.place_order(cart, details, "a-key")

    assert asked == []
    assert OrderGroup.objects.exists() is False
    assert cart.lines.count() == 2


@pytest.fixture
def shopper(client):
    user = make_user()
    make_cart(user=user, variant=make_variant(price_minor=1999), quantity=2)
    variant = user.cart.lines.get().variant
    make_shipping_rate(seller=variant.product.seller)
    client.force_login(user)
    return user


def test_without_an_answer_nothing_is_ordered_and_the_field_says_so(
    client, shopper, silent
):
    typed = {"shown_total": 4488, **TYPED}

    answer = client.post(CHECKOUT, typed)

    assert answer.status_code == 422
    assert "cannot be computed" in str(answer.context["form"].errors["postal_code"])
    assert OrderGroup.objects.exists() is False
    assert shopper.cart.lines.count() == 1


def test_without_an_answer_the_table_may_stand_in(client, shopper, silent, settings):
    settings.STRIPE_TAX_FALLBACK = True

    client.post(CHECKOUT, {"shown_total": 4488, **TYPED})

    group = OrderGroup.objects.get()
    assert (group.total_minor, group.tax_minor) == (4488, 716)
    assert TaxRecord.objects.exists() is False


def test_the_page_asks_before_it_orders(client, shopper, asked):
    answer = client.post(CHECKOUT, {"shown_total": 4488, **TYPED})

    group = OrderGroup.objects.get()
    assert answer.url == reverse("checkout:pay", args=[group.token])
    assert (group.tax_minor, len(asked)) == (10, 1)


def test_an_invoice_says_no_rate_of_the_delivery_that_it_does_not_have(asked):
    """The goods have 12.34 %; the delivery is €4.90."""
    order = place_order(cart=two_lines()).orders.get()
    printed = {}

    for tax_minor in (3, 0, 54):
        order.shipping_tax_minor = tax_minor
        *_goods, delivery = invoicing.invoice_content(order)["lines"]
        printed[tax_minor] = delivery["rate"]

    assert printed == {3: None, 0: 0, 54: 1234}


def test_where_there_are_no_postal_codes_people_order_too(client, shopper, asked):
    """Tax comes on top there: the total that Stripe says is shown, then ordered."""
    typed = {**TYPED, "country": "HK", "city": "Kowloon", "postal_code": ""}
    shown = client.post(CHECKOUT, {"shown_total": 4488, **typed}).context["quote"]

    client.post(CHECKOUT, {"shown_total": shown.total_minor, **typed})

    group = OrderGroup.objects.get()
    assert (group.total_minor, group.tax_minor) == (4488 + 10, 10)


def test_another_total_than_was_shown_is_shown_first(client, shopper, asked):
    typed = {**TYPED, "country": "US", "region": "CA", "postal_code": "94103"}

    answer = client.post(CHECKOUT, {"shown_total": 4488, **typed})

    assert answer.status_code == 422
    assert answer.context["quote"].total_minor == 4488 + 10
    assert OrderGroup.objects.exists() is False


def coupon_quote(left_minor, **address):
    """Of goods for €10.00 with a coupon that leaves so much of it."""
    cart = make_cart(variant=make_variant(price_minor=1000))
    seller = cart.lines.get().variant.product.seller
    make_shipping_rate(seller=seller, price_minor=0)
    entry = Entry(make_coupon(amount_minor=1000 - left_minor).code, cart, None)
    place = taxes.Place(address, cart.pk)
    contents = cart_contents.contents(cart)
    return quotes.quote(contents, address["country"], {}, entry, place=place)


def test_a_coupon_may_leave_what_can_be_charged_with_the_tax_that_is_taken(asked):
    """The table has no tax there, and €0.45 could not be charged; Stripe adds €0.10."""
    found = coupon_quote(45, country="US", region="CA", postal_code="94103")

    assert (found.coupon_problem, found.total_minor) == ("", 55)


def test_a_coupon_that_leaves_too_little_with_the_tax_that_is_taken_is_refused(
    asked, settings, tmp_path
):
    """With the table's 30 % it could be charged, with Stripe's €0.10 it cannot."""
    table = tmp_path / "rates.json"
    table.write_text('{"CA": {"basis_points": 3000}}')
    settings.TAX_RATES_FILE = table

    found = coupon_quote(39, country="CA", region="ON", postal_code="K1A 0B1")

    assert "cannot be charged" in found.coupon_problem
    assert found.total_minor == 1000 + 10
