"""The seller centre: every page for its owner, a stranger and nobody."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from checkout.models import Order
from sellers import figures
from sellers.models import (
    CatalogImport,
    Product,
    Seller,
    StockLevel,
)
from tests.catalogues import glove_rows, make_import
from tests.factories import (
    make_order,
    make_picture,
    make_product,
    make_seller,
    make_user,
    make_variant,
    picture_bytes,
)

pytestmark = pytest.mark.django_db

PAGES = [
    "overview", "shop_settings", "products", "create_product", "imports",
    "import_template", "export_products",
]  # fmt: skip
PAGES_OF_A_PRODUCT = ["edit_product", "product_stock"]
PAGES_OF_AN_IMPORT = ["catalog_import", "import_report"]
ACTIONS_ON_A_PRODUCT = ["duplicate_product", "add_pictures", "order_pictures"]
ACTIONS_ON_A_PICTURE = [
    "describe_picture", "move_picture", "remove_picture", "restore_picture",
]  # fmt: skip
ACTIONS_ON_AN_IMPORT = [
    "start_import", "cancel_import", "read_import_again", "fetch_pictures_again",
]  # fmt: skip


@pytest.fixture
def owner():
    return make_user(name="Olga Owner")


@pytest.fixture
def shop(owner):
    return make_seller(owner=owner)


@pytest.fixture
def stranger(client):
    """Signed in, with a shop of their own."""
    user = make_user()
    make_seller(owner=user)
    client.force_login(user)
    return client


@pytest.mark.parametrize("name", PAGES)
def test_each_page_is_its_owners(client, owner, shop, name):
    client.force_login(owner)

    assert client.get(reverse(f"sellers:{name}")).status_code == 200


@pytest.mark.parametrize("name", PAGES)
def test_nobody_is_sent_to_sign_in(client, name):
    response = client.get(reverse(f"sellers:{name}"))

    assert response.status_code == 302
    assert response.url.startswith(reverse("account_login"))


@pytest.mark.parametrize("name", PAGES)
def test_somebody_without_a_shop_is_sent_to_apply(client, name):
    client.force_login(make_user())

    response = client.get(reverse(f"sellers:{name}"))

    assert response.url == reverse("sellers:apply")


@pytest.mark.parametrize("name", PAGES_OF_A_PRODUCT)
def test_a_stranger_does_not_find_a_product(stranger, shop, name):
    product = make_product(seller=shop)

    assert (
        stranger.get(reverse(f"sellers:{name}", args=[product.pk])).status_code == 404
    )


@pytest.mark.parametrize("move", ["submit", "unpublish", "archive", "reopen"])
def test_a_stranger_cannot_move_a_product(stranger, shop, move):
    product = make_product(seller=shop)

    response = stranger.post(reverse("sellers:move_product", args=[product.pk, move]))

    product.refresh_from_db()
    assert response.status_code == 404
    assert product.status == Product.Status.PUBLISHED


@pytest.mark.parametrize("name", ACTIONS_ON_A_PRODUCT)
def test_a_stranger_cannot_act_on_a_product(stranger, shop, name):
    product = make_product(seller=shop)

    response = stranger.post(reverse(f"sellers:{name}", args=[product.pk]))

    assert response.status_code == 404
    assert Product.objects.count() == 1


@pytest.mark.parametrize("name", ACTIONS_ON_A_PICTURE)
def test_a_stranger_cannot_act_on_a_picture(stranger, shop, name):
    media = make_picture(product=make_product(seller=shop))
    own = make_product(seller=Seller.objects.exclude(pk=shop.pk).get())

    for product in [media.product, own]:
        args = [product.pk, media.pk]
        assert stranger.post(reverse(f"sellers:{name}", args=args)).status_code == 404

    media.refresh_from_db()
    assert media.removed_at is None


@pytest.mark.parametrize("name", PAGES_OF_AN_IMPORT)
def test_a_stranger_does_not_find_an_import(stranger, shop, name):
    found = make_import(glove_rows(), seller=shop)

    assert stranger.get(reverse(f"sellers:{name}", args=[found.pk])).status_code == 404


@pytest.mark.parametrize("name", ACTIONS_ON_AN_IMPORT)
def test_a_stranger_cannot_act_on_an_import(stranger, shop, name):
    found = make_import(
        glove_rows(), seller=shop, status=CatalogImport.Status.PREVIEWED
    )

    response = stranger.post(reverse(f"sellers:{name}", args=[found.pk]))

    found.refresh_from_db()
    assert response.status_code == 404
    assert found.status == CatalogImport.Status.PREVIEWED


def test_bulk_actions_leave_the_products_of_others(stranger, shop):
    product = make_product(seller=shop)

    stranger.post(
        reverse("sellers:change_products"), {"product": product.pk, "action": "archive"}
    )

    product.refresh_from_db()
    assert product.status == Product.Status.PUBLISHED


def paid_order(shop, *, price_minor=5000, days_ago=0):
    variant = make_variant(product=make_product(seller=shop), price_minor=price_minor)
    order = make_order(variant=variant, status=Order.Status.PAID)
    order.group.paid_at = timezone.now() - timezone.timedelta(days=days_ago)
    order.group.save()
    return order


def test_figures_are_of_paid_orders_net_of_refunds(shop):
    paid_order(shop)
    refunded = paid_order(shop, price_minor=3000, days_ago=2)
    Order.objects.filter(pk=refunded.pk).update(refunded_minor=1000)
    paid_order(shop, price_minor=7000, days_ago=9)
    paid_order(make_seller())
    make_order(variant=make_variant(product=make_product(seller=shop)))

    week = figures.figures_of(shop, 7)

    assert (week.revenue_minor, week.orders) == (7000, 2)
    assert week.revenue_before_minor == 7000
    assert [day.revenue_minor for day in week.days][-3:] == [2000, 0, 5000]


def test_the_overview_says_what_is_to_do(client, owner, shop):
    paid_order(shop)
    make_product(seller=shop, status="draft", status_reason="Blurred picture")
    make_variant(product=make_product(seller=shop), stock=1)
    client.force_login(owner)

    html = client.get(reverse("sellers:overview")).content.decode()

    assert "1 order to ship" in html
    assert "1 product came back from review" in html
    assert "1 left" in html
    assert "Connect your account" in html


def test_a_shop_without_products_is_not_told_that_it_has_enough(client, owner, shop):
    client.force_login(owner)
    url = reverse("sellers:overview")

    assert "Enough of everything." not in client.get(url).content.decode()
    make_variant(product=make_product(seller=shop), stock=100)
    assert "Enough of everything." in client.get(url).content.decode()


def test_the_settings_change_the_shop_window(client, owner, shop):
    client.force_login(owner)
    banner = SimpleUploadedFile("b.png", picture_bytes(size=(2000, 900), kind="PNG"))

    client.post(
        reverse("sellers:shop_settings"),
        {
            "name": shop.name,
            "tagline": "Made by hand",
            "description": "",
            "dispatch_days": 3,
            "return_days": 30,
            "holiday_note": "",
            "banner": banner,
        },
    )

    shop.refresh_from_db()
    assert (shop.tagline, shop.dispatch_days) == ("Made by hand", 3)
    assert (shop.banner.width, shop.banner.height) == (1600, 500)
    assert shop.banner.name.endswith(".webp")


def test_a_banner_that_is_no_picture_is_refused(client, owner, shop):
    client.force_login(owner)

    response = client.post(
        reverse("sellers:shop_settings"),
        {
            "name": "Other",
            "dispatch_days": 3,
            "return_days": 30,
            "banner": SimpleUploadedFile("b.jpg", b"<svg onload=alert(1)>"),
        },
    )

    shop.refresh_from_db()
    assert "This is a SVG file" in response.content.decode()
    assert shop.name != "Other"
    assert not shop.banner


def test_products_are_searched_by_title_and_sku(client, owner, shop):
    make_product(seller=shop, title="Blue cup")
    make_variant(product=make_product(seller=shop, title="Pan"), sku="BLUE-1")
    make_product(seller=shop, title="Scarf")
    client.force_login(owner)

    response = client.get(reverse("sellers:products"), {"q": "blue"})

    found = [product.title for product in response.context["products"]]
    assert found == ["Pan", "Blue cup"]


def test_the_list_has_pages_without_counting(client, owner, shop):
    for _ in range(26):
        make_product(seller=shop)
    client.force_login(owner)

    first = client.get(reverse("sellers:products"))
    rest = client.get(reverse("sellers:products"), {"before": first.context["next"]})

    assert len(first.context["products"]) == 25
    assert len(rest.context["products"]) == 1
    assert rest.context["next"] is None


def test_what_is_sold_on_is_not_low_until_no_more_is_sold(shop):
    def make(sku, stock, **terms):
        variant = make_variant(product=make_product(seller=shop), stock=stock, sku=sku)
        StockLevel.objects.filter(pk=variant.pk).update(**terms)

    today = timezone.localdate()
    ahead = today + timedelta(days=9)
    make("many", 50)
    make("few", 2)
    make("sold-on", 0, policy="back_order")
    make("promised-all", 0, policy="back_order", backorder_limit=2, backordered=2)
    make("not-out", 0, policy="pre_order", ships_on=ahead)
    make("out", 1, policy="pre_order", ships_on=today)

    low = [variant.sku for variant in figures.low_stock(shop)]

    assert low == ["promised-all", "out", "few"]
