import csv
import io

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from sellers.categories import branches, find_category
from sellers.models import Category
from tests.factories import (
    make_category,
    make_product,
    make_seller,
    make_user,
    make_variant,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def tree():
    """Two “Cups”, in the kitchen and among the toys; the toys come first."""
    home = make_category(name="Home", position=2)
    toys = make_category(name="Toys", position=1)
    kitchen = make_category(name="Kitchen", parent=home)
    return {
        "home": home,
        "kitchen": kitchen,
        "kitchen cups": make_category(name="Cups", parent=kitchen),
        "toy cups": make_category(name="Cups", parent=toys),
    }


def test_the_tree_reads_from_the_top_down(tree, django_assert_num_queries):
    with django_assert_num_queries(1):
        labels = [branch.label for branch in branches()]

    assert labels == [
        "Toys",
        "Toys › Cups",
        "Home",
        "Home › Kitchen",
        "Home › Kitchen › Cups",
    ]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("Home > Kitchen > Cups", "kitchen cups"),
        ("home › kitchen › CUPS", "kitchen cups"),
        ("Kitchen>Cups", "kitchen cups"),
        ("Toys > Cups", "toy cups"),
        ("Cups", "toy cups"),
        ("Garden > Kitchen", "kitchen"),
        ("Home > Kitchen > Spoons", "kitchen"),
        ("Garden", None),
        (" > ", None),
        ("", None),
    ],
)
def test_a_file_names_a_category_by_its_path(tree, path, name):
    assert find_category(path) == tree.get(name)


def test_the_product_form_offers_paths_and_keeps_the_choice(client, tree):
    owner = make_user()
    product = make_product(
        seller=make_seller(owner=owner), category=tree["kitchen cups"]
    )
    client.force_login(owner)

    page = client.get(reverse("sellers:edit_product", args=[product.pk]))

    chosen = f'<option value="{product.category_id}" selected>Home › Kitchen › Cups'
    assert chosen in page.content.decode()


def test_an_exported_path_finds_its_category_again(client, tree):
    owner = make_user()
    product = make_product(
        seller=make_seller(owner=owner), category=tree["kitchen cups"]
    )
    make_variant(product=product)
    client.force_login(owner)

    exported = client.get(reverse("sellers:export_products")).getvalue().decode()

    [row] = csv.DictReader(io.StringIO(exported.lstrip("\ufeff")))
    assert row["Type"] == "Home > Kitchen > Cups"
    assert find_category(row["Type"]) == tree["kitchen cups"]


def test_a_category_cannot_lie_within_itself(tree):
    tree["home"].parent = Category.objects.get(pk=tree["kitchen cups"].pk)

    with pytest.raises(ValidationError, match="within itself"):
        tree["home"].full_clean()
