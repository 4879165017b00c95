"""What the seller sees of a product's stock, and says to it."""

import pytest
from django.urls import reverse

from sellers import stock
from sellers.models import StockLevel, StockMovement
from tests.factories import (
    make_order,
    make_product,
    make_seller,
    make_user,
    make_variant,
)
from tests.test_products import create, edit
from tests.test_stock import level_of, reserve

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    return make_user(name="Olga Owner")


@pytest.fixture
def variant(owner):
    product = make_product(seller=make_seller(owner=owner))
    return make_variant(product=product, stock=5)


@pytest.fixture
def seller(client, owner):
    client.force_login(owner)
    return client


def url_of(of, **query):
    path = reverse("sellers:product_stock", args=[of.product_id])
    pairs = [f"{name}={value}" for name, value in query.items()]
    return "?".join([path, "&".join(pairs)])


def change(client, variant, quantity, **fields):
    data = {"quantity": quantity, "reason": "received", "request_key": "k", **fields}
    return client.post(url_of(variant, variant=variant.pk), data)


def test_what_came_in_is_entered_with_who_and_why(seller, variant, owner):
    answer = change(seller, variant, 7, note="Parcel of Monday")

    movement = variant.movements.get(reason="received")
    assert answer.url == url_of(variant, variant=variant.pk)
    assert (movement.quantity, movement.note) == (7, "Parcel of Monday")
    assert movement.reference == f"user:{owner.pk}"
    assert level_of(variant) == (12, 0)


def test_the_same_form_twice_counts_once(seller, variant):
    change(seller, variant, 7)
    change(seller, variant, 7)

    assert level_of(variant) == (12, 0)


@pytest.mark.parametrize(
    ("quantity", "fields", "words"),
    [
        ("0", {}, "Nothing would change."),
        ("", {}, "This field is required."),
        ("2.5", {}, "Enter a whole number."),
        ("1000001", {}, "less than or equal to 1000000"),
        ("-1", {}, "Fewer can only be a correction."),
        ("-6", {"reason": "count"}, "0 are set aside"),
        ("1", {"reason": "sale"}, "Select a valid choice."),
        ("1", {"note": "n" * 201}, "at most 200 characters"),
    ],
)
def test_bad_input_changes_nothing_and_says_so_at_its_field(
    seller, variant, quantity, fields, words
):
    answer = change(seller, variant, quantity, **fields)

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert level_of(variant) == (5, 0)


@pytest.mark.parametrize("key", ["999999999", "x", "1" * 30])
def test_a_variant_that_is_not_the_products_is_a_404(seller, variant, key):
    stranger = make_variant()

    for wanted in (key, stranger.pk):
        url = url_of(variant, variant=wanted)
        assert seller.get(url).status_code == 404
        assert seller.post(url, {"quantity": 5}).status_code == 404
    assert level_of(stranger) == (10, 0)


def test_a_strangers_product_is_a_404(seller, variant):
    stranger = make_variant()

    assert seller.get(url_of(stranger)).status_code == 404
    assert change(seller, stranger, 5).status_code == 404
    assert level_of(stranger) == (10, 0)


def test_the_history_tells_who_which_order_and_what_was_left(seller, variant, owner):
    order = make_order(variant=variant, quantity=2, status="paid")
    reserve({variant.pk: 2}, order.group.reservation_reference)
    stock.take(order.group.reservation_reference)
    change(seller, variant, -1, reason="count", note="Broken")

    answer = seller.get(url_of(variant))

    entries = answer.context["history"].entries
    assert [(e.movement.quantity, e.on_hand) for e in entries] == [
        (-1, 2), (-2, 3), (5, 5),
    ]  # fmt: skip
    assert [entry.by for entry in entries] == ["Olga Owner", "", ""]
    assert [entry.order for entry in entries] == [None, order, None]
    page = answer.content.decode()
    assert order.number in page
    assert "Broken" in page


def test_the_history_goes_on_where_the_page_ended(seller, variant):
    for _ in range(40):
        stock.adjust(variant, 1, "received")

    first = seller.get(url_of(variant)).context["history"]
    second = seller.get(url_of(variant, before=first.next)).context["history"]

    assert len(first.entries) == 30
    assert second.next is None
    assert [e.on_hand for e in [*first.entries, *second.entries]] == [*range(45, 4, -1)]


@pytest.mark.parametrize("number", [2, 25])
def test_no_query_grows_with_variants_or_movements(
    seller, variant, owner, number, django_assert_max_num_queries
):
    for place in range(number):
        other = make_variant(product=variant.product, option_values=[str(place)])
        stock.count(other, 3)
        order = make_order(variant=variant, status="paid")
        reference = order.group.reservation_reference
        StockMovement.objects.create(
            variant=variant, quantity=1, reason="return", reference=reference
        )
    seller.get(url_of(variant))

    with django_assert_max_num_queries(12):
        seller.get(url_of(variant))


TERMS = {"policy": "pre_order", "ships_on": "2099-12-24", "backorder_limit": "40"}


def test_the_form_of_a_product_sets_what_happens_when_there_are_none(seller, owner):
    create(seller, rows=[{**TERMS, "limit_per_buyer": "2"}], limit_per_buyer="3")

    level = StockLevel.objects.select_related("variant__product").get()
    assert (level.policy, str(level.ships_on)) == ("pre_order", "2099-12-24")
    assert level.backorder_limit == 40
    assert level.variant.limit_per_buyer == 2
    assert level.variant.product.limit_per_buyer == 3


@pytest.fixture(autouse=True)
def shop_of_owner(owner, request):
    """Also where no variant is asked for."""
    if "variant" not in request.fixturenames:
        make_seller(owner=owner)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"policy": "pre_order"}, "A pre-order needs a day."),
        ({"policy": "whenever"}, "Select a valid choice."),
        ({**TERMS, "ships_on": "24.13.2099"}, "Enter a valid date."),
        ({**TERMS, "backorder_limit": "0"}, "greater than or equal to 1"),
        ({"limit_per_buyer": "0"}, "greater than or equal to 1"),
    ],
)
def test_terms_that_make_no_sense_are_refused(seller, row, words):
    answer = create(seller, rows=[row])

    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_a_form_without_the_terms_leaves_them(seller, variant):
    StockLevel.objects.update(policy="back_order", backorder_limit=4)

    edit(seller, variant.product, rows=[{"pk": variant.pk, "values": []}])

    level = StockLevel.objects.get()
    assert (level.policy, level.backorder_limit) == ("back_order", 4)
