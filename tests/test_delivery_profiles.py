"""Products that go by delivery rates of their own."""

import re

import pytest
from django.urls import reverse

from checkout import cart_contents, deliveries, ordering, quotes
from checkout.models import Order
from checkout.shipping_forms import DeliveryProfileForm
from sellers import catalog, exporting
from sellers.imports import saving
from sellers.imports.checking import check
from sellers.imports.drafts import DraftProduct, DraftVariant
from sellers.models import CatalogImport, DeliveryProfile
from tests.factories import (
    TYPED,
    make_cart,
    make_checkout,
    make_product,
    make_seller,
    make_shipping_rate,
    make_user,
    make_variant,
)

pytestmark = pytest.mark.django_db
NEW = reverse("checkout:new_delivery_profile")
LIST = reverse("checkout:shipping_rates")


@pytest.fixture
def owner(client):
    user = make_user()
    user.shop = make_seller(owner=user)
    client.force_login(user)
    return user


def make_profile(*, seller=None, name="Bulky"):
    return DeliveryProfile.objects.create(seller=seller or make_seller(), name=name)


@pytest.fixture
def shop():
    """Usual goods for €4.90, to everywhere; bulky ones by freight within Germany."""
    seller = make_seller(owner=make_user())
    bulky = make_profile(seller=seller)
    make_shipping_rate(seller=seller)
    make_shipping_rate(
        seller=seller,
        name="Freight",
        price_minor=4900,
        profile=bulky,
        countries=["DE"],
        free_from_minor=50_000,
    )
    make_shipping_rate(
        seller=seller,
        name="Freight to the flat",
        price_minor=7900,
        profile=bulky,
        countries=["DE"],
        max_days=3,
    )
    return seller


@pytest.fixture
def mug(shop):
    return make_variant(product=make_product(seller=shop), price_minor=1000)


@pytest.fixture
def sofa(shop):
    bulky = shop.delivery_profiles.get()
    product = make_product(seller=shop, delivery_profile=bulky)
    return make_variant(product=product, price_minor=40_000)


def cart_of(*variants):
    cart = make_cart(variant=variants[0])
    for variant in variants[1:]:
        cart.lines.create(variant=variant)
    return cart


def quote(cart, country="DE", rates=None):
    return quotes.quote(cart_contents.contents(cart), country, rates or {})


def sent(found):
    """Of the one shop: what goes together, by which rates it may go, and by which."""
    [part] = found.sellers
    return [
        ([item.variant for item in one.items],
         [choice.rate.name for choice in one.choices],
         one.chosen and one.chosen.rate.name)
        for one in part.delivery.consignments
    ]  # fmt: skip


def test_each_thing_goes_by_the_rates_of_its_profile(mug, sofa):
    freights = ["Freight", "Freight to the flat"]

    assert sent(quote(cart_of(mug))) == [([mug], ["Standard"], "Standard")]
    assert sent(quote(cart_of(sofa))) == [([sofa], freights, "Freight")]
    assert sent(quote(cart_of(mug, sofa))) == [
        ([mug], ["Standard"], "Standard"),
        ([sofa], freights, "Freight"),
    ]


def test_both_deliveries_are_paid_and_the_order_has_both(mug, sofa):
    cart, details = make_checkout(cart=cart_of(mug, sofa))

    group = ordering.place_order(cart, details, "a-key")

    assert group.shipping_minor == 490 + 4900
    order = group.orders.get()
    assert order.shipping_name == "Standard + Freight"
    assert order.shipping_minor == 490 + 4900


def test_free_from_counts_the_goods_of_the_profile_alone(mug, sofa):
    cart = cart_of(mug, sofa)
    cart.lines.filter(variant=mug).update(quantity=20)
    assert quote(cart).amounts.shipping_minor == 490 + 4900

    cart.lines.filter(variant=sofa).update(quantity=2)

    assert quote(cart).amounts.shipping_minor == 490


def test_the_buyer_chooses_for_each(client, shop, mug, sofa):
    user = make_user()
    cart = cart_of(mug, sofa)
    cart.user = user
    cart.save()
    client.force_login(user)
    flat = shop.shipping_rates.get(name="Freight to the flat")
    page = client.get(reverse("checkout:checkout"), {"country": "DE"}).content.decode()
    profile = shop.delivery_profiles.get()
    field = f"rate-{shop.pk}-{profile.pk}"
    assert f'name="{field}"' in page
    assert f"{shop.name}: Bulky" in page

    client.post(
        reverse("checkout:checkout"),
        {**TYPED, field: flat.pk, "shown_total": 41_000 + 490 + 7900},
    )

    order = Order.objects.get()
    assert (order.shipping_name, order.shipping_minor) == (
        "Standard + Freight to the flat",
        490 + 7900,
    )
    kept = deliveries.rates_of_unpaid_order(order.group, "DE")
    assert kept[(shop.pk, profile.pk)] == flat.pk


def test_a_rate_of_another_profile_cannot_be_chosen(shop, mug, sofa):
    usual = shop.shipping_rates.get(name="Standard")
    key = (shop.pk, shop.delivery_profiles.get().pk)

    found = quote(cart_of(mug, sofa), rates={key: usual.pk})

    assert found.is_choice_refused
    assert found.amounts.shipping_minor == 490 + 4900


