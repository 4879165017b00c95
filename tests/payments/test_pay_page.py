import pytest
from django.urls import reverse

from checkout.models import OrderGroup
from tests.payments.checkouts import lapse, make_group, make_paid_group, start


def pay_url(group):
    return reverse("checkout:pay", args=[group.token])


@pytest.mark.django_db
def test_the_payment_form_gets_the_groups_own_secret(client, sandbox):
    group = make_group()

    response = client.get(pay_url(group))

    group.refresh_from_db()
    page = response.content.decode()
    assert f'data-client-secret="{group.payment.client_secret}"' in page
    assert "Pay €10.00" in page
    assert 'By paying you agree to our <a href="/terms/"' in page
    assert "Sandbox: no real money" in page
    assert response.headers["Cache-Control"] == "no-store, private"


@pytest.mark.django_db
def test_reloading_the_page_pays_the_same_intent(client, sandbox):
    group = make_group()

    first, second = client.get(pay_url(group)), client.get(pay_url(group))

    assert first.context["client_secret"] == second.context["client_secret"]


@pytest.mark.django_db
def test_after_a_decline_the_reason_is_there_and_the_order_can_be_paid(client, sandbox):
    group = make_group()
    sandbox.decline(start(group).payment_intent_id)
    client.get(reverse("checkout:payment_return", args=[group.token]))

    page = client.get(pay_url(group)).content.decode()

    assert "Your card was declined." in page
    assert "data-pay" in page


@pytest.mark.django_db
def test_a_paid_order_is_not_paid_again(client, sandbox):
    group = make_paid_group(sandbox)

    assert client.get(pay_url(group)).url == group.get_absolute_url()


@pytest.mark.django_db
def test_when_the_time_is_over_the_page_offers_to_order_again(client, sandbox):
    group = make_group()
    lapse(group)

    page = client.get(pay_url(group)).content.decode()

    assert "The time to pay is over" in page
    assert "data-client-secret" not in page


@pytest.mark.django_db
def test_when_stripe_does_not_answer_nothing_is_lost(client, sandbox):
    group = make_group()
    fault = {"kind": "error", "path": "/v1/payment_intents", "times": 9}
    sandbox.faults(requests=[fault])

    response = client.get(pay_url(group))
    sandbox.faults()

    group.refresh_from_db()
    assert response.status_code == 503
    assert "Nothing was charged" in response.content.decode()
    assert group.status == OrderGroup.Status.PENDING


@pytest.mark.django_db
def test_a_stranger_without_the_link_pays_nothing(client):
    make_group()

    assert client.get(reverse("checkout:pay", args=["guess"])).status_code == 404
