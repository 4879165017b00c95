"""Everybody wants the same few things in the same instant."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from statistics import quantiles
from threading import Barrier
from time import perf_counter

import pytest
from django.db import connection

from checkout import ordering, purchase_limits
from checkout.models import CartLine, OrderGroup, OrderLine
from checkout.ordering import CartProblem, LimitPassed, place_order
from sellers import stock
from sellers.models import OutOfStock, StockLevel
from tests.factories import make_cart, make_checkout, make_product, make_variant
from tests.races import at_once

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

REFUSED = (OutOfStock, CartProblem)
CONNECTIONS = 8


def checkouts(number, *variants, **details):
    """As many buyers, each with a cart of these."""
    made = []
    for _ in range(number):
        cart = make_cart(variant=variants[0])
        for variant in variants[1:]:
            CartLine.objects.create(cart=cart, variant=variant)
        made.append(make_checkout(cart=cart, **details))
    return made


def order_all(made):
    calls = [partial(place_order, *one, f"key {n}") for n, one in enumerate(made)]
    return at_once(*calls)


def look_without_lock(barrier):
    def look(variant_pks):
        levels = StockLevel.objects.in_bulk(list(variant_pks))
        barrier.wait(timeout=30)
        return levels

    return look


def order_in_turn(made):
    """All at the door at once, as many inside as a web process has connections.

    Their orders or refusals, and how long each waited.
    """
    began = perf_counter()

    def order(number):
        try:
            return place_order(*made[number], f"key {number}")
        except REFUSED as refusal:
            return refusal
        finally:
            waits.append(perf_counter() - began)
            connection.close()

    waits = []
    with ThreadPoolExecutor(CONNECTIONS) as inside:
        return list(inside.map(order, range(len(made)))), waits


@pytest.mark.fault("F1", "200 buyers, 10 items: 10 sold, 190 refused, 0 errors")
def test_two_hundred_buyers_of_ten_items_get_ten(capsys):
    variant = make_variant(stock=10)
    made = checkouts(200, variant)
    connection.close()

    results, waits = order_in_turn(made)

    with capsys.disabled():
        print(f"\n200 buyers, 10 items: p95 {quantiles(waits, n=100)[94]:.2f} s")
    assert sum(isinstance(result, OrderGroup) for result in results) == 10
    assert sum(isinstance(result, REFUSED) for result in results) == 190
    level = StockLevel.objects.get()
    assert (level.on_hand, level.reserved) == (10, 10)
    assert stock.disagreements() == []


@pytest.mark.fault("F1", "without the lock it oversells")
def test_without_the_lock_the_same_sale_oversells(monkeypatch):
    """The negative control: else the test above would prove nothing."""
    variant = make_variant(stock=1)
    made = checkouts(6, variant)
    monkeypatch.setattr(stock, "lock_levels", look_without_lock(Barrier(6)))

    results = order_all(made)

    assert [r for r in results if isinstance(r, Exception)] == []
    assert OrderGroup.objects.count() == 6
    assert stock.disagreements() != []


def swap(first, second):
    """Two buyers hold one thing each, and go back for what the other one holds."""
    made = [*checkouts(1, first), *checkouts(1, second)]
    order_all(made)
    lines = [cart.lines.get() for cart, _details in made]
    lines[0].variant, lines[1].variant = second, first
    for line in lines:
        line.save()
    return [make_checkout(cart=cart) for cart, _details in made]


@pytest.mark.fault("F1", "two who swap: no deadlock")
@pytest.mark.parametrize("attempt", range(6))
def test_two_who_go_back_for_what_the_other_holds_do_not_deadlock(attempt):
    product = make_product()
    first, second = (
        make_variant(product=product, option_values=[name]) for name in "ab"
    )
    made = swap(first, second)

    results = at_once(
        *[partial(place_order, *one, f"again {n}") for n, one in enumerate(made)]
    )

    assert [r for r in results if isinstance(r, Exception)] == []
    assert OrderGroup.objects.awaiting_payment().count() == 2
    assert stock.disagreements() == []


def test_without_locking_both_at_once_they_do(monkeypatch):
    product = make_product()
    first, second = (
        make_variant(product=product, option_values=[name]) for name in "ab"
    )
    made = swap(first, second)
    both_gave_back = Barrier(2)
    cancel = ordering.cancel_unpaid

    def cancel_and_wait(group, reason):
        cancel(group, reason)
        both_gave_back.wait(timeout=30)

    monkeypatch.setattr(ordering, "concerned", lambda contents, unpaid: set())
    monkeypatch.setattr(ordering, "cancel_unpaid", cancel_and_wait)

    results = at_once(
        *[partial(place_order, *one, f"again {n}") for n, one in enumerate(made)]
    )

    failures = [r for r in results if isinstance(r, Exception)]
    assert ["deadlock detected" in str(failure) for failure in failures] == [True]


def limited_checkouts():
    """One guest with six browsers; the product comes in two colours, one for each."""
    product = make_product(limit_per_buyer=1)
    variants = [make_variant(product=product, option_values=[name]) for name in "ab"]
    return [one for n in range(6) for one in checkouts(1, variants[n % 2])]


def test_a_buyers_limit_holds_in_six_browsers_at_once():
    results = order_all(limited_checkouts())

    assert sum(isinstance(result, LimitPassed) for result in results) == 5
    assert OrderLine.objects.count() == 1


def test_without_the_lock_the_limit_does_not_hold(monkeypatch):
    made = limited_checkouts()
    everybody_has_counted, count = Barrier(6), purchase_limits.units_had

    def count_and_wait(*args):
        had = count(*args)
        everybody_has_counted.wait(timeout=30)
        return had

    monkeypatch.setattr(purchase_limits, "units_had", count_and_wait)
    monkeypatch.setattr(stock, "lock_levels", StockLevel.objects.in_bulk)

    order_all(made)

    assert OrderLine.objects.count() == 6
