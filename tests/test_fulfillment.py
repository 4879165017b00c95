from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from django.db import transaction
from django.utils import timezone

from checkout import fulfillment
from checkout.models import Fulfillment, Order
from checkout.tracking import TrackingUpdate
from marketplace.accounts.models import Notification
from tests.factories import (
    make_order,
    make_product,
    make_seller,
    make_user,
    make_variant,
)
from tests.races import at_once

PARCEL = {"carrier": "DHL", "tracking_number": "JD01", "tracking_url": ""}


def make_paid_order(*, quantity=3, owner=None, **fields):
    product = make_product(seller=make_seller(owner=owner or make_user()))
    return make_order(
        variant=make_variant(product=product),
        quantity=quantity,
        status=Order.Status.PAID,
        **fields,
    )


def ship(order, quantity, request_key="first"):
    line = order.lines.get()
    return fulfillment.ship(order, {line.pk: quantity}, request_key, **PARCEL)


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [("2026-11-23", 2, "2026-11-25"), ("2026-11-27", 1, "2026-11-30")],
)
def test_weekends_do_not_count_towards_the_dispatch_deadline(start, days, end):
    deadline = fulfillment.working_days_after(datetime.fromisoformat(start), days)

    assert deadline == datetime.fromisoformat(end)


@pytest.mark.django_db
def test_a_paid_order_gets_a_deadline_and_its_seller_one_message():
    owner = make_user()
    order = make_paid_order(owner=owner)

    fulfillment.begin(order)
    first_deadline = Order.objects.get(pk=order.pk).dispatch_by
    fulfillment.begin(order)

    assert first_deadline > timezone.now()
    assert Order.objects.get(pk=order.pk).dispatch_by == first_deadline
    assert Notification.objects.filter(user=owner).count() == 1


@pytest.mark.django_db
def test_a_part_shipment_leaves_the_rest_to_ship():
    order = make_paid_order(quantity=3)

    ship(order, 1)

    order.refresh_from_db()
    assert order.status == Order.Status.PARTLY_SHIPPED
    assert fulfillment.lines_to_ship(order).get().to_ship == 2


@pytest.mark.django_db
def test_the_last_parcel_makes_the_order_shipped():
    order = make_paid_order(quantity=3)

    ship(order, 1)
    ship(order, 2, "second")

    order.refresh_from_db()
    assert order.status == Order.Status.SHIPPED
    assert order.shipped_at


@pytest.mark.django_db
def test_a_double_click_makes_one_parcel():
    order = make_paid_order(quantity=3)

    assert ship(order, 1) == ship(order, 1)
    assert order.fulfillments.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("quantity", [4, -1, 0])
def test_a_parcel_holds_no_more_than_was_bought(quantity):
    order = make_paid_order(quantity=3)

    with pytest.raises(fulfillment.ShipmentRefused):
        ship(order, quantity)

    assert not Fulfillment.objects.exists()
    order.refresh_from_db()
    assert order.status == Order.Status.PAID


@pytest.mark.django_db
def test_refunded_units_are_not_shipped():
    order = make_paid_order(quantity=3)
    order.lines.update(refunded_quantity=2)

    with pytest.raises(fulfillment.ShipmentRefused, match="1 can still be sent"):
        ship(order, 2)
    ship(order, 1)

    order.refresh_from_db()
    assert order.status == Order.Status.SHIPPED


@pytest.mark.django_db
def test_lines_of_another_order_are_refused():
    order, other = make_paid_order(), make_paid_order()

    with pytest.raises(fulfillment.ShipmentRefused, match="not part of this order"):
        fulfillment.ship(order, {other.lines.get().pk: 1}, "key", **PARCEL)


@pytest.mark.django_db
def test_an_unpaid_order_cannot_be_shipped():
    order = make_order()

    with pytest.raises(fulfillment.ShipmentRefused, match="Awaiting payment"):
        ship(order, 1)


@pytest.mark.django_db
def test_the_order_is_delivered_when_its_last_parcel_is():
    order = make_paid_order(quantity=2)
    first, second = ship(order, 1), ship(order, 1, "second")

    fulfillment.mark_delivered(first)
    order.refresh_from_db()
    assert order.status == Order.Status.SHIPPED

    assert fulfillment.mark_delivered(second) is True
    assert fulfillment.mark_delivered(second) is False
    order.refresh_from_db()
    assert order.status == Order.Status.DELIVERED


@pytest.mark.django_db
def test_a_first_parcel_delivered_before_the_second_is_sent_keeps_the_order_open():
    order = make_paid_order(quantity=2)

    fulfillment.mark_delivered(ship(order, 1))

    order.refresh_from_db()
    assert order.status == Order.Status.PARTLY_SHIPPED


@pytest.mark.django_db
def test_a_carriers_event_counts_once_and_delivers():
    order = make_paid_order(quantity=1)
    parcel = ship(order, 1)
    happened_at = datetime(2026, 11, 20, 10, tzinfo=UTC)

    for _ in range(2):
        fulfillment.record_tracking(
            parcel,
            TrackingUpdate("e1", "JD01", "delivered", "At the door", happened_at),
        )

    assert parcel.tracking_events.count() == 1
    order.refresh_from_db()
    assert order.status == Order.Status.DELIVERED
    assert order.delivered_at == happened_at


@pytest.mark.django_db
def test_a_parcel_that_nobody_speaks_of_is_taken_as_delivered_in_time(settings):
    order = make_paid_order(quantity=1)
    ship(order, 1)
    assert fulfillment.assume_delivered() == 0

    long_ago = timezone.now() - timedelta(days=settings.DELIVERY_ASSUMED_DAYS + 1)
    Fulfillment.objects.update(shipped_at=long_ago)

    assert fulfillment.assume_delivered() == 1
    order.refresh_from_db()
    assert order.status == Order.Status.DELIVERED


def units_sent():
    lines = Fulfillment.objects.values_list("lines__quantity", flat=True)
    return sum(lines)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_people_cannot_send_the_same_unit():
    order = make_paid_order(quantity=3)

    outcomes = at_once(
        lambda: ship(order, 2, "one"),
        lambda: ship(order, 2, "two"),
    )

    assert sorted(type(outcome).__name__ for outcome in outcomes) == [
        "Fulfillment",
        "ShipmentRefused",
    ]
    assert units_sent() == 2


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_control_without_the_lock_the_same_unit_is_sent_twice():
    order = make_paid_order(quantity=3)
    both_have_looked = Barrier(2)

    def ship_unlocked(key):
        with transaction.atomic():
            line = fulfillment.lines_to_ship(order).get()
            both_have_looked.wait(5)
            assert line.to_ship >= 2
            parcel = order.fulfillments.create(request_key=key, **PARCEL)
            parcel.lines.create(order_line=line, quantity=2)

    at_once(lambda: ship_unlocked("one"), lambda: ship_unlocked("two"))

    assert units_sent() == 4
