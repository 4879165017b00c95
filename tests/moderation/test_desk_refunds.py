import pytest
from auditlog.models import LogEntry
from django.urls import reverse

from checkout.models import Order, Payment, Refund
from marketplace.accounts.models import User
from tests.factories import make_order, make_staff, make_user, make_variant
from tests.payments.checkouts import add_order

Role = User.Role


def paid_order():
    order = make_order(status=Order.Status.PAID, quantity=2)
    Payment.objects.create(
        group=order.group,
        payment_intent_id=f"pi_{order.pk}",
        client_secret="secret",
        charge_id="ch_1",
        status=Payment.Status.SUCCEEDED,
        amount_minor=order.total_minor,
        currency=order.group.currency,
    )
    return order


def page(order):
    return reverse("admin:checkout_order_refund", args=[order.pk])


def form(order, quantity, **fields):
    name = f"line-{order.lines.get().pk}"
    return {name: quantity, "reason": "It broke.", **fields}


@pytest.mark.django_db
@pytest.mark.parametrize("role", [Role.MODERATOR, Role.OPERATOR])
def test_the_desk_pays_a_line_back_and_the_trail_says_so(client, role):
    staff = make_staff(role)
    client.force_login(staff)
    order = paid_order()

    shown = client.post(page(order), form(order, 1))
    assert "Pay €10.00 back" in shown.content.decode()
    assert Refund.objects.exists() is False
    client.post(page(order), form(order, 1, shown_minor=1000))

    refund = Refund.objects.get()
    assert (refund.order, refund.amount_minor) == (order, 1000)
    assert refund.created_by == staff
    assert LogEntry.objects.get_for_object(order).first().actor == staff


@pytest.mark.django_db
def test_the_desk_that_confirms_twice_pays_back_once(client):
    client.force_login(make_staff(Role.OPERATOR))
    order = paid_order()
    shown = client.post(page(order), form(order, 1)).content.decode()
    assert f'name="seen-{order.pk}" value="0"' in shown
    confirmed = form(order, 1, shown_minor=1000, **{f"seen-{order.pk}": 0})

    client.post(page(order), confirmed)
    again = client.post(page(order), confirmed).content.decode()

    assert Refund.objects.count() == 1
    assert "Meanwhile money went back" in again


@pytest.mark.django_db
def test_nothing_more_than_was_bought_is_paid_back(client):
    client.force_login(make_staff(Role.OPERATOR))
    order = paid_order()

    response = client.post(page(order), form(order, 3, shown_minor=3000))

    assert response.status_code == 200
    assert Refund.objects.exists() is False


@pytest.mark.django_db
def test_another_choice_than_the_shown_one_is_shown_again(client):
    client.force_login(make_staff(Role.OPERATOR))
    order = paid_order()

    answer = client.post(page(order), form(order, 2, shown_minor=1000)).content.decode()

    assert "Pay €20.00 back" in answer
    assert "it will be canceled" in answer
    assert Refund.objects.exists() is False


@pytest.mark.django_db
def test_an_order_paid_back_in_full_offers_nothing_more(client):
    client.force_login(make_staff(Role.OPERATOR))
    order = paid_order()
    client.post(page(order), form(order, 2, shown_minor=2000))

    assert "Everything was paid back" in client.get(page(order)).content.decode()


@pytest.mark.django_db
def test_staff_without_a_role_pay_nothing_back(client):
    client.force_login(make_user(is_staff=True))
    order = paid_order()

    response = client.post(page(order), {"reason": "x"})

    assert response.status_code == 403
    assert Refund.objects.exists() is False


@pytest.mark.django_db
def test_a_shopper_is_sent_away(client):
    order = paid_order()

    assert client.post(page(order), {"reason": "x"}).status_code == 302
    assert Refund.objects.exists() is False


def group_page(order):
    return reverse("admin:checkout_ordergroup_refund", args=[order.group.pk])


@pytest.mark.django_db
def test_the_desk_pays_back_over_several_shops_at_once(client):
    client.force_login(make_staff(Role.OPERATOR))
    first = paid_order()
    second = add_order(first.group, make_variant(price_minor=700), 1)
    Payment.objects.update(amount_minor=first.group.total_minor)
    wanted = form(first, 1, **{f"goodwill-{second.pk}": "2.00"})
    wanted["is_borne_by_platform"] = "on"

    shown = client.post(group_page(first), wanted).content.decode()
    assert "Pay €12.00 back" in shown
    assert "Goodwill that we bear" in shown
    client.post(group_page(first), wanted | {"shown_minor": 1200})

    refunds = list(Refund.objects.order_by("order_id"))
    assert [refund.amount_minor for refund in refunds] == [1000, 200]
    assert [refund.platform_minor for refund in refunds] == [0, 200]
    for order in (first, second):
        assert LogEntry.objects.get_for_object(order).exists()


@pytest.mark.django_db
def test_one_shop_that_cannot_pay_that_much_stops_all(client):
    client.force_login(make_staff(Role.OPERATOR))
    first = paid_order()
    second = add_order(first.group, make_variant(price_minor=700), 1)

    answer = client.post(
        group_page(first),
        form(first, 1, shown_minor=1701, **{f"goodwill-{second.pk}": "7.01"}),
    )

    assert "no more than €7.00" in answer.content.decode()
    assert Refund.objects.exists() is False


@pytest.mark.django_db
def test_the_page_of_a_whole_checkout_is_for_those_who_may_refund(client):
    order = paid_order()
    assert client.post(group_page(order), {"reason": "x"}).status_code == 302
    client.force_login(make_user(is_staff=True))

    assert client.post(group_page(order), {"reason": "x"}).status_code == 403
    assert Refund.objects.exists() is False
