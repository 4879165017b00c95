"""Writing a product and choosing a variant, with the scripts that help."""

import pytest

from sellers.models import Variant
from tests.browser.conftest import DESK, PHONE
from tests.factories import make_product, make_seller, make_user, make_variant

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_table_of_variants_follows_the_options(page, site, sign_in):
    user = make_user()
    make_seller(owner=user)
    sign_in(user)
    page.goto(f"{site}/seller/products/new/")

    page.fill("[name=title]", "Folding lamp")
    page.fill("[name=variant-0-price]", "49,90")
    page.fill("[name=variant-0-on_hand]", "4")
    page.click(".option-editor summary")
    page.fill("[name=option-0-name]", "Colour")
    page.fill("[name=option-0-values]", "Sand, Moss")
    page.press("[name=option-0-values]", "Tab")
    page.fill("[name=variant-1-price]", "55")
    page.click(".editor-save button")
    page.wait_for_url("**/seller/products/*/")

    facts = Variant.objects.values_list(
        "option_values", "price_minor", "stock__on_hand"
    )
    assert list(facts) == [(["Sand"], 4990, 4), (["Moss"], 5500, 0)]


def test_choosing_each_option_chooses_the_variant(page, site):
    product = make_product()
    for place, name in enumerate(["Colour", "Size"]):
        product.options.create(name=name, position=place)
    for place, (values, price) in enumerate(
        [(["Sand", "S"], 1000), (["Sand", "L"], 1200), (["Moss", "L"], 1500)]
    ):
        make_variant(
            product=product, option_values=values, price_minor=price, position=place,
            stock=3 if price == 1500 else 20,
        )  # fmt: skip
    page.goto(f"{site}{product.get_absolute_url()}")

    page.locator("[data-buy-options] >> text='Moss'").click()

    assert page.inner_text("[data-buy-price]") == "€15.00"
    assert page.inner_text("[data-buy-stock]") == "Only 3 left"
    chosen = page.locator("[name=variant]:checked").get_attribute("value")
    assert chosen == str(product.variants.get(price_minor=1500).pk)


IS_CLIPPED = "input => input.scrollWidth > input.clientWidth"


@pytest.mark.parametrize("size", [PHONE, DESK])
def test_a_quantity_is_shown_whole_however_long(page, site, size):
    product = make_variant(stock=5).product
    page.set_viewport_size(size)
    page.goto(f"{site}{product.get_absolute_url()}")
    quantity = page.get_by_label("Quantity")

    for typed in ("1", "99", "99999"):
        quantity.fill(typed)
        assert quantity.evaluate(IS_CLIPPED) is False