def test_where_one_of_them_does_not_go_the_shop_does_not_deliver(shop, mug, sofa):
    cart = cart_of(mug, sofa)

    assert quote(cart, "FR").undeliverable == [shop]
    contents = cart_contents.contents(cart)
    assert deliveries.unreachable(contents, "FR") == {shop.pk}
    assert deliveries.unreachable(contents, "DE") == set()
    assert quote(cart_of(mug), "FR").undeliverable == []


def test_a_products_page_tells_of_its_own_deliveries(client, mug, sofa):
    pages = [
        client.get(variant.product.get_absolute_url()).context["reach"]
        for variant in (mug, sofa)
    ]

    assert [reach.rate.name for reach in pages] == ["Standard", "Freight"]
    assert [reach.places for reach in pages] == ["", "Germany"]


def test_a_seller_names_a_profile_and_gives_it_to_rates_and_products(client, owner):
    client.post(NEW, {"name": " Bulky  goods "})
    profile = owner.shop.delivery_profiles.get()
    assert profile.name == "Bulky goods"
    assert "Not delivered anywhere" in client.get(LIST).content.decode()

    client.post(
        reverse("checkout:new_shipping_rate"),
        {"name": "Freight", "profile": profile.pk, "price_minor": "49.00",
         "min_days": 2, "max_days": 9, "is_active": "on"},
    )  # fmt: skip
    product = make_product(seller=owner.shop)
    form = client.get(reverse("sellers:edit_product", args=[product.pk]))
    assert 'name="delivery_profile"' in form.content.decode()
    details = {
        "title": "Sofa", "category": None, "description": "", "limit_per_buyer": None,
        "tax_class": "standard", "delivery_profile": profile,
    }  # fmt: skip
    catalog.update_details(product, details)

    assert owner.shop.shipping_rates.get().profile == profile
    product.refresh_from_db()
    assert product.delivery_profile == profile
    assert catalog.duplicate(product).delivery_profile == profile
    text = re.sub(r"<[^>]+>", " ", client.get(LIST).content.decode())
    assert "Not delivered anywhere" not in text


def test_a_deleted_profile_takes_its_rates_and_leaves_its_products(client, shop, sofa):
    client.force_login(shop.members.get().user)
    profile = shop.delivery_profiles.get()

    client.post(reverse("checkout:delete_delivery_profile", args=[profile.pk]))

    sofa.product.refresh_from_db()
    assert sofa.product.delivery_profile is None
    assert [rate.name for rate in shop.shipping_rates.all()] == ["Standard"]


def test_names_are_used_once_and_profiles_of_others_are_not_there(client, owner):
    make_profile(seller=owner.shop)
    other = make_profile(name="Other")
    page = reverse("checkout:delivery_profile", args=[other.pk])
    delete = reverse("checkout:delete_delivery_profile", args=[other.pk])

    refused = client.post(NEW, {"name": "bulky"})

    assert "You have a profile of this name already" in refused.content.decode()
    assert client.get(page).status_code == 404
    assert client.post(page, {"name": "Mine"}).status_code == 404
    assert client.post(delete).status_code == 404
    rate = {"name": "x", "price_minor": "1", "min_days": 1, "max_days": 2}
    answer = client.post(
        reverse("checkout:new_shipping_rate"), rate | {"profile": other.pk}
    )
    assert list(answer.context["form"].errors) == ["profile"]
    client.logout()
    assert client.get(NEW).status_code == 302


def test_a_profile_that_was_deleted_meanwhile_is_not_brought_back(
    client, owner, monkeypatch
):
    profile = make_profile(seller=owner.shop)
    save = DeliveryProfileForm.save

    def save_late(form):
        owner.shop.delivery_profiles.all().delete()
        return save(form)

    monkeypatch.setattr(DeliveryProfileForm, "save", save_late)

    page = reverse("checkout:delivery_profile", args=[profile.pk])
    answer = client.post(page, {"name": "Bulky goods"})

    assert "has been deleted meanwhile" in answer.content.decode()
    assert DeliveryProfile.objects.exists() is False


def draft(**fields):
    variants = [DraftVariant(row=2, price="10.00")]
    return DraftProduct(row=2, handle="sofa", title="Sofa", variants=variants, **fields)


def test_files_name_a_profile_and_one_that_is_not_there_is_noted(owner):
    profile = make_profile(seller=owner.shop)
    made = CatalogImport(seller=owner.shop, created_by=owner)
    made.save()

    known = check(draft(delivery="bulky"), "EUR", [profile])
    unknown = check(draft(delivery="Pallets"), "EUR", [profile])
    saving.save_product(made, known)
    product = owner.shop.products.get()
    assert (known.problems, product.delivery_profile) == ([], profile)
    saving.save_product(made, unknown)

    [note] = unknown.problems
    assert (note.is_refusal, "Pallets" in note.message) == (False, True)
    product.refresh_from_db()
    assert product.delivery_profile == profile
    header, row = exporting.catalogue_rows(owner.shop, "https://shop.test")
    assert dict(zip(header, row, strict=True))["Delivery Profile"] == "Bulky"
