"""The right to withdraw: two steps, no reason, no refusal, a confirmation."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from checkout import fulfillment, return_requests, returns, withdrawals
from checkout.models import Order, OrderConflict, OrderGroup, Refund, ReturnRequest
from checkout.return_requests import ReturnRefused
from marketplace.accounts.models import OutgoingMail
from sellers.models import StockLevel
from tests.factories import make_order, make_user
from tests.test_returns_pages import make_bought

pytestmark = pytest.mark.django_db
Status = ReturnRequest.Status


@pytest.fixture
def owner():
    return make_user()


@pytest.fixture
def delivered(owner):
    return make_bought(owner, status=Order.Status.DELIVERED)


def page(order):
    return reverse("checkout:withdraw", args=[order.group.token, order.pk])


def form(order, quantity=2, **fields):
    data = {"name": "Bea Buyer", "email": "bea@example.org"}
    return {f"line-{order.lines.get().pk}": quantity, **data, **fields}


def withdraw(order, quantity=2):
    withdrawals.withdraw(order, {order.lines.get().pk: quantity}, "bea@example.org")


def test_it_takes_two_steps_and_is_confirmed_with_day_and_hour(client, delivered):
    shop = client.get(delivered.group.get_absolute_url()).content.decode()
    assert page(delivered) in shop
    assert "Withdraw from this purchase" in client.get(page(delivered)).content.decode()

    second = client.post(page(delivered), form(delivered)).content.decode()
    assert "Confirm withdrawal" in second
    assert not ReturnRequest.objects.exists()
    client.post(page(delivered), form(delivered, confirm="1"))

    asked = ReturnRequest.objects.get()
    assert (asked.is_withdrawal, asked.status) == (True, Status.ACCEPTED)
    mail = OutgoingMail.objects.get(recipient="bea@example.org")
    assert f"2 × {delivered.lines.get().title}" in mail.text
    assert str(timezone.localtime().year) in mail.text
    said = mail.text.split("We confirm that on ")[1].split(" you withdrew")[0]
    assert re.fullmatch(r"\d+ \w+ \d{4}, \d\d:\d\d UTC", said)
    assert delivered.seller.business_address in mail.text
    assert "withdraws" in OutgoingMail.objects.latest("pk").subject


def test_confirmed_twice_it_is_declared_once(client, delivered):
    for _ in range(2):
        client.post(page(delivered), form(delivered, confirm="1"))

    assert ReturnRequest.objects.count() == 1
    assert OutgoingMail.objects.filter(recipient="bea@example.org").count() == 1


@pytest.mark.parametrize("fields", [{"email": "nonsense"}, {"name": ""}])
def test_without_a_name_or_an_address_it_is_not_declared(client, delivered, fields):
    client.post(page(delivered), form(delivered, confirm="1", **fields))

    assert not ReturnRequest.objects.exists()


def test_no_shop_can_refuse_it(client, owner, delivered):
    withdraw(delivered)
    asked = ReturnRequest.objects.get()
    client.force_login(owner)
    shown = client.get(delivered.get_absolute_url()).content.decode()

    client.post(
        reverse("checkout:answer_return", args=[asked.pk]),
        {"decision": "refuse", "answer": "No"},
    )
    with pytest.raises(OrderConflict):
        return_requests.refuse(asked, "No")

    asked.refresh_from_db()
    assert asked.status == Status.ACCEPTED
    assert 'value="refuse"' not in shown


@pytest.mark.parametrize(("paid_back", "left"), [(1, 1), (2, 0)])
def test_it_ends_although_units_were_paid_back_in_another_way(
    owner, delivered, paid_back, left
):
    withdraw(delivered)
    line = delivered.lines.get()
    returns.refund_lines(delivered, {line.pk: paid_back}, reason="desk", by=None)

    return_requests.refund(ReturnRequest.objects.get(), owner, is_restocked=False)

    assert ReturnRequest.objects.get().status == Status.REFUNDED
    line.refresh_from_db()
    assert line.left == 0
    assert Refund.objects.count() == 1 + left


def test_what_was_not_sent_is_canceled_and_paid_back_at_once(owner):
    order = make_bought(owner)

    withdraw(order)

    order.refresh_from_db()
    assert order.status == Order.Status.CANCELED
    assert Refund.objects.get().amount_minor == order.total_minor
    assert ReturnRequest.objects.get().status == Status.REFUNDED
    assert StockLevel.objects.get().on_hand == 12


def test_a_part_of_what_was_not_sent_is_paid_back_and_on_sale_again(owner):
    order = make_bought(owner)

    withdraw(order, 1)

    order.refresh_from_db()
    assert (order.status, order.refunded_minor) == ("paid", order.total_minor // 2)
    assert StockLevel.objects.get().on_hand == 11


def test_of_a_partly_sent_order_the_rest_is_paid_back_and_the_parcel_returned(owner):
    order = make_bought(owner)
    line = order.lines.get()
    fulfillment.ship(order, {line.pk: 1}, "key", carrier="DHL")

    withdraw(Order.objects.get(pk=order.pk))

    declared = ReturnRequest.objects.order_by("status")
    assert [asked.status for asked in declared] == [Status.ACCEPTED, Status.REFUNDED]
    assert Refund.objects.get().amount_minor == order.total_minor // 2
    assert OutgoingMail.objects.filter(recipient="bea@example.org").count() == 1


@pytest.mark.parametrize(
    ("delivered_at", "last_day"),
    [
        # A Monday, and fourteen days later another.
        (datetime(2026, 6, 1, 12, tzinfo=UTC), "2026-06-15"),
        # That would end on a Saturday: it ends on the Monday.
        (datetime(2026, 6, 6, 12, tzinfo=UTC), "2026-06-22"),
    ],
)
def test_it_ends_fourteen_days_after_the_delivery(delivered_at, last_day):
    order = Order(delivered_at=delivered_at)

    assert timezone.localtime(withdrawals.ends_at(order)).date().isoformat() == last_day


def test_when_the_time_is_over_it_says_so(client, delivered):
    Order.objects.update(delivered_at=timezone.now() - timedelta(days=18))

    assert "not possible any more" in client.get(page(delivered)).content.decode()
    client.post(page(delivered), form(delivered, confirm="1"))
    delivered.refresh_from_db()
    with pytest.raises(ReturnRefused):
        withdraw(delivered)

    assert not ReturnRequest.objects.exists()


@pytest.mark.parametrize(("country", "is_open"), [("FR", True), ("US", False)])
def test_it_is_for_consumers_in_the_single_market(client, delivered, country, is_open):
    OrderGroup.objects.update(country=country)

    shown = client.get(delivered.group.get_absolute_url()).content.decode()

    assert (page(delivered) in shown) is is_open


def test_with_another_orders_link_nothing_is_found(client, delivered):
    other = make_order(status=Order.Status.PAID)
    url = reverse("checkout:withdraw", args=[other.group.token, delivered.pk])

    assert client.get(url).status_code == 404
    assert client.post(url, form(delivered, confirm="1")).status_code == 404
    assert not ReturnRequest.objects.exists()
