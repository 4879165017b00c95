import pytest

from tests.factories import make_category, make_product, make_seller, make_variant
from videos.feed.product_texts import price_levels, read_products, sample_documents


@pytest.mark.django_db
def test_a_product_is_told_by_its_words_categories_shop_and_price():
    home = make_category(name="Home")
    product = make_product(
        title="Lamp",
        description="<p>Warm <b>light</b></p>",
        category=make_category(name="Lamps", parent=home),
        seller=make_seller(name="Lumen"),
    )
    make_variant(product=product, price_minor=4900)
    make_variant(
        product=product, price_minor=100, is_active=False, option_values=["Small"]
    )
    make_product(status="draft")

    [(key, document)] = read_products()

    assert key == product.pk
    assert sample_documents() == [document]
    assert document[:5] == [
        ("Lamp", 3), ("Warm light", 1), ("Home", 4), ("Lamps", 4), ("Lumen", 0.5),
    ]  # fmt: skip
    assert [word for word, _ in document[5:]] == price_levels(4900, "EUR")


@pytest.mark.django_db
def test_of_a_large_catalogue_a_sample_is_read_from_all_over():
    made = [make_product(title=f"Lamp {n}") for n in range(9)]

    sample = sample_documents(most=4)

    assert len(sample) == 3
    titles = [document[0][0] for document in sample]
    assert titles == [p.title for p in made if p.pk % 3 == 0]


@pytest.mark.parametrize(("price", "shared"), [(5000, 2), (6000, 1), (50000, 0)])
def test_near_prices_have_a_word_in_common_and_far_ones_none(price, shared):
    assert len({*price_levels(4900, "EUR")} & {*price_levels(price, "EUR")}) == shared


def test_prices_in_other_money_have_nothing_in_common():
    assert not {*price_levels(4900, "EUR")} & {*price_levels(4900, "SEK")}
    assert price_levels(None, "EUR") == []
