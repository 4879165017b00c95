"""What is not sent in time is canceled by itself, and nothing that was sent is."""

from datetime import UTC, datetime, timedelta
from functools import partial
from threading import Barrier

import pytest
from django.core import mail
from django.core.management import call_command
from django.db.models import QuerySet
from django.utils import timezone

from checkout import (
    fulfillment,
    late_orders,
    periodic,
    refund_amounts,
    timelines,
)
from checkout.models import Order, OrderGroup, Refund, RefundLine
from marketplace.accounts.models import Notification
from sellers.models import SellerMember, StockMovement
from tests.factories import make_user
from tests.payments.checkouts import make_bought_order
from tests.races import at_once

PARCEL = {"carrier": "DHL", "tracking_number": "JD01", "tracking_url": ""}
LONG = timedelta(days=30)
ORDER_LINES = [3, 1]


def remind(order, ago=LONG):
    """The dispatch deadline passed then, and the seller was told so."""
    at = timezone.now() - ago
    Order.objects.filter(pk=order.pk).update(dispatch_by=at, reminded_at=at)
    order.refresh_from_db()


def ship(order, units, request_key="parcel"):
    """A parcel with that many units of each line, in the lines' order."""
    quantities = dict(zip(order.lines.values_list("pk", flat=True), units, strict=True))
    return fulfillment.ship(order, quantities, request_key, **PARCEL)


def units(order, field="quantity"):
    return list(order.lines.values_list(field, flat=True))


def units_back_in_stock():
    moved = StockMovement.objects.filter(reason=StockMovement.Reason.CANCELLATION)
    return sorted(moved.values_list("quantity", flat=True))


@pytest.fixture
def partly_sent(late):
    """One of the three units of its first line is on its way."""
    ship(late, [1, 0])
    remind(late)
    return late


@pytest.fixture
def owner():
    return make_user(email="owner@example.com")


@pytest.fixture
def late(sandbox, owner):
    """Paid for four units of two products; nothing sent for a month."""
    order = make_bought_order(sandbox)
    SellerMember.objects.create(seller=order.seller, user=owner)
    remind(order)
    return order


@pytest.mark.parametrize(
    ("reminded_on", "days", "end"),
    [(23, 3, datetime(2026, 11, 26, 9, tzinfo=UTC)),
     (26, 3, datetime(2026, 12, 1, 9, tzinfo=UTC)),
     (23, 0, None)],
)  # fmt: skip
def test_weekends_do_not_count_towards_the_grace(settings, reminded_on, days, end):
    settings.DISPATCH_GRACE_DAYS = days
    order = Order(status=Order.Status.PAID)
    order.dispatch_by = datetime(2026, 11, 20, 9, tzinfo=UTC)
    order.reminded_at = datetime(2026, 11, reminded_on, 9, tzinfo=UTC)

    assert late_orders.cancels_at(order) == end


