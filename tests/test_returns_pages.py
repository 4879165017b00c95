from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from checkout import return_requests, returns
from checkout.models import Order, OrderConflict, Payment, Refund, ReturnRequest
from marketplace.money import format_minor
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
    name = f"line-{order.lines.get().pk}"
    return {name: quantity, "reason": "Too small", "cause": "does_not_fit"}


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
def test_a_form_that_is_sent_twice_pays_goodwill_back_once(client, owner, delivered):
    client.force_login(owner)
    url = reverse("checkout:refund_order", args=[delivered.pk])
    seen = f"seen-{delivered.pk}"
    assert f'name="{seen}" value="0"' in client.get(url).content.decode()
    data = {f"goodwill-{delivered.pk}": "5.00", "reason": "Scratched", seen: "0"}

    client.post(url, data)
    again = client.post(url, data).content.decode()

    assert Refund.objects.count() == 1
    assert "€5.00 in all so far" in again
    # Whoever means it can send the page that has come instead.
    assert f'name="{seen}" value="500"' in again
    client.post(url, data | {seen: "500"})
    assert Refund.objects.count() == 2


@pytest.mark.django_db
def test_before_paying_back_the_amount_is_said(client, owner, paid):
    url = reverse("checkout:refund_quote", args=[paid.pk])
    line, unit = paid.lines.get(), paid.lines.get().unit_price_minor
    client.force_login(owner)

    some = client.post(url, {f"line-{line.pk}": 1})
    rest = client.post(url, {f"line-{line.pk}": 2})
    for nonsense in ("0", "3", "x", ""):
        nothing = client.post(url, {f"line-{line.pk}": nonsense})
        assert nothing.context["due"] is None

    assert some.context["due"].amount_minor == unit
    assert "it will be canceled" not in some.content.decode()
    assert rest.context["due"].amount_minor == paid.total_minor
    assert "it will be canceled" in rest.content.decode()
    assert not Refund.objects.exists()


@pytest.mark.django_db
def test_a_stranger_and_nobody_learn_no_amounts(client, paid):
    url = reverse("checkout:refund_quote", args=[paid.pk])
    assert client.post(url).status_code == 302
    stranger = make_user()
    make_seller(owner=stranger)
    client.force_login(stranger)

    assert client.post(url).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(("bought", "chosen"), [(1, 1), (2, 0)])
def test_nothing_is_chosen_beforehand_but_what_leaves_no_choice(
    client, owner, bought, chosen
):
    client.force_login(owner)
    order = make_bought(owner, quantity=bought)

    page = client.get(reverse("checkout:refund_order", args=[order.pk]))

    [(_line, field)] = page.context["form"].units
    assert field.initial == chosen


@pytest.mark.django_db
def test_a_return_of_nothing_is_refused(client, delivered):
    answer = client.post(buyer_url("ask_return", delivered), return_form(delivered, 0))

    assert "Choose at least one." in answer.content.decode()
    assert not ReturnRequest.objects.exists()


@pytest.mark.django_db
def test_what_cannot_be_canceled_says_so_instead_of_asking(client, owner, delivered):
    buyers = client.get(buyer_url("cancel_order", delivered)).content.decode()
    client.force_login(owner)
    sellers = client.get(
        reverse("checkout:cancel_seller_order", args=[delivered.pk])
    ).content.decode()

    for page in (buyers, sellers):
        assert "too late to cancel" in page
        assert "button-danger" not in page


@pytest.mark.django_db
def test_the_cancel_page_names_what_is_really_left(client, paid):
    returns.refund_lines(paid, {paid.lines.get().pk: 1}, reason="", by=None)

    page = client.get(buyer_url("cancel_order", paid)).content.decode()

    assert format_minor(paid.total_minor // 2, "EUR") in page
    assert format_minor(paid.total_minor, "EUR") not in page


@pytest.mark.django_db
def test_an_order_paid_back_in_full_offers_no_more(client, owner, delivered):
    returns.refund_lines(delivered, {delivered.lines.get().pk: 2}, reason="", by=None)
    client.force_login(owner)

    page = client.get(reverse("checkout:refund_order", args=[delivered.pk]))

    assert "Everything was paid back" in page.content.decode()


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

    assert "Say why" in client.post(url, {"reason": ""}).content.decode()
    client.post(url, {"reason": "Broken in the store"})

    paid.refresh_from_db()
    assert paid.status == Order.Status.CANCELED
    assert paid.cancel_reason == "Broken in the store"


@pytest.mark.django_db
def test_the_seller_gives_goodwill_and_the_amount_is_said_first(client, owner, paid):
    client.force_login(owner)
    form = {f"goodwill-{paid.pk}": "2.50", "reason": "Late"}

    said = client.post(reverse("checkout:refund_quote", args=[paid.pk]), form)
    client.post(reverse("checkout:refund_order", args=[paid.pk]), form)

    refund = Refund.objects.get()
    assert said.context["due"].amount_minor == refund.goodwill_minor == 250
    paid.refresh_from_db()
    assert (paid.status, paid.refunded_minor) == (Order.Status.PAID, 250)
    assert paid.lines.get().refunded_quantity == 0


@pytest.mark.django_db
@pytest.mark.parametrize("amount", ["-1", "1.999", "99999"])
def test_goodwill_that_cannot_be_given_says_why(client, owner, paid, amount):
    client.force_login(owner)
    url = reverse("checkout:refund_order", args=[paid.pk])

    answer = client.post(url, {f"goodwill-{paid.pk}": amount, "reason": "Late"})

    assert "has-error" in answer.content.decode() or "no more than" in (
        answer.content.decode()
    )
    assert not Refund.objects.exists()


@pytest.mark.django_db
def test_a_return_after_goodwill_pays_what_is_left(client, owner, delivered):
    client.force_login(owner)
    url = reverse("checkout:refund_order", args=[delivered.pk])
    client.post(url, {f"goodwill-{delivered.pk}": "2.50", "reason": "Late"})

    client.post(url, {f"line-{delivered.lines.get().pk}": 2, "reason": "Returned"})

    delivered.refresh_from_db()
    assert delivered.refundable_minor == 0
    assert "Everything was paid back" in client.get(url).content.decode()


@pytest.mark.django_db
def test_the_shop_is_told_of_returns_that_wait_and_finds_them(client, owner, delivered):
    make_bought(make_user(), status=Order.Status.DELIVERED)
    orders = reverse("checkout:seller_orders")
    client.force_login(owner)

    def seen():
        overview = client.get(reverse("sellers:overview")).content.decode()
        listed = client.get(orders, {"tab": "returns"}).content.decode()
        return "1 return waits for you" in overview, delivered.number in listed

    assert seen() == (False, False)

    request = return_requests.ask(
        delivered, {delivered.lines.get().pk: 1}, "Does not fit"
    )
    assert seen() == (True, True)
    return_requests.accept(request, "Please do")
    assert seen() == (False, True)
    ReturnRequest.objects.update(sent_at=timezone.now())
    assert seen() == (True, True)
    return_requests.refund(request, owner, is_restocked=True)
    assert seen() == (False, False)
    assert (
        "No return is open" in client.get(orders, {"tab": "returns"}).content.decode()
    )
