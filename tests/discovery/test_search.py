import json

import pytest
from django.db import connection
from django.urls import reverse

from marketplace.discovery import searching
from sellers.models import Product, Seller
from tests.factories import (
    make_category,
    make_product,
    make_seller,
    make_user,
    make_variant,
    make_video,
)

SEARCH = "/search/"


def titles(response, kind="products"):
    return [str(found) for found in getattr(response.context["results"], kind)]


@pytest.mark.django_db
def test_all_three_kinds_are_found_by_one_word(client):
    make_product(title="Ceramic bowl")
    make_video(title="Throwing a bowl")
    make_seller(name="Bowl & Co")
    make_product(title="Wool scarf")

    response = client.get(SEARCH, {"q": "bowls"})

    assert response.status_code == 200
    assert titles(response) == ["Ceramic bowl"]
    assert titles(response, "videos") == ["Throwing a bowl"]
    assert titles(response, "shops") == ["Bowl & Co"]


@pytest.mark.django_db
def test_a_word_in_the_title_weighs_more_than_one_in_the_text(client):
    make_product(title="Cloth", description="goes with every lamp")
    make_product(title="Lamp")

    response = client.get(SEARCH, {"q": "lamp"})

    assert titles(response) == ["Lamp", "Cloth"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("cer", ["Ceramic bowl"]),
        ("ceramic bo", ["Ceramic bowl"]),
        ("ceramic sc", []),
        ("bowl -ceramic", []),
        ('"ceramic bowl"', ["Ceramic bowl"]),
        ('"bowl ceramic"', []),
        ("scarf or bowl", ["Wool scarf", "Ceramic bowl"]),
    ],
)
def test_words_are_read_as_the_web_reads_them(text, found):
    make_product(title="Ceramic bowl")
    make_product(title="Wool scarf")

    assert sorted(p.title for p in searching.products(text)) == sorted(found)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text", ["'", "a & | !", ":*", "\\", "the", "\x00", "%_", "((", "x" * 500, "'; --"]
)
def test_nothing_that_one_types_breaks_it(client, text):
    assert client.get(SEARCH, {"q": text}).status_code == 200
    assert client.get("/search/suggest/", {"q": text}).status_code == 200


@pytest.mark.django_db
def test_what_the_public_may_not_see_is_not_found(client):
    make_product(title="Bowl draft", status=Product.Status.DRAFT)
    closed = make_seller(name="Bowl shop", status=Seller.Status.SUSPENDED)
    make_product(title="Bowl of a closed shop", seller=closed)
    make_video(title="Bowl video", publication="in_review")

    response = client.get(SEARCH, {"q": "bowl"})

    assert response.context["results"].is_empty is True


@pytest.mark.django_db
def test_a_slip_of_the_finger_is_forgiven(client):
    make_product(title="Ceramic bowl")

    response = client.get(SEARCH, {"q": "cermaic"})

    assert response.context["corrected"] == "ceramic"
    assert titles(response) == ["Ceramic bowl"]


@pytest.mark.django_db
@pytest.mark.parametrize("typed", ["ligthing", "morings"])
def test_words_of_categories_and_videos_are_known_too(client, typed):
    make_variant(
        product=make_product(title="Lamp", category=make_category(name="Lighting"))
    )
    make_video(title="Slow mornings")

    corrected = searching.correction(typed)

    assert corrected in {"lighting", "mornings"}


@pytest.mark.django_db
def test_suggestions_are_corrected_too(client):
    make_variant(product=make_product(title="Ceramic bowl"))

    page = client.get(reverse("discovery:suggest"), {"q": "cermaic"}).content.decode()

    assert "Ceramic bowl" in page


@pytest.mark.django_db
def test_an_empty_answer_offers_what_is_new(client, django_assert_max_num_queries):
    for number in range(9):
        make_variant(product=make_product(title=f"Bowl {number}"))

    with django_assert_max_num_queries(12):
        page = client.get(SEARCH, {"q": "qqqq"}).content.decode()

    assert page.count('class="product-card"') == 8


@pytest.mark.django_db
def test_the_words_stay_in_an_empty_answer(client):
    response = client.get(SEARCH, {"q": "<b>qqqq</b>"})

    assert "Nothing fits “&lt;b&gt;qqqq&lt;/b&gt;”" in response.content.decode()


@pytest.mark.django_db
def test_products_are_narrowed_by_price_and_stock(client):
    cheap = make_variant(product=make_product(title="Bowl A"), price_minor=500)
    make_variant(product=make_product(title="Bowl B"), price_minor=5000)
    make_variant(product=make_product(title="Bowl C"), price_minor=500, stock=0)

    response = client.get(
        SEARCH, {"q": "bowl", "tab": "products", "to": "10", "in_stock": "1"}
    )

    assert titles(response) == [cheap.product.title]
    assert 'name="q" value="bowl"' in response.content.decode()


@pytest.mark.django_db
def test_a_filter_that_leaves_nothing_keeps_the_words(client):
    make_variant(product=make_product(title="Bowl"), price_minor=5000)

    response = client.get(SEARCH, {"q": "bowl", "tab": "products", "to": "1"})

    assert titles(response) == []
    assert "Nothing fits these filters" in response.content.decode()
    assert "?q=bowl&amp;tab=products" in response.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("tab", ["products", "videos"])
