from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from checkout import return_requests
from checkout.models import Order, OrderConflict, Payment, Refund, ReturnRequest
from tests.factories import (
    make_order,
    make_product,
    make_seller,
    make_user,
    make_variant,
)


@pytest.fixture
def owner():
    return make_user()


def make_bought(owner, *, quantity=2, status=Order.Status.PAID):
    variant = make_variant(product=make_product(seller=make_seller(owner=owner)))
    order = make_order(variant=variant, quantity=quantity, status=status)
    Payment.objects.create(
        group=order.group,
        payment_intent_id=f"pi_{order.pk}",
        client_secret="secret",
        status=Payment.Status.SUCCEEDED,
        amount_minor=order.group.total_minor,
        currency=order.group.currency,
    )
    if status == Order.Status.DELIVERED:
        Order.objects.filter(pk=order.pk).update(delivered_at=timezone.now())
        order.refresh_from_db()
    return order


@pytest.fixture
def paid(owner):
    return make_bought(owner)


@pytest.fixture
def delivered(owner):
    return make_bought(owner, status=Order.Status.DELIVERED)


def buyer_url(name, order):
    return reverse(f"checkout:{name}", args=[order.group.token, order.pk])


def return_form(order, quantity=1):
    return {f"line-{order.lines.get().pk}": quantity, "reason": "Too small"}


@pytest.mark.django_db
def test_a_buyer_cancels_before_dispatch_and_gets_everything_back(client, paid):
    assert client.get(buyer_url("cancel_order", paid)).status_code == 200

    client.post(buyer_url("cancel_order", paid))
    client.post(buyer_url("cancel_order", paid))

    paid.refresh_from_db()
    assert paid.status == Order.Status.CANCELED
    assert Refund.objects.get().amount_minor == paid.total_minor
    assert paid.lines.get().variant.stock.on_hand == 12


@pytest.mark.django_db
def test_what_was_sent_is_not_canceled(client, delivered):
    client.post(buyer_url("cancel_order", delivered))

    delivered.refresh_from_db()
    assert delivered.status == Order.Status.DELIVERED
    assert not Refund.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["cancel_order", "ask_return"])
def test_with_another_orders_link_nothing_is_found(client, paid, owner, name):
    other = make_order(status=Order.Status.PAID)
    url = reverse(f"checkout:{name}", args=[other.group.token, paid.pk])

    assert client.get(url).status_code == 404
    assert client.post(url).status_code == 404


@pytest.mark.django_db
def test_a_buyer_asks_for_a_return(client, delivered):
    client.post(buyer_url("ask_return", delivered), return_form(delivered))

    asked = ReturnRequest.objects.get()
    assert asked.reason == "Too small"
    assert asked.lines.get().quantity == 1


@pytest.mark.django_db
def test_nobody_returns_more_than_they_have(client, delivered):
    url = buyer_url("ask_return", delivered)
    client.post(url, return_form(delivered, 2))

    response = client.get(url)
    assert "Nothing left to return" in response.content.decode()
    client.post(url, return_form(delivered, 1))

    assert ReturnRequest.objects.count() == 1


@pytest.mark.django_db
def test_after_the_window_nothing_can_be_returned(client, delivered):
    long_ago = timezone.now() - timedelta(days=delivered.seller.return_days + 1)
    Order.objects.update(delivered_at=long_ago)
    url = buyer_url("ask_return", delivered)

    assert "The time to return is over" in client.get(url).content.decode()
    client.post(url, return_form(delivered))

    assert not ReturnRequest.objects.exists()


@pytest.mark.django_db
def test_the_seller_accepts_and_then_pays_back(client, owner, delivered):
    line = delivered.lines.get()
    asked = return_requests.ask(delivered, {line.pk: 1}, "Too small")
    client.force_login(owner)
    url = reverse("checkout:answer_return", args=[asked.pk])
    assert "Too small" in client.get(delivered.get_absolute_url()).content.decode()

    client.post(url, {"decision": "accept", "answer": "Sure"})
    asked.refresh_from_db()
    assert asked.status == ReturnRequest.Status.ACCEPTED
    for _ in range(2):
        client.post(url, {"decision": "refund", "is_restocked": "on"})

    asked.refresh_from_db()
    assert asked.status == ReturnRequest.Status.REFUNDED
    assert Refund.objects.get().amount_minor == line.unit_price_minor
    assert line.variant.stock.on_hand == 11


@pytest.mark.django_db
def test_a_refusal_needs_a_reason(client, owner, delivered):
    line = delivered.lines.get()
    asked = return_requests.ask(delivered, {line.pk: 1}, "Too small")
    client.force_login(owner)
    url = reverse("checkout:answer_return", args=[asked.pk])

    client.post(url, {"decision": "refuse"})
    asked.refresh_from_db()
    assert asked.status == ReturnRequest.Status.REQUESTED

    client.post(url, {"decision": "refuse", "answer": "It was worn"})
    asked.refresh_from_db()
    assert asked.status == ReturnRequest.Status.REFUSED
    with pytest.raises(OrderConflict):
        return_requests.accept(asked, "")


@pytest.mark.django_db
def test_a_stranger_decides_nothing(client, paid, delivered):
    asked = return_requests.ask(delivered, {delivered.lines.get().pk: 1}, "?")
    stranger = make_user()
    make_seller(owner=stranger)
    client.force_login(stranger)

    answer = client.post(reverse("checkout:answer_return", args=[asked.pk]))
    assert answer.status_code == 404
    for name in ("cancel_seller_order", "refund_order"):
        url = reverse(f"checkout:{name}", args=[paid.pk])
        assert client.get(url).status_code == 404
        assert client.post(url, {"reason": "x"}).status_code == 404
    assert not Refund.objects.exists()


@pytest.mark.django_db
def test_the_seller_pays_one_unit_back(client, owner, paid):
    client.force_login(owner)
    url = reverse("checkout:refund_order", args=[paid.pk])
    assert client.get(url).status_code == 200

    client.post(url, {f"line-{paid.lines.get().pk}": 1, "reason": "Scratched"})

    paid.refresh_from_db()
    assert paid.refunded_minor == paid.lines.get().unit_price_minor
    assert paid.status == Order.Status.PAID


@pytest.mark.django_db
def test_paying_everything_back_before_dispatch_cancels(client, owner, paid):
    client.force_login(owner)

    client.post(
        reverse("checkout:refund_order", args=[paid.pk]),
        {f"line-{paid.lines.get().pk}": 2, "reason": "Broken"},
    )

    paid.refresh_from_db()
    assert paid.status == Order.Status.CANCELED


@pytest.mark.django_db
def test_the_seller_cancels_with_a_reason(client, owner, paid):
    client.force_login(owner)
    url = reverse("checkout:cancel_seller_order", args=[paid.pk])

    assert "required" in client.post(url, {}).content.decode()
    client.post(url, {"reason": "Broken in the store"})

    paid.refresh_from_db()
    assert paid.status == Order.Status.CANCELED
    assert paid.cancel_reason == "Broken in the store"
