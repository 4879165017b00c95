"""Whatever happens to a variant, in whatever order, the figures add up."""

from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from sellers import stock
from sellers.models import OutOfStock, StockLevel, StockReservation
from tests.factories import make_product, make_variant

REFERENCES = [f"group:{n}" for n in range(4)]
references = st.sampled_from(REFERENCES)
few = st.integers(0, 4)
policies = st.sampled_from(["refuse", "back_order"])
steps = st.one_of(
    st.tuples(st.just("reserve"), references, st.integers(1, 4), few),
    st.tuples(st.just("take"), references),
    st.tuples(st.just("release"), references),
    st.tuples(st.just("lapse"), references),
    st.tuples(st.just("want"), st.booleans()),
    st.tuples(st.just("adjust"), st.booleans(), st.integers(-4, 6)),
    st.tuples(st.just("count"), st.booleans(), st.integers(0, 8)),
    st.tuples(st.just("put_back"), references, st.booleans(), st.integers(1, 4)),
    st.tuples(st.just("policy"), st.booleans(), policies),
)  # fmt: skip


class Shelf:
    """Two variants of a product, and what can happen to them."""

    def __init__(self):
        product = make_product()
        self.variants = [
            make_variant(product=product, option_values=[name], stock=3)
            for name in ("a", "b")
        ]
        self.canceled = 0

    def of(self, is_second):
        return self.variants[is_second]

    def reserve(self, reference, *units):
        wanted = {v.pk: n for v, n in zip(self.variants, units, strict=True) if n}
        stock.reserve(wanted, reference, timezone.now() + timedelta(minutes=15))

    def lapse(self, reference):
        StockReservation.objects.filter(reference=reference).update(
            expires_at=timezone.now() - timedelta(seconds=1)
        )

    def want(self, is_second):
        stock.release_lapsed([self.of(is_second).pk])

    def adjust(self, is_second, quantity):
        stock.adjust(self.of(is_second), quantity, "received")

    def count(self, is_second, on_hand):
        stock.count(self.of(is_second), on_hand)

    def put_back(self, reference, is_second, quantity):
        """Of what was sold only: an order does not give back more than it had."""
        sold = StockReservation.objects.filter(
            reference=reference, variant=self.of(is_second), status="taken"
        ).first()
        self.canceled += 1
        if sold and quantity <= sold.quantity:
            line = f"order_line:{self.canceled}"
            stock.put_back(self.of(is_second).pk, quantity, reference, line)

    def policy(self, is_second, kind):
        levels = StockLevel.objects.filter(pk=self.of(is_second).pk)
        levels.update(policy=kind, backorder_limit=5)

    take = staticmethod(stock.take)
    release = staticmethod(stock.release)


@pytest.mark.django_db
@settings(max_examples=60)
@given(st.lists(steps, max_size=25))
def test_levels_movements_and_reservations_add_up_after_each_step(happened):
    with transaction.atomic():
        shelf = Shelf()
        for name, *values in happened:
            # A refusal leaves everything as it was.
            with suppress(OutOfStock, stock.CountTooLow):
                getattr(shelf, name)(*values)
            assert stock.disagreements() == []
            for variant in shelf.variants:
                assert_sound(variant)
        transaction.set_rollback(True)


def assert_sound(variant):
    level = StockLevel.objects.get(pk=variant.pk)
    assert level.on_hand == variant.movements.aggregate(sum=Sum("quantity"))["sum"]
    assert 0 <= level.reserved <= level.on_hand
    assert not (level.available and level.backordered)
