"""Products: written, with options and pictures, put on sale, copied, archived."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from checkout.models import OrderLine
from sellers import catalog, stock
from sellers.models import Product, ProductMedia, StockLevel, StockMovement
from sellers.variants import Option, VariantRow, fill_rows
from tests.factories import (
    make_category,
    make_order,
    make_picture,
    make_product,
    make_seller,
    make_user,
    make_variant,
    picture_bytes,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    return make_user()


@pytest.fixture
def shop(owner):
    return make_seller(owner=owner)


@pytest.fixture
def seller(client, owner, shop):
    client.force_login(owner)
    return client


def form_data(*, options=(), rows=({},), **details):
    """What the page sends: a cup of 12.50 EUR, but for what is said."""
    data = {"title": "Cup", "description": "Blue", "category": ""} | details
    data |= {"option-TOTAL_FORMS": 3, "option-INITIAL_FORMS": 0}
    data |= {"variant-TOTAL_FORMS": len(rows), "variant-INITIAL_FORMS": 0}
    for place, (name, values) in enumerate(options):
        data |= {f"option-{place}-name": name, f"option-{place}-values": values}
    for place, row in enumerate(rows):
        row = {"price": "12.50", "on_hand": "5", "is_active": "on"} | row
        if "values" in row:
            row["values"] = json.dumps(row["values"])
        data |= {f"variant-{place}-{name}": value for name, value in row.items()}
    return data


def create(client, **data):
    return client.post(reverse("sellers:create_product"), form_data(**data))


def edit(client, product, **data):
    return client.post(
        reverse("sellers:edit_product", args=[product.pk]), form_data(**data)
    )


def test_a_product_is_made_with_price_stock_and_picture(seller, shop):
    picture = SimpleUploadedFile("cup.jpg", picture_bytes())

    create(seller, category=make_category().pk, pictures=picture)

    product = shop.products.get()
    variant = product.variants.get()
    assert (product.slug, product.status) == ("cup", "draft")
    assert product.description == "<p>Blue</p>"
    assert (variant.price_minor, variant.sku) == (1250, "CUP")
    assert variant.stock.on_hand == 5
    assert StockMovement.objects.get().quantity == 5
    assert product.media.count() == 1


def test_the_tax_that_was_chosen_is_the_products(seller, shop):
    create(seller, tax_class="reduced")
    product = shop.products.get()
    assert product.tax_class == "reduced"

    edit(seller, product, tax_class="zero", rows=[{"pk": product.variants.get().pk}])

    product.refresh_from_db()
    assert product.tax_class == "zero"
    edit(seller, product, rows=[{"pk": product.variants.get().pk}])  # says nothing
    product.refresh_from_db()
    assert product.tax_class == "zero"


def test_two_products_of_one_title_have_their_own_addresses(seller, shop):
    create(seller)
    create(seller)

    assert set(shop.products.values_list("slug", flat=True)) == {"cup", "cup-2"}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"title": ""}, "This field is required"),
        ({"rows": [{"price": "abc"}]}, "is not a price"),
        ({"rows": [{"price": "0"}]}, "above zero"),
        ({"rows": [{"price": "1.234"}]}, "two ways"),
        ({"rows": [{"price": "9", "compare_at": "8"}]}, "must be the higher one"),
        ({"rows": [{"on_hand": "-1"}]}, "greater than or equal to 0"),
        ({"options": [("Size", "")]}, "needs a name and its values"),
        ({"options": [("Size", "S"), ("size", "M")]}, "the same name"),
        ({"options": [("A", ",".join(map(str, range(101))))]}, "more than 100"),
        ({"rows": [{"values": {"a": 1}}]}, "cannot be read"),
        ({"rows": []}, "at least 1"),
    ],
)
def test_a_bad_form_is_refused_with_a_reason_and_nothing_is_saved(seller, data, reason):
    response = create(seller, **data)

    assert response.status_code == 422
    assert reason in response.content.decode()
    assert Product.objects.exists() is False


def test_a_refused_picture_does_not_refuse_the_product(seller, shop):
    bad = SimpleUploadedFile("cup.jpg", b"<svg onload=alert(1)>")

    response = create(seller, pictures=bad)

    html = seller.get(response.url).content.decode()
    assert "cup.jpg: This is a SVG file" in html
    assert shop.products.get().media.exists() is False


def test_options_make_a_variant_of_each_combination_without_javascript(seller, shop):
    create(seller, options=[("Colour", "Sand, Moss"), ("Size", "S, M")])

    variants = list(shop.products.get().variants.all())
    assert [v.option_values for v in variants] == [
        ["Sand", "S"], ["Sand", "M"], ["Moss", "S"], ["Moss", "M"],
    ]  # fmt: skip
    assert {v.price_minor for v in variants} == {1250}
    assert [v.stock.on_hand for v in variants] == [5, 0, 0, 0]
    assert variants[3].sku == "CUP-MOSS-M"


def test_adding_options_keeps_the_first_variant_and_its_stock(seller, shop):
    create(seller)
    product = shop.products.get()
    variant = product.variants.get()
    row = {"pk": variant.pk, "values": [], "on_hand": "5", "shown_on_hand": "5"}

    edit(seller, product, options=[("Size", "S, M")], rows=[row])

    small, medium = product.variants.all()
    assert small.pk == variant.pk
    assert (small.option_values, small.stock.on_hand) == (["S"], 5)
    assert (medium.option_values, medium.stock.on_hand) == (["M"], 0)


def test_two_variants_can_swap_their_choices(seller, shop):
    product = make_product(seller=shop)
    product.options.create(name="Size")
    one = make_variant(product=product, option_values=["S"], sku="A")
    two = make_variant(product=product, option_values=["M"], sku="B")
    rows = [
        {"pk": one.pk, "values": ["M"], "sku": "B"},
        {"pk": two.pk, "values": ["S"], "sku": "A"},
    ]

    edit(seller, product, options=[("Size", "M, S")], rows=rows)

    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.option_values, one.sku) == (["M"], "B")
    assert (two.option_values, two.sku) == (["S"], "A")


def test_a_sold_variant_that_is_not_offered_any_more_stays_for_its_orders(seller, shop):
    product = make_product(seller=shop)
    product.options.create(name="Size")
    sold = make_variant(product=product, option_values=["S"])
    make_variant(product=product, option_values=["M"], stock=0)
    make_order(variant=sold)

    edit(seller, product, options=[("Size", "M")], rows=[{"values": ["M"]}])

    sold.refresh_from_db()
    assert sold.is_active is False
    assert OrderLine.objects.get().variant == sold


def test_a_new_price_does_not_reach_orders(seller, shop):
    product = make_product(seller=shop)
    variant = make_variant(product=product, price_minor=1000)
    make_order(variant=variant)

    edit(seller, product, rows=[{"pk": variant.pk, "values": [], "price": "99"}])

    variant.refresh_from_db()
    assert variant.price_minor == 9900
    assert OrderLine.objects.get().unit_price_minor == 1000


def test_what_was_sold_while_the_form_was_open_is_not_undone(seller, shop):
    product = make_product(seller=shop)
    variant = make_variant(product=product, stock=10)
    stock.count(variant, 8, None)  # two are sold meanwhile
    row = {"pk": variant.pk, "values": [], "on_hand": "10", "shown_on_hand": "10"}

    edit(seller, product, rows=[row])

    variant.stock.refresh_from_db()
    assert variant.stock.on_hand == 8


def test_stock_cannot_be_counted_below_what_buyers_are_paying_for(seller, shop):
    product = make_product(seller=shop, title="Before")
    variant = make_variant(product=product, stock=10)
    StockLevel.objects.update(reserved=4)
    row = {"pk": variant.pk, "values": [], "on_hand": "3", "shown_on_hand": "10"}

    response = edit(seller, product, rows=[row], title="After")

    product.refresh_from_db()
    assert "4 are set aside" in response.content.decode()
    assert product.title == "Before"


def test_rows_are_filled_like_the_first_one():
    rows = [VariantRow(values=("S",), price_minor=500, weight_grams=20)]

    filled = fill_rows([Option("Size", ("S", "M"))], rows)

    assert [(row.values, row.price_minor) for row in filled] == [
        (("S",), 500),
        (("M",), 500),
    ]


def ready_product(shop, **fields):
    fields = {"status": "draft", "description": "<p>Blue</p>"} | fields
    product = make_product(seller=shop, **fields)
    make_variant(product=product)
    make_picture(product=product)
    return product


def move(client, product, name):
    client.post(reverse("sellers:move_product", args=[product.pk, name]))
    product.refresh_from_db()
    return product.status


def test_a_complete_product_goes_to_review_and_back(seller, shop):
    product = ready_product(shop)

    assert move(seller, product, "submit") == "in_review"
    assert move(seller, product, "reopen") == "draft"
    assert move(seller, product, "archive") == "archived"
    assert move(seller, product, "reopen") == "draft"


def test_a_product_without_a_picture_is_not_submitted(seller, shop):
    product = ready_product(shop)
    product.media.all().delete()

    assert move(seller, product, "submit") == "draft"
    missing = [r.text for r in catalog.checklist(product) if not r.is_met]
    assert missing == ["At least one picture"]


def test_what_a_moderator_wrote_is_read_on_the_page(seller, shop):
    product = ready_product(shop, status_reason="The picture is blurred.")

    url = reverse("sellers:edit_product", args=[product.pk])

    assert "The picture is blurred." in seller.get(url).content.decode()


def test_bulk_submit_takes_what_is_complete(seller, shop):
    complete, lacking = ready_product(shop), make_product(seller=shop, status="draft")

    seller.post(
        reverse("sellers:change_products"),
        {"product": [complete.pk, lacking.pk], "action": "submit"},
    )

    complete.refresh_from_db()
    lacking.refresh_from_db()
    assert (complete.status, lacking.status) == ("in_review", "draft")


def test_a_copy_has_its_own_pictures_and_no_stock(seller, shop):
    product = ready_product(shop, title="Cup", tax_class="reduced")

    seller.post(reverse("sellers:duplicate_product", args=[product.pk]))

    copy = shop.products.exclude(pk=product.pk).get()
    assert (copy.title, copy.status) == ("Cup (copy)", "draft")
    assert copy.tax_class == "reduced"
    assert copy.variants.get().stock.on_hand == 0
    assert copy.media.get().image.name != product.media.get().image.name


def act(client, name, media, **data):
    args = [media.product_id, media.pk]
    return client.post(reverse(f"sellers:{name}", args=args), data)


def test_a_removed_picture_comes_back(seller, shop):
    media = make_picture(product=make_product(seller=shop))

    act(seller, "remove_picture", media)
    assert media.product.media.exists() is False
    act(seller, "restore_picture", media)

    assert media.product.media.get() == media


def test_pictures_change_places(seller, shop):
    product = make_product(seller=shop)
    first, second = make_picture(product=product), make_picture(product=product)

    act(seller, "move_picture", second, to="earlier")
    assert list(product.media.all()) == [second, first]
    seller.post(
        reverse("sellers:order_pictures", args=[product.pk]),
        {"media": [first.pk, second.pk]},
    )

    assert list(product.media.all()) == [first, second]


def test_a_picture_is_described(seller, shop):
    media = make_picture(product=make_product(seller=shop))

    act(seller, "describe_picture", media, alt="A blue cup")

    media.refresh_from_db()
    assert media.alt == "A blue cup"


def test_a_product_has_twelve_pictures_at_most(seller, shop):
    product = make_product(seller=shop)
    files = [
        SimpleUploadedFile(f"{n}.png", picture_bytes(kind="PNG")) for n in range(13)
    ]

    seller.post(reverse("sellers:add_pictures", args=[product.pk]), {"pictures": files})

    assert ProductMedia.objects.count() == 12
