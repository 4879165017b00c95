"""What shoppers see of a shop: storefront, product, category."""

import json
import re

import pytest
from django.urls import reverse

from sellers.models import Follow, Product, Seller
from tests.factories import (
    make_category,
    make_picture,
    make_product,
    make_review,
    make_seller,
    make_shipping_rate,
    make_tag,
    make_user,
    make_variant,
    make_video,
)

pytestmark = pytest.mark.django_db


def on_sale(*, seller=None, price_minor=1999, stock=10, **fields):
    product = make_product(seller=seller, **fields)
    make_variant(product=product, price_minor=price_minor, stock=stock)
    return product


def structured_data(response):
    html = response.content.decode()
    found = re.search(r"<script type=\"application/ld\+json\".*?>(.*?)</script>", html)
    return json.loads(found[1])


def test_everybody_sees_an_open_shop_and_its_products(client):
    product = on_sale(title="Linen apron")

    response = client.get(product.seller.get_absolute_url(), {"tab": "products"})

    assert response.status_code == 200
    assert "Linen apron" in response.content.decode()
    assert "€19.99" in response.content.decode()


@pytest.mark.parametrize(
    "status",
    [Seller.Status.PENDING, Seller.Status.SUSPENDED, Seller.Status.CLOSED],
)
def test_nobody_sees_a_shop_that_is_not_open(client, status):
    product = on_sale(seller=make_seller(status=status))

    assert client.get(product.seller.get_absolute_url()).status_code == 404
    assert client.get(product.get_absolute_url()).status_code == 404


@pytest.mark.parametrize(
    "status",
    [Product.Status.DRAFT, Product.Status.IN_REVIEW, Product.Status.ARCHIVED],
)
def test_nobody_sees_a_product_that_is_not_published(client, status):
    product = on_sale(status=status)

    assert client.get(product.get_absolute_url()).status_code == 404


def test_an_empty_shop_says_so(client):
    response = client.get(make_seller().get_absolute_url())

    assert "No products here yet" in response.content.decode()


def test_the_videos_of_a_shop_come_first(client):
    video = make_video(title="How it is made")

    response = client.get(video.seller.get_absolute_url())

    assert "How it is made" in response.content.decode()


def test_who_gave_no_name_reviews_as_a_buyer_and_shows_no_address(client):
    product = on_sale()
    make_review(product=product, user=make_user(email="eve@example.com"))
    make_review(product=product, user=make_user(name="Ann Day"))

    html = client.get(product.get_absolute_url()).content.decode()

    assert "<strong>A buyer</strong>" in html
    assert "<strong>Ann</strong>" in html
    assert "eve" not in html
    assert "Day" not in html


def test_a_product_page_tells_search_engines_what_it_costs(client):
    product = on_sale(price_minor=4990)
    make_review(product=product, rating=4)
    make_review(product=product, rating=5)
    make_review(product=product, rating=1, is_visible=False)

    data = structured_data(client.get(product.get_absolute_url()))

    assert data["offers"][0]["price"] == "49.90"
    assert data["offers"][0]["priceCurrency"] == "EUR"
    assert data["offers"][0]["availability"] == "https://schema.org/InStock"
    assert data["aggregateRating"]["ratingValue"] == 4.5
    assert data["aggregateRating"]["reviewCount"] == 2


def test_a_title_cannot_end_the_script_that_it_stands_in(client):
    product = on_sale(title="</script><script>alert(1)</script>")

    response = client.get(product.get_absolute_url())

    assert "<script>alert(1)" not in response.content.decode()
    assert structured_data(response)["name"] == product.title


@pytest.mark.parametrize(
    ("price_minor", "said"), [(5999, "€4.90, free from €60.00"), (6000, "· free<")]
)
def test_a_product_page_says_what_its_delivery_costs(client, price_minor, said):
    product = on_sale(price_minor=price_minor)
    make_shipping_rate(seller=product.seller, free_from_minor=6000)

    page = client.get(product.get_absolute_url()).content.decode()

    assert said in page


def test_a_product_page_shows_how_many_are_left(client):
    product = on_sale(stock=3)

    assert "Only 3 left" in client.get(product.get_absolute_url()).content.decode()


def test_a_sold_out_product_cannot_be_bought(client):
    html = client.get(on_sale(stock=0).get_absolute_url()).content.decode()

    assert "Sold out" in html
    assert re.search(r"name=\"buy_now\" value=\"1\" disabled", html)


def test_the_variant_that_the_address_names_is_chosen(client):
    product = make_product()
    make_variant(product=product, price_minor=1000, option_values=["S"])
    large = make_variant(product=product, price_minor=1500, option_values=["L"])

    response = client.get(product.get_absolute_url(), {"variant": large.pk})

    assert response.context["chosen"] == large


def test_a_variant_that_is_not_on_sale_is_not_offered(client):
    product = on_sale()
    hidden = make_variant(product=product, option_values=["X"], is_active=False)

    html = client.get(product.get_absolute_url()).content.decode()

    assert f'name="variant" value="{hidden.pk}"' not in html


