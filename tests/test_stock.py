from datetime import timedelta
from functools import partial
from threading import Barrier

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.utils import timezone

from sellers import stock
from sellers.models import (
    OutOfStock,
    StockLevel,
    StockMovement,
    StockReservation,
)
from tests.factories import make_product, make_user, make_variant
from tests.races import at_once

SALE = StockMovement.Reason.SALE
RETURN = StockMovement.Reason.RETURN


def reserve(quantities, reference="group:1"):
    stock.reserve(quantities, reference, timezone.now() + timedelta(minutes=15))


def level_of(variant):
    level = StockLevel.objects.get(pk=variant.pk)
    return level.on_hand, level.reserved


def lapse(reference):
    StockReservation.objects.filter(reference=reference).update(
        expires_at=timezone.now() - timedelta(seconds=1)
    )


def moved(variant):
    return variant.movements.aggregate(sum=Sum("quantity", default=0))["sum"]


@pytest.mark.django_db
def test_reserved_units_cannot_be_bought_by_another():
    variant = make_variant(stock=3)

    reserve({variant.pk: 2})
    with pytest.raises(OutOfStock) as refusal:
        reserve({variant.pk: 2}, "group:2")

    assert refusal.value.short == {variant.pk: 1}
    assert level_of(variant) == (3, 2)


@pytest.mark.django_db
def test_all_or_nothing_is_reserved():
    product = make_product()
    plenty = make_variant(product=product, stock=9, option_values=["a"])
    few = make_variant(product=product, stock=1, option_values=["b"])

    with pytest.raises(OutOfStock) as refusal:
        reserve({plenty.pk: 2, few.pk: 2})

    assert refusal.value.short == {few.pk: 1}
    assert level_of(plenty) == (9, 0)
    assert StockReservation.objects.exists() is False


@pytest.mark.django_db
def test_a_variant_never_counted_is_sold_out():
    variant = make_variant()
    StockLevel.objects.all().delete()

    with pytest.raises(OutOfStock) as refusal:
        reserve({variant.pk: 1})

    assert refusal.value.short == {variant.pk: 0}


@pytest.mark.django_db
def test_reserving_twice_sets_aside_once():
    variant = make_variant(stock=3)

    reserve({variant.pk: 2})
    reserve({variant.pk: 2})

    assert level_of(variant) == (3, 2)


@pytest.mark.django_db
def test_releasing_twice_gives_back_once():
    variant = make_variant(stock=3)
    reserve({variant.pk: 2})
    reserve({variant.pk: 1}, "group:2")

    stock.release("group:1")
    stock.release("group:1")

    assert level_of(variant) == (3, 1)


@pytest.mark.django_db
def test_taking_twice_sells_once_and_the_movements_add_up():
    variant = make_variant(stock=3)
    reserve({variant.pk: 2})

    stock.take("group:1")
    stock.take("group:1")
    stock.release("group:1")

    assert level_of(variant) == (1, 0)
    assert moved(variant) == 1
    assert variant.movements.filter(reason=SALE, reference="group:1").count() == 1


@pytest.mark.django_db
def test_units_given_back_are_sold_to_a_late_payment_while_they_last():
    variant = make_variant(stock=2)
    reserve({variant.pk: 2})
    stock.release("group:1")

    stock.take("group:1")

    assert level_of(variant) == (0, 0)


@pytest.mark.django_db
def test_a_late_payment_gets_nothing_once_the_units_are_gone():
    variant = make_variant(stock=2)
    reserve({variant.pk: 2})
    stock.release("group:1")
    reserve({variant.pk: 1}, "group:2")

    with pytest.raises(OutOfStock):
        stock.take("group:1")

    assert level_of(variant) == (2, 1)


@pytest.mark.django_db
def test_released_units_can_be_reserved_again():
    variant = make_variant(stock=2)
    reserve({variant.pk: 2})
    stock.release("group:1")

    reserve({variant.pk: 2})

    assert level_of(variant) == (2, 2)


@pytest.mark.django_db
def test_returned_units_are_on_sale_again_once():
    variant = make_variant(stock=0)

    stock.restock(variant.pk, 2, RETURN, "refund:1")
    stock.restock(variant.pk, 2, RETURN, "refund:1")

    assert level_of(variant) == (2, 0)
    assert moved(variant) == 2


@pytest.mark.django_db
def test_counting_notes_who_found_how_many_more_or_fewer():
    variant = make_variant(stock=5)
    person = make_user()

    stock.count(variant, 3, by=person)
    stock.count(variant, 3, by=person)

    movement = variant.movements.get(reference=f"user:{person.pk}")
    assert movement.quantity == -2
    assert level_of(variant) == (3, 0)
    assert moved(variant) == 3


@pytest.mark.django_db
def test_a_count_below_what_buyers_are_paying_for_is_refused():
    variant = make_variant(stock=5)
    reserve({variant.pk: 2})

    with pytest.raises(stock.CountTooLow) as refusal:
        stock.count(variant, 1)

    assert refusal.value.reserved == 2
    assert level_of(variant) == (5, 2)


