from types import SimpleNamespace

import pytest
import stripe
from django.urls import reverse

from checkout import gateway, page_questions
from checkout.models import OrderGroup
from marketplace import breakers
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


@pytest.fixture
def silent(monkeypatch):
    """Stripe gives no answer; how often it was asked."""
    asked = []

    def create_payment(**details):
        asked.append(details)
        raise gateway.Silent("no answer in time")

    monkeypatch.setattr(gateway, "create_payment", create_payment)
    return asked


@pytest.mark.django_db
def test_while_stripe_is_silent_pages_do_not_wait_for_it(client, silent):
    groups = [make_group() for _ in range(6)]

    answers = [client.get(pay_url(group)).status_code for group in groups]

    assert answers == [503] * 6
    assert len(silent) == 3


@pytest.mark.django_db
def test_stripe_is_asked_again_after_a_while(client, sandbox, monkeypatch):
    now, group = [1000.0], make_group()
    monkeypatch.setattr(breakers, "time", SimpleNamespace(monotonic=lambda: now[0]))
    for _ in range(3):
        page_questions.breaker.trip(gateway.Silent("no answer"))

    assert client.get(pay_url(group)).status_code == 503
    now[0] += 5
    assert client.get(pay_url(group)).status_code == 200
    assert page_questions.breaker.is_open is False


@pytest.mark.django_db
def test_a_payment_that_stripe_knows_already_is_shown_all_the_same(client, sandbox):
    group = make_group()
    client.get(pay_url(group))
    for _ in range(3):
        page_questions.breaker.trip(gateway.Silent("no answer"))

    assert client.get(pay_url(group)).status_code == 200


@pytest.mark.django_db
def test_what_stripe_refuses_is_an_answer(client, monkeypatch):
    def create_payment(**_details):
        raise gateway.Refused("Amount must be at least 50 cents.")

    monkeypatch.setattr(gateway, "create_payment", create_payment)
    for _ in range(5):
        client.get(pay_url(make_group()))

    assert page_questions.breaker.is_open is False


@pytest.mark.parametrize(
    "error",
    [
        stripe.PermissionError("The account has withdrawn its access."),
        stripe.RateLimitError("Too many requests."),
        stripe.IdempotencyError("Another request uses the key.", http_status=409),
    ],
)
def test_what_stripe_says_to_one_keeps_nobody_else_from_asking(error):
    for _ in range(3):
        with pytest.raises(gateway.GatewayError):
            ask_in_vain(error)

    assert page_questions.breaker.is_open is False


def test_what_does_not_reach_stripe_has_no_answer():
    for _ in range(3):
        with pytest.raises(gateway.Silent):
            ask_in_vain(stripe.APIConnectionError("timed out"))

    assert page_questions.breaker.is_open is True


def ask_in_vain(error):
    with page_questions.asking(), gateway.speaking():
        raise error
