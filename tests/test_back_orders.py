from datetime import timedelta
from threading import Event

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from sellers import promises, stock
from sellers.models import OutOfStock, StockLevel, StockReservation, Variant, orderable
from sellers.variants import Terms, VariantRow, save_variants
from tests.factories import make_product, make_variant
from tests.races import at_once, wait_until_somebody_waits
from tests.test_stock import lapse, level_of, moved, reserve

LATER = timezone.localdate() + timedelta(days=9)


def make_sold_on(*, stock=0, policy="back_order", **terms):
    variant = make_variant(stock=stock)
    StockLevel.objects.filter(pk=variant.pk).update(policy=policy, **terms)
    return Variant.objects.select_related("stock").get(pk=variant.pk)


def waiting(reference="group:1"):
    return StockReservation.objects.get(reference=reference).backordered


def backordered(variant):
    return StockLevel.objects.get(pk=variant.pk).backordered


@pytest.mark.django_db
def test_what_is_there_is_sold_first_the_rest_is_promised():
    variant = make_sold_on(stock=2)

    later = stock.reserve(
        {variant.pk: 5}, "group:1", timezone.now() + timedelta(minutes=15)
    )

    assert later == {variant.pk: 3}
    assert level_of(variant) == (2, 2)
    assert backordered(variant) == 3
    assert stock.disagreements() == []


@pytest.mark.django_db
def test_no_more_is_promised_than_the_seller_allows():
    variant = make_sold_on(stock=1, backorder_limit=2)
    reserve({variant.pk: 2})

    with pytest.raises(OutOfStock) as refusal:
        reserve({variant.pk: 2}, "group:2")

    assert refusal.value.short == {variant.pk: 1}


@pytest.mark.django_db
def test_a_pre_order_ends_on_its_day():
    ahead = make_sold_on(policy="pre_order", ships_on=LATER)
    out = make_sold_on(policy="pre_order", ships_on=timezone.localdate())

    reserve({ahead.pk: 1})
    with pytest.raises(OutOfStock):
        reserve({out.pk: 1}, "group:2")

    assert backordered(ahead) == 1


@pytest.mark.django_db
def test_the_database_refuses_a_pre_order_without_a_day():
    variant = make_variant()

    with pytest.raises(IntegrityError), transaction.atomic():
        StockLevel.objects.filter(pk=variant.pk).update(policy="pre_order")


@pytest.mark.django_db
def test_units_that_come_in_go_to_those_who_wait_the_first_first():
    variant = make_sold_on()
    reserve({variant.pk: 2})
    stock.take("group:1")
    reserve({variant.pk: 2}, "group:2")

    stock.adjust(variant, 3, "received")

    assert (waiting("group:1"), waiting("group:2")) == (0, 1)
    assert level_of(variant) == (1, 1)
    assert moved(variant) == 1
    assert stock.disagreements() == []


@pytest.mark.django_db
def test_units_given_back_go_to_those_who_wait():
    variant = make_sold_on(stock=1)
    reserve({variant.pk: 1})
    reserve({variant.pk: 1}, "group:2")
    stock.take("group:2")

    stock.release("group:1")

    assert waiting("group:2") == 0
    assert level_of(variant) == (0, 0)
    assert variant.movements.get(reason="sale").reference == "group:2"


@pytest.mark.django_db
def test_units_that_lapse_go_first_to_those_who_wait():
    """Else whoever comes last would be served before them."""
    variant = make_sold_on(stock=1, backorder_limit=1)
    reserve({variant.pk: 1})
    reserve({variant.pk: 1}, "group:2")
    lapse("group:1")

    reserve({variant.pk: 1}, "group:3")

    assert (waiting("group:2"), waiting("group:3")) == (0, 1)


@pytest.mark.django_db
def test_a_promise_stands_when_the_seller_stops_selling_on():
    variant = make_sold_on()
    reserve({variant.pk: 1})
    stock.take("group:1")

    StockLevel.objects.filter(pk=variant.pk).update(policy="refuse")

    with pytest.raises(OutOfStock):
        reserve({variant.pk: 1}, "group:2")
    stock.adjust(variant, 1, "received")
    assert waiting() == 0
    assert level_of(variant) == (0, 0)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("quantity", "on_hand", "owed"), [(1, 0, 1), (2, 0, 0), (3, 1, 0)]
)
def test_a_canceled_order_gives_up_what_it_waits_for_before_what_it_has(
    quantity, on_hand, owed
):
    variant = make_sold_on(stock=1)
    reserve({variant.pk: 3})
    stock.take("group:1")

    stock.put_back(variant.pk, quantity, "group:1", "order_line:1")

    assert level_of(variant) == (on_hand, 0)
    assert backordered(variant) == owed
    assert stock.disagreements() == []


@pytest.mark.django_db
def test_pages_and_queries_agree_on_how_many_can_be_bought():
    made = [
        make_sold_on(stock=3, policy="refuse"),
        make_sold_on(stock=2, backorder_limit=4),
        make_sold_on(policy="pre_order", ships_on=LATER, backorder_limit=7),
        make_sold_on(policy="pre_order", ships_on=timezone.localdate()),
        make_sold_on(),
    ]
    reserve({made[1].pk: 5, made[2].pk: 1})
    never_counted = make_variant()
    StockLevel.objects.filter(pk=never_counted.pk).delete()

    found = Variant.objects.annotate(number=orderable()).select_related("stock")

    by_pk = {variant.pk: variant.number for variant in found}
    assert by_pk == {variant.pk: variant.orderable for variant in found}
    assert [by_pk[v.pk] for v in made] == [3, 1, 6, 0, 1_000_000]
    assert by_pk[never_counted.pk] == 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("terms", "kind", "words"),
    [
        ({"stock": 9, "policy": "refuse"}, "good", "In stock"),
        ({"stock": 3, "policy": "refuse"}, "warn", "Only 3 left"),
        ({"stock": 0, "policy": "refuse"}, "bad", "Sold out"),
        ({"stock": 3}, "warn", "3 in stock, more on back-order"),
        ({"stock": 0}, "lamp", "sent as soon as it is there again"),
        ({"stock": 0, "ships_on": LATER}, "lamp", "Back-order: sent from"),
        ({"policy": "pre_order", "ships_on": LATER}, "lamp", "Pre-order: sent from"),
        ({"policy": "pre_order", "ships_on": timezone.localdate()}, "bad", "Sold out"),
    ],
)  # fmt: skip
def test_the_buyer_is_told_when_it_is_sent(terms, kind, words):
    note = promises.note_on(make_sold_on(**terms))

    assert note.kind == kind
    assert words in note.text


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_seller_who_counts_one_and_sells_on_another_does_not_cross_a_buyer():
    product = make_product()
    first = make_variant(product=product, option_values=["S"])
    second = make_variant(product=product, option_values=["M"])
    rows = [
        VariantRow(("S",), 1000, on_hand=5, pk=first.pk),
        VariantRow(("M",), 1000, terms=Terms("back_order"), pk=second.pk),
    ]
    has_first = Event()

    @transaction.atomic
    def buy():
        stock.lock_levels([first.pk])
        has_first.set()
        wait_until_somebody_waits()
        return stock.lock_levels([second.pk])[second.pk].policy

    def save():
        assert has_first.wait(20)
        save_variants(product, [], rows, None)

    assert at_once(buy, save) == ["refuse", None]
    assert level_of(first) == (5, 0)
    assert StockLevel.objects.get(pk=second.pk).policy == "back_order"