@pytest.mark.django_db
def test_what_nobody_sends_is_canceled_refunded_and_on_sale_again(
    late, owner, sandbox, eager_tasks, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        periodic.watch_parcels()
        periodic.watch_parcels()

    late.refresh_from_db()
    refund = Refund.objects.get()
    assert (late.status, late.cancel_reason) == ("canceled", "Not sent in time")
    assert late.refunded_minor == refund.amount_minor == late.total_minor
    assert refund.status == Refund.Status.SUCCEEDED
    assert units(late, "refunded_quantity") == ORDER_LINES
    assert units_back_in_stock() == [1, 3]
    call_command("ledger_check")
    letters = {letter.to[0]: letter for letter in mail.outbox}
    assert "did not send its part" in find_letter(late.group.email, "in time").body
    assert "please do not send it any more" in letters[owner.email].body
    assert Notification.objects.filter(user=owner).count() == 1


def find_letter(address, words):
    """The one letter to that address whose subject has the words."""
    [found] = [m for m in mail.outbox if m.to == [address] and words in m.subject]
    return found


@pytest.mark.django_db
def test_what_is_in_a_parcel_stays_bought(late):
    ship(late, [2, 0])
    remind(late)

    assert late_orders.cancel_late_orders() == 1
    assert late_orders.cancel_late_orders() == 0

    late.refresh_from_db()
    assert late.status == Order.Status.SHIPPED
    assert units(late, "refunded_quantity") == [1, 1]
    assert units_back_in_stock() == [1, 1]
    assert Refund.objects.get().amount_minor == 999 + 500
    group = OrderGroup.objects.with_history().get()
    [*_, last] = timelines.timeline(group, group.orders.get())
    assert last.text == "€14.99 is being paid back: Not sent in time"


@pytest.mark.django_db
def test_the_buyers_timeline_says_why(late):
    late_orders.cancel_late_orders()

    group = OrderGroup.objects.with_history().get()
    steps = [step.text for step in timelines.timeline(group, group.orders.get())]
    assert steps[2:] == ["Canceled: Not sent in time", "€39.87 is being paid back"]


@pytest.mark.django_db
@pytest.mark.parametrize("reason", ["early", "unwarned", "switched off", "delivered"])
def test_an_order_that_is_not_late_enough_is_left_alone(late, settings, reason):
    if reason == "early":
        remind(late, ago=timedelta(days=2))
    elif reason == "unwarned":
        Order.objects.update(reminded_at=None)
    elif reason == "switched off":
        settings.DISPATCH_GRACE_DAYS = 0
    else:
        fulfillment.mark_delivered(ship(late, ORDER_LINES))

    assert late_orders.cancel_late_orders() == 0

    assert Refund.objects.exists() is False
    assert units_back_in_stock() == []


@pytest.mark.django_db
def test_an_order_that_cannot_be_refunded_does_not_keep_the_others_waiting(
    late, sandbox, caplog
):
    other = make_bought_order(sandbox)
    remind(other)
    late.lines.update(refunded_quantity=1)
    RefundLine.objects.all().delete()
    OrderGroup.objects.filter(pk=late.group_id).update(status="refunded")

    assert late_orders.cancel_late_orders() == 1

    other.refresh_from_db()
    assert other.status == Order.Status.CANCELED
    assert f"Late order {late.pk} is not canceled" in caplog.text


@pytest.mark.django_db
def test_a_late_seller_is_reminded_once_and_told_the_day(late, owner, settings):
    Order.objects.update(reminded_at=None)

    late_orders.remind_sellers()
    late_orders.remind_sellers()

    letter = Notification.objects.get(user=owner)
    late.refresh_from_db()
    assert letter.subject == f"Order {late.number} should have been sent"
    day = late_orders.cancels_at(late)
    assert f"{day:%Y}" in letter.body
    assert "is canceled by itself" in letter.body


@pytest.mark.django_db
def test_without_a_grace_no_day_is_threatened(late, owner, client, settings):
    settings.DISPATCH_GRACE_DAYS = 0
    Order.objects.update(reminded_at=None)
    client.force_login(owner)

    late_orders.remind_sellers()

    assert "by itself" not in Notification.objects.get(user=owner).body
    assert "by itself" not in client.get(late.get_absolute_url()).content.decode()


@pytest.mark.django_db
def test_seller_and_buyer_see_the_day_and_strangers_nothing(late, owner, client):
    assert client.get(late.get_absolute_url()).status_code == 302
    buyer = client.get(late.group.get_absolute_url()).content.decode()
    client.force_login(owner)
    seller = client.get(late.get_absolute_url()).content.decode()
    stranger = make_user()
    client.force_login(stranger)

    assert "your money comes back by itself on" in buyer
    assert "canceled by itself on" in seller
    assert client.get(late.get_absolute_url()).status_code in {302, 404}


def outcome(order):
    """(units sent, units refunded, status) after a race."""
    order.refresh_from_db()
    sent = sum(line.shipped for line in fulfillment.lines_to_ship(order))
    return sent, sum(units(order, "refunded_quantity")), order.status


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(4))
def test_sent_and_canceled_at_once_is_one_or_the_other(late, attempt):
    results = at_once(
        partial(ship, late, ORDER_LINES),
        *[partial(late_orders.cancel_late_order, late)] * 2,
    )

    sent, refunded, status = outcome(late)
    assert (sent, refunded, status) in {(4, 0, "shipped"), (0, 4, "canceled")}
    failures = [type(r) for r in results if isinstance(r, Exception)]
    assert failures == ([] if sent else [fulfillment.ShipmentRefused])
    assert results.count(True) == (0 if sent else 1)
    assert Refund.objects.count() == (0 if sent else 1)
    assert units_back_in_stock() == ([] if sent else [1, 3])


def rush_for_the_rest(order):
    """The seller sends one more while the clock cancels what is left.

    How many units are both sent and paid back.
    """
    at_once(
        partial(ship, order, [1, 0], "second"),
        partial(late_orders.cancel_late_order, order),
    )
    return sum(max(0, -line.to_ship) for line in fulfillment.lines_to_ship(order))


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(4))
def test_no_unit_is_both_sent_and_paid_back(partly_sent, attempt):
    assert rush_for_the_rest(partly_sent) == 0

    partly_sent.refresh_from_db()
    assert partly_sent.status == Order.Status.SHIPPED


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_a_unit_is_both_sent_and_paid_back(partly_sent, monkeypatch):
    both_have_looked = Barrier(2)

    def after_both(check):
        def wait_and_check(*args):
            both_have_looked.wait(10)
            return check(*args)

        return wait_and_check

    monkeypatch.setattr(QuerySet, "select_for_update", lambda found, **options: found)
    monkeypatch.setattr(
        refund_amounts,
        "check_quantities",
        after_both(refund_amounts.check_quantities),
    )
    monkeypatch.setattr(
        fulfillment, "_check_parcel", after_both(fulfillment._check_parcel)
    )

    assert rush_for_the_rest(partly_sent) > 0


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_four_clocks_at_once_cancel_once(late, owner):
    results = at_once(*[late_orders.cancel_late_orders] * 4)

    assert sorted(results) == [0, 0, 0, 1]
    assert Refund.objects.count() == 1
    assert Notification.objects.filter(user=owner).count() == 1
