from datetime import timedelta

import pytest
from django.utils import timezone

from checkout import buying_together
from checkout.models import OrderLine
from tests.factories import make_order, make_user, make_variant
from tests.races import at_once, together_after
from videos.models import ProductPair


def buy(*variants, email=None, **fields):
    """Paid for in one order."""
    email = email or f"buyer{OrderLine.objects.count()}@example.com"
    first, *others = variants
    order = make_order(
        variant=first, status=fields.pop("status", "paid"), email=email, **fields
    )
    for variant in others:
        make_line(order, variant)
    return order


def make_line(order, variant):
    OrderLine.objects.create(
        order=order,
        variant=variant,
        title=variant.product.title,
        sku=variant.sku,
        quantity=1,
        unit_price_minor=1000,
        total_minor=1000,
        commission_basis_points=0,
        commission_minor=0,
    )


def pairs():
    buying_together.count_pairs()
    rows = ProductPair.objects.order_by("product_id", "other_id")
    return [(p.product_id, p.other_id, p.buyers, round(p.lift, 2)) for p in rows]


@pytest.fixture
def goods():
    return [make_variant() for _ in range(3)]


@pytest.mark.django_db
def test_what_three_people_had_in_one_order_is_bought_together(goods):
    lamp, bulb, bowl = goods
    for _ in range(3):
        buy(lamp, bulb)
    for _ in range(3):
        buy(bowl)

    assert pairs() == [
        (lamp.product_id, bulb.product_id, 3, 2.0),
        (bulb.product_id, lamp.product_id, 3, 2.0),
    ]


@pytest.mark.django_db
def test_two_people_are_not_evidence_nor_is_one_who_orders_often(goods):
    lamp, bulb, bowl = goods
    ann = make_user()
    for _ in range(5):
        buy(lamp, bulb, email="bea@example.com")
        buy(lamp, bulb, user=ann)
        buy(bowl)

    assert pairs() == []


@pytest.mark.django_db
def test_what_everybody_buys_goes_with_nothing(goods):
    lamp, bulb, bowl = goods
    for _ in range(4):
        buy(bowl, lamp)
        buy(bowl)
        buy(bowl, bulb)

    assert pairs() == []


@pytest.mark.django_db
def test_what_went_back_or_was_never_paid_is_not_counted(goods):
    lamp, bulb, bowl = goods
    for _ in range(3):
        buy(lamp, bulb)
        buy(bowl)
    assert len(pairs()) == 2

    OrderLine.objects.filter(variant=bulb).update(refunded_quantity=1)
    for _ in range(3):
        buy(lamp, bulb, status="canceled")
        buy(lamp, bulb, status="pending")

    assert pairs() == []


@pytest.mark.django_db
def test_old_orders_and_whole_stocks_say_nothing(goods, settings, monkeypatch):
    lamp, bulb, bowl = goods
    monkeypatch.setattr(buying_together, "LARGEST_ORDER", 2)
    for _ in range(3):
        buy(lamp, bulb, bowl)
        buy(make_variant())
    assert pairs() == []

    long_ago = timezone.now() - timedelta(days=400)
    for _ in range(3):
        buy(lamp, bulb, paid_at=long_ago)

    assert pairs() == []


@pytest.mark.django_db
def test_of_a_product_only_the_closest_are_kept(goods, monkeypatch):
    lamp, bulb, bowl = goods
    monkeypatch.setattr(buying_together, "KEPT", 1)
    for _ in range(3):
        buy(lamp, bulb)
        buy(lamp, bowl)
        buy(make_variant())
    buy(bowl)

    buying_together.count_pairs()

    kept = ProductPair.objects.filter(product=lamp.product)
    assert [pair.other_id for pair in kept] == [bulb.product_id]


def counted_twice():
    lamp, bulb = make_variant(), make_variant()
    for _ in range(3):
        buy(lamp, bulb)
        buy(make_variant())
    return at_once(buying_together.count_pairs, buying_together.count_pairs)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_counted_twice_at_once_it_is_there_once():
    assert counted_twice() == [None, None]
    assert ProductPair.objects.count() == 2


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_the_second_count_fails(monkeypatch):
    monkeypatch.setattr(type(ProductPair.objects.all()), "lock", lambda self: None)
    together_after(monkeypatch, type(ProductPair.objects.all()), "delete", 2)

    results = counted_twice()

    assert any(isinstance(result, Exception) for result in results)