def test_the_videos_that_show_a_product_are_on_its_page(client):
    product = on_sale()
    make_tag(video=make_video(seller=product.seller, title="Steam"), product=product)

    assert "Steam" in client.get(product.get_absolute_url()).content.decode()


def fill_shop(*, products):
    seller, category = make_seller(), make_category()
    for _ in range(products):
        product = on_sale(seller=seller, category=category)
        make_picture(product=product)
        make_review(product=product)
        make_tag(video=make_video(seller=seller), product=product)
    return seller, category, product


@pytest.mark.parametrize("kind", ["shop", "videos", "product", "category"])
def test_pages_take_as_many_queries_for_one_product_as_for_ten(
    client, kind, django_assert_max_num_queries
):
    few, many = fill_shop(products=2), fill_shop(products=9)
    addresses = {
        "shop": lambda filled: f"{filled[0].get_absolute_url()}?tab=products",
        "videos": lambda filled: filled[0].get_absolute_url(),
        "category": lambda filled: filled[1].get_absolute_url(),
        "product": lambda filled: filled[2].get_absolute_url(),
    }

    with django_assert_max_num_queries(12) as counted:
        client.get(addresses[kind](few))
        first = len(counted)
    with django_assert_max_num_queries(12) as counted:
        client.get(addresses[kind](many))

    assert len(counted) == first


def test_a_description_is_cleaned_again_where_it_is_shown(client):
    product = on_sale(description="<p onclick=alert(1)>Hi</p><script>x</script>")

    html = client.get(product.get_absolute_url()).content.decode()

    assert "<p>Hi</p>" in html
    assert "onclick" not in html


def test_a_category_shows_what_is_in_it_and_below_it(client):
    home = make_category(name="Home")
    kitchen = make_category(name="Kitchen", parent=home)
    cups = make_category(name="Cups", parent=kitchen)
    on_sale(title="Blue cup", category=cups)
    on_sale(title="Pan", category=kitchen)
    on_sale(title="Scarf", category=make_category())

    html = client.get(home.get_absolute_url()).content.decode()

    assert "Blue cup" in html
    assert "Pan" in html
    assert "Scarf" not in html


def titles(response):
    return [product.title for product in response.context["listing"].products]


def test_a_category_is_filtered_by_price_and_stock(client):
    category = make_category()
    on_sale(title="Cheap", price_minor=500, category=category)
    on_sale(title="Fitting", price_minor=1500, category=category)
    on_sale(title="Gone", price_minor=1600, stock=0, category=category)
    on_sale(title="Dear", price_minor=9000, category=category)
    wanted = {"from": "10", "to": "20,00", "in_stock": "1"}

    response = client.get(category.get_absolute_url(), wanted)

    assert titles(response) == ["Fitting"]


def test_a_category_is_sorted_by_price(client):
    category = make_category()
    on_sale(title="Dear", price_minor=9000, category=category)
    on_sale(title="Cheap", price_minor=500, category=category)

    response = client.get(category.get_absolute_url(), {"sort": "cheap"})

    assert titles(response) == ["Cheap", "Dear"]


@pytest.mark.parametrize("nonsense", ["abc", "-1", "NaN", "9" * 30, "١٢"])
def test_nonsense_in_the_filters_is_no_error(client, nonsense):
    category = make_category()
    wanted = {"from": nonsense, "to": nonsense, "page": nonsense, "sort": nonsense}

    assert client.get(category.get_absolute_url(), wanted).status_code == 200


def test_a_long_category_has_pages(client):
    category = make_category()
    for _ in range(25):
        on_sale(category=category)

    first = client.get(category.get_absolute_url())
    second = client.get(
        f"{category.get_absolute_url()}?{first.context['listing'].next_query}"
    )

    assert len(titles(first)) == 24
    assert len(titles(second)) == 1
    assert not set(titles(first)) & set(titles(second))


def test_a_user_follows_a_shop_and_stops(client):
    seller, user = make_seller(), make_user()
    client.force_login(user)

    client.post(reverse("sellers:follow", args=[seller.slug]))
    follows = list(Follow.objects.values_list("user", "seller"))
    client.post(reverse("sellers:follow", args=[seller.slug]))

    assert follows == [(user.pk, seller.pk)]
    assert Follow.objects.exists() is False


def test_nobody_follows_without_an_account(client):
    seller = make_seller()

    response = client.post(reverse("sellers:follow", args=[seller.slug]))

    assert response.status_code == 302
    assert reverse("account_login") in response.url
    assert Follow.objects.exists() is False


def test_a_description_shows_as_it_was_cleaned(client):
    product = on_sale(description="<p>Thrown on the <strong>wheel</strong></p>")

    html = client.get(product.get_absolute_url()).content.decode()

    assert "<p>Thrown on the <strong>wheel</strong></p>" in html


def test_a_product_without_a_variant_on_sale_says_so(client):
    product = make_product()
    make_variant(product=product, is_active=False)

    html = client.get(product.get_absolute_url()).content.decode()

    assert "It cannot be bought at the moment" in html
    assert client.get(product.seller.get_absolute_url()).status_code == 200