def test_results_come_in_pages(client, tab):
    make = make_product if tab == "products" else make_video
    for _ in range(25):
        make(title="Bowl")

    first = client.get(SEARCH, {"q": "bowl", "tab": tab})
    last = client.get(SEARCH, {"q": "bowl", "tab": tab, "page": "2"})

    assert (len(titles(first, tab)), len(titles(last, tab))) == (24, 1)
    assert "q=bowl&amp;tab=" + tab in first.content.decode()
    assert 'rel="next"' not in last.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["0", "-1", "x", "9" * 30, ""])
def test_a_page_number_can_be_nonsense(client, page):
    make_product(title="Bowl")

    response = client.get(SEARCH, {"q": "bowl", "tab": "videos", "page": page})

    assert response.status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("number", [1, 20])
def test_a_search_takes_few_queries_however_much_it_finds(
    client, django_assert_max_num_queries, number
):
    client.force_login(make_user())
    seller = make_seller(name="Bowls")
    for _ in range(number):
        make_variant(product=make_product(title="Bowl", seller=seller))
        make_video(title="Bowl", seller=seller)

    with django_assert_max_num_queries(12):
        client.get(SEARCH, {"q": "bowl"})


@pytest.mark.django_db
def test_suggestions_name_products_shops_and_videos(client):
    make_variant(product=make_product(title="Ceramic bowl"), price_minor=1900)
    make_seller(name="Ceramics")
    make_video(title="Ceramic kiln")

    page = client.get(reverse("discovery:suggest"), {"q": "cera"}).content.decode()

    for text in ["Ceramic bowl", "€19.00", "Ceramics", "Ceramic kiln"]:
        assert text in page


@pytest.mark.django_db
def test_one_letter_is_too_little_for_suggestions(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        client.get(reverse("discovery:suggest"), {"q": "c"})


@pytest.mark.django_db
def test_many_rows_are_searched_by_their_index():
    seller = make_seller()
    Product.objects.bulk_create(
        Product(
            seller=seller,
            title=f"thing{number} of kind{number % 50}",
            slug=f"thing-{number}",
            status=Product.Status.PUBLISHED,
        )
        for number in range(20_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE sellers_product")

    plan = searching.products("thing17 kind17").explain()

    assert "product_search" in plan
    assert "Seq Scan on sellers_product" not in plan
    assert [p.title for p in searching.products("thing17")[:1]] == ["thing17 of kind17"]


def rows_looked_at(plan):
    """Those that a plan kept or threw away, node by node."""
    kept, removed = plan["Actual Rows"], plan.get("Rows Removed by Filter", 0)
    below = sum(rows_looked_at(node) for node in plan.get("Plans", []))
    return (kept + removed) * plan["Actual Loops"] + below


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["heron", "hero"])
def test_a_rare_word_is_not_looked_for_among_all_rows(text, monkeypatch):
    monkeypatch.setattr(searching, "RANKED", 4)
    seller = make_seller()
    products = Product.objects.bulk_create(
        Product(
            seller=seller,
            title="Lamp",
            slug=f"lamp-{number}",
            status=Product.Status.PUBLISHED,
        )
        for number in range(20_000)
    )
    rare = products[:4]
    with connection.cursor() as cursor:
        # As the autovacuum does: until then the index is no quicker than the table.
        cursor.execute("SELECT gin_clean_pending_list('product_search')")
        cursor.execute("ANALYZE sellers_product")
    # Of a word that it has not met PostgreSQL believes hundreds of rows to have it.
    Product.objects.filter(pk__in=[p.pk for p in rare]).update(title="Heron")

    found = searching.products(text)

    assert list(found) == rare[::-1]
    [plan] = json.loads(found.explain(format="json", analyze=True))
    assert rows_looked_at(plan["Plan"]) < 500


@pytest.mark.django_db
def test_of_a_frequent_word_the_newest_are_ranked(monkeypatch):
    monkeypatch.setattr(searching, "RANKED", 2)
    bowls = [make_product(title="Bowl") for number in range(8)]

    assert list(searching.products("bowl")) == [bowls[7], bowls[6]]


@pytest.mark.django_db
def test_a_frequent_word_that_is_rare_of_late_is_found_among_older_rows(monkeypatch):
    monkeypatch.setattr(searching, "RANKED", 3)
    monkeypatch.setattr(searching, "LATEST", 1)
    bowls = [make_product(title="Bowl") for number in range(8)]

    found = list(searching.products("bowl"))

    assert found[0] == bowls[7]
    assert 4 <= len(found) <= 5
    assert set(found) <= set(bowls)


@pytest.mark.django_db
def test_of_a_frequent_word_hidden_rows_take_no_places(monkeypatch):
    monkeypatch.setattr(searching, "RANKED", 2)
    shown = [make_product(title="Bowl") for _ in range(3)]
    closed = make_seller(status=Seller.Status.SUSPENDED)
    for _ in range(5):
        make_product(title="Bowl", seller=closed)

    assert set(searching.products("bowl")) <= set(shown)
    assert len(searching.products("bowl")) >= 2
