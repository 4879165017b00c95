import pytest
from auditlog.models import LogEntry
from django.urls import reverse

from checkout.models import Order, Payment, Refund
from marketplace.accounts.models import User
from tests.factories import make_order, make_staff, make_user

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


def form(client, order, quantity):
    """As the page offers it, with `quantity` for the only line."""
    fields = client.get(page(order)).context["form"].fields
    [name] = [name for name in fields if name != "reason"]
    return {name: quantity, "reason": "It broke."}


@pytest.mark.django_db
@pytest.mark.parametrize("role", [Role.MODERATOR, Role.OPERATOR])
def test_the_desk_pays_a_line_back_and_the_trail_says_so(client, role):
    staff = make_staff(role)
    client.force_login(staff)
    order = paid_order()

    client.post(page(order), form(client, order, 1))

    refund = Refund.objects.get()
    assert (refund.order, refund.amount_minor) == (order, 1000)
    assert refund.created_by == staff
    assert LogEntry.objects.get_for_object(order).first().actor == staff


@pytest.mark.django_db
def test_nothing_more_than_was_bought_is_paid_back(client):
    client.force_login(make_staff(Role.OPERATOR))
    order = paid_order()

    response = client.post(page(order), form(client, order, 3))

    assert response.status_code == 200
    assert Refund.objects.exists() is False


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