def race_for(variant, *, buyers):
    return at_once(
        *[partial(reserve, {variant.pk: 1}, f"group:{n}") for n in range(buyers)]
    )


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_twenty_four_buyers_of_five_items_get_five():
    variant = make_variant(stock=5)

    results = race_for(variant, buyers=24)

    assert StockReservation.objects.count() == 5
    assert sum(isinstance(result, OutOfStock) for result in results) == 19
    assert level_of(variant) == (5, 5)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_the_same_race_oversells(monkeypatch):
    """All see one before anybody writes: the barrier makes it certain."""
    variant = make_variant(stock=1)
    everybody_has_looked = Barrier(6)

    def look_without_lock(variant_pks):
        levels = StockLevel.objects.in_bulk(list(variant_pks))
        everybody_has_looked.wait(timeout=30)
        return levels

    monkeypatch.setattr(stock, "lock_levels", look_without_lock)

    results = race_for(variant, buyers=6)

    assert [r for r in results if isinstance(r, Exception)] == []
    assert StockReservation.objects.count() == 6


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_buyers_of_the_same_two_things_in_other_orders_do_not_deadlock():
    first, second = make_variant(stock=10), make_variant(stock=10)
    forward = {first.pk: 1, second.pk: 1}
    backward = {second.pk: 1, first.pk: 1}

    results = at_once(
        *[partial(reserve, (forward, backward)[n % 2], f"group:{n}") for n in range(20)]
    )

    assert StockReservation.objects.filter(variant=first).count() == 10
    assert sum(isinstance(result, OutOfStock) for result in results) == 10
    assert level_of(first) == level_of(second) == (10, 10)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_paid_and_released_at_once_the_units_are_sold_or_sold_late_never_twice():
    variant = make_variant(stock=4)
    reserve({variant.pk: 4})

    results = at_once(
        *[partial(stock.take, "group:1")] * 4, *[partial(stock.release, "group:1")] * 4
    )

    assert results == [None] * 8
    assert level_of(variant) == (0, 0)
    assert moved(variant) == 0


@pytest.mark.django_db
def test_a_movement_once_written_stays_as_it_is():
    variant = make_variant(stock=3)

    with pytest.raises(IntegrityError), transaction.atomic():
        variant.movements.update(quantity=4)

    assert moved(variant) == 3


@pytest.mark.django_db(transaction=True)
def test_a_movement_is_not_deleted_while_its_variant_is_there():
    variant = make_variant(stock=3)

    with pytest.raises(IntegrityError):
        variant.movements.all().delete()
    assert moved(variant) == 3

    variant.delete()
    assert StockMovement.objects.exists() is False


@pytest.mark.django_db
def test_what_others_let_lapse_is_there_for_who_wants_it():
    variant = make_variant(stock=2)
    reserve({variant.pk: 2})
    lapse("group:1")

    reserve({variant.pk: 1}, "group:2")

    assert level_of(variant) == (2, 1)
    assert StockReservation.objects.get(reference="group:1").status == "released"


@pytest.mark.django_db
def test_nothing_lapses_while_there_is_enough_for_all():
    variant = make_variant(stock=3)
    reserve({variant.pk: 2})
    lapse("group:1")

    reserve({variant.pk: 1}, "group:2")

    assert level_of(variant) == (3, 3)


@pytest.mark.django_db
def test_what_is_extended_does_not_lapse():
    variant = make_variant(stock=2)
    reserve({variant.pk: 2})
    lapse("group:1")
    stock.extend("group:1", timezone.now() + timedelta(minutes=60))

    assert stock.release_lapsed([variant.pk]) is False
    with pytest.raises(OutOfStock):
        reserve({variant.pk: 1}, "group:2")


@pytest.mark.django_db
def test_a_received_parcel_counts_once_however_often_the_button_is_pressed():
    variant = make_variant(stock=1)

    first = stock.adjust(variant, 5, "received", request_key="k", note="Parcel 7")
    again = stock.adjust(variant, 5, "received", request_key="k", note="Parcel 7")

    assert (first, again) == (True, False)
    assert level_of(variant) == (6, 0)
    assert variant.movements.get(reason="received").note == "Parcel 7"


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_presses_at_once_count_once():
    variant = make_variant(stock=1)

    results = at_once(
        *[partial(stock.adjust, variant, 5, "received", request_key="k")] * 6
    )

    assert sorted(results) == [False] * 5 + [True]
    assert level_of(variant) == (6, 0)


@pytest.mark.django_db
def test_fewer_than_buyers_are_paying_for_cannot_be_left():
    variant = make_variant(stock=3)
    reserve({variant.pk: 2})

    with pytest.raises(stock.CountTooLow):
        stock.adjust(variant, -2, "count")

    assert level_of(variant) == (3, 2)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(4))
def test_lapsing_paying_and_being_wanted_at_once_sells_the_last_one_once(attempt):
    """The owner pays, the clock gives up, two others want it, all in one instant."""
    variant = make_variant(stock=1)
    reserve({variant.pk: 1})
    lapse("group:1")

    at_once(
        partial(stock.take, "group:1"),
        partial(stock.release, "group:1"),
        partial(stock.release_lapsed, [variant.pk]),
        partial(reserve, {variant.pk: 1}, "group:2"),
        partial(reserve, {variant.pk: 1}, "group:3"),
    )

    on_hand, reserved = level_of(variant)
    assert (on_hand, reserved) in {(0, 0), (1, 1)}
    assert stock.disagreements() == []


@pytest.mark.django_db
def test_the_check_finds_a_level_changed_behind_its_back():
    sold, counted = make_variant(stock=5), make_variant(stock=5)
    reserve({sold.pk: 2})
    stock.take("group:1")
    reserve({sold.pk: 1}, "group:2")
    call_command("stock_check")

    StockLevel.objects.filter(pk=counted.pk).update(on_hand=7)

    with pytest.raises(CommandError, match=f"variant {counted.pk}: 7 on hand, 5 by"):
        call_command("stock_check")
