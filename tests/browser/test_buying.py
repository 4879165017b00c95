"""The cart and the checkout in a browser; the payment itself is in test_first_sale."""

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from checkout import tax_gateway
from checkout.models import CartLine, OrderGroup
from tests.browser.axe import serious
from tests.factories import (
    make_cart,
    make_coupon,
    make_order,
    make_shipping_rate,
    make_user,
    make_variant,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shopper(sign_in):
    """Signed in, with two lines of two sellers in the cart."""
    user = make_user(name="Bea Buyer")
    lamp, cup = make_variant(price_minor=4000), make_variant(price_minor=1500)
    for variant in (lamp, cup):
        seller = variant.product.seller
        make_shipping_rate(seller=seller)
        make_shipping_rate(
            seller=seller, name="Express", price_minor=1290, countries=["DE"]
        )
    cart = make_cart(user=user, variant=lamp)
    CartLine.objects.create(cart=cart, variant=cup)
    sign_in(user)
    return user


def test_the_cart_changes_without_a_reload(page, site, shopper):
    page.goto(f"{site}/cart/")
    assert serious(page) == []

    page.get_by_role("button", name="More").first.click()
    expect(page.locator(".cart-line-price").first).to_have_text("€80.00")
    expect(page.locator(".rows-total dd")).to_have_text("€95.00")
    page.get_by_role("button", name="Remove").first.click()
    expect(page.locator(".cart-line")).to_have_count(1)
    page.get_by_role("button", name="Undo").click()

    expect(page.locator(".cart-line-price").first).to_have_text("€80.00")
    assert page.url == f"{site}/cart/"


def test_the_totals_follow_the_delivery_and_the_country(page, site, shopper):
    page.goto(f"{site}/checkout/")
    assert serious(page) == []
    total = page.locator(".rows-total dd")

    expect(total).to_have_text("€64.80")
    page.get_by_label("Express").first.check()
    expect(total).to_have_text("€72.80")
    page.get_by_label("Country").select_option("CA")

    expect(page.get_by_label("Express")).to_have_count(0)
    expect(total).to_have_text("€68.05")


@pytest.fixture
def tax_by_postal_code(settings, monkeypatch):
    """So many euros on each line as the postal code's last figure says."""
    settings.STRIPE_TAX = True

    def calculate(*, key, request):
        code = request["customer_details"]["address"].get("postal_code", "0")
        items = [
            {"reference": item["reference"], "amount_tax": 100 * int(code[-1])}
            for item in request["line_items"]
        ]
        return {"id": key, "line_items": {"data": items}}

    monkeypatch.setattr(tax_gateway, "calculate", calculate)


def test_the_tax_follows_the_postal_code(page, site, shopper, tax_by_postal_code):
    page.goto(f"{site}/checkout/")
    total = page.locator(".rows-total dd")
    page.get_by_label("Country").select_option("US")
    expect(total).to_have_text("€64.80")
    for label, text in {
        "Full name": "Bea Buyer",
        "Address": "2 Low Street",
        "Town or city": "San Francisco",
        "State or region": "CA",
        "Postal code": "94103",
    }.items():
        page.get_by_label(label, exact=label == "Address").first.fill(text)
        page.keyboard.press("Tab")
    expect(total).to_have_text("€70.80")

    page.get_by_label("Postal code").fill("94105")
    page.keyboard.press("Tab")
    expect(total).to_have_text("€74.80")

    expect(page.locator("[name=shown_total]")).to_have_value("7480")


def test_the_checkout_needs_no_javascript_up_to_the_card(browser, site, shopper, page):
    context = browser.new_context(
        java_script_enabled=False, storage_state=page.context.storage_state()
    )
    plain = context.new_page()
    plain.goto(f"{site}/checkout/")
    for label, text in {
        "Full name": "Bea Buyer",
        "Address": "2 Low Street",
        "Postal code": "K1A 0B1",
        "Town or city": "Ottawa",
        "State or region": "Ontario",
    }.items():
        plain.get_by_label(label, exact=label == "Address").first.fill(text)
    plain.get_by_label("Country").select_option("CA")

    plain.get_by_role("button", name="Continue to payment").click()
    expect(plain.get_by_text("The total is now €73.23")).to_be_visible()
    plain.get_by_role("button", name="Continue to payment").click()

    group = OrderGroup.objects.get()
    context.close()
    assert (group.city, group.total_minor) == ("Ottawa", 7323)


def test_a_coupon_is_applied_without_a_reload(page, site, shopper):
    make_coupon(code="TENTH")
    page.goto(f"{site}/checkout/")
    page.get_by_label("Full name").fill("Bea Buyer")

    page.get_by_label("Coupon").fill("nobodys")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("There is no coupon “nobodys”")).to_be_visible()
    assert serious(page) == []
    page.get_by_label("Coupon").fill("tenth")
    page.get_by_role("button", name="Apply").click()

    expect(page.get_by_text("TENTH takes €5.50 off.")).to_be_visible()
    expect(page.locator(".rows-total dd")).to_have_text("€59.30")
    expect(page.get_by_label("Full name")).to_have_value("Bea Buyer")
    assert OrderGroup.objects.exists() is False
    assert serious(page) == []


def test_the_order_page_is_accessible(page, site):
    order = make_order(status="paid")
    OrderGroup.objects.update(paid_at=timezone.now())

    page.goto(site + reverse("checkout:order_group", args=[order.group.token]))

    expect(page.get_by_role("heading", name="Thank you!")).to_be_visible()
    assert serious(page) == []


def test_one_product_alone_is_checked_out_beside_the_cart(page, site, shopper):
    mug = make_variant(price_minor=2000)
    make_shipping_rate(seller=mug.product.seller)
    page.goto(site + mug.product.get_absolute_url())
    page.get_by_role("button", name="Buy now").click()
    page.wait_for_url("**/checkout/now/")
    assert serious(page) == []
    total = page.locator(".rows-total dd")

    expect(total).to_have_text("€24.90")
    expect(page.locator(".summary-lines .line-title")).to_have_text(mug.product.title)
    page.get_by_label("Country").select_option("CA")

    expect(total).to_have_text("€26.15")
    page.get_by_role("link", name="Back to the product").click()
    page.wait_for_url("**" + mug.product.get_absolute_url())
    page.goto(f"{site}/cart/")
    expect(page.locator(".cart-line")).to_have_count(2)
