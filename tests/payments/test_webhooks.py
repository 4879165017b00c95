import json
import time

import pytest
from django.core.checks import run_checks

from checkout.models import Payment, StripeEvent
from tests.payments.checkouts import make_group, start
from tests.payments.conftest import sign

pytestmark = pytest.mark.django_db


@pytest.fixture
def paid(sandbox):
    """The event of a payment of which the site has not heard yet."""
    intent = sandbox.pay(start(make_group()).payment_intent_id)
    return sandbox.events(intent.id, "payment_intent.succeeded")[0]


def nothing_has_changed():
    is_pending = Payment.objects.get().status == Payment.Status.PENDING
    return is_pending and not StripeEvent.objects.exists()


def post(client, body, signature):
    return client.post(
        "/stripe/webhook",
        body,
        content_type="application/json",
        headers={"Stripe-Signature": signature} if signature else {},
    )


@pytest.mark.fault("A9", "unsigned")
def test_an_unsigned_event_is_refused(client, paid):
    assert post(client, json.dumps(paid), "").status_code == 400
    assert nothing_has_changed()


@pytest.mark.fault("A9", "another secret")
@pytest.mark.parametrize("secret", ["", "whsec_of_another_endpoint"])
def test_another_secret_is_refused(deliver, paid, secret):
    assert deliver(paid, secret=secret).status_code == 400
    assert nothing_has_changed()


@pytest.mark.fault("A9", "301 seconds old")
def test_an_event_of_five_minutes_ago_is_refused(deliver, paid):
    assert deliver(paid, at=time.time() - 301).status_code == 400
    assert nothing_has_changed()


def test_an_event_of_four_minutes_ago_is_applied(deliver, paid):
    assert deliver(paid, at=time.time() - 240).status_code == 200
    assert Payment.objects.get().status == Payment.Status.SUCCEEDED


@pytest.mark.fault("A9", "changed body")
def test_a_changed_body_is_refused(client, paid):
    body = json.dumps(paid).encode()
    signature = sign(body)

    changed = body.replace(b'"amount_received": 1000', b'"amount_received": 1001')

    assert changed != body
    assert post(client, changed, signature).status_code == 400
    assert nothing_has_changed()


@pytest.mark.fault("A9", "signed, but no event")
@pytest.mark.parametrize("body", [b"", b"not json", b'{"object": "x"}', b"\xff\xfe"])
def test_what_is_signed_and_no_event_is_refused(client, sandbox, body):
    signature = sign(body)

    assert post(client, body, signature).status_code == 400


def test_an_unknown_event_is_welcome_and_changes_nothing(deliver, paid):
    assert deliver({**paid, "type": "customer.created"}).status_code == 200

    assert Payment.objects.get().status == Payment.Status.PENDING
    assert StripeEvent.objects.get().status == StripeEvent.Status.IGNORED


ENDPOINTS = {
    "/stripe/webhook": "whsec_tests_only",
    "/stripe/webhook/connect": "whsec_connect_tests_only",
}


@pytest.mark.fault("A9", "the secret of the other endpoint")
@pytest.mark.parametrize("path", ENDPOINTS)
@pytest.mark.parametrize("secret", ENDPOINTS.values())
def test_each_endpoint_takes_what_is_signed_for_it_alone(deliver, paid, path, secret):
    is_own = ENDPOINTS[path] == secret

    answer = deliver(paid, path=path, secret=secret)

    assert answer.status_code == (200 if is_own else 400)
    assert StripeEvent.objects.count() == is_own


@pytest.mark.fault("A9", "no secret: closed")
@pytest.mark.parametrize(
    ("name", "path", "error"),
    [
        ("STRIPE_WEBHOOK_SECRET", "/stripe/webhook", "checkout.E001"),
        ("STRIPE_CONNECT_WEBHOOK_SECRET", "/stripe/webhook/connect", "checkout.E002"),
    ],
)
def test_without_its_secret_an_endpoint_is_closed(
    deliver, paid, settings, name, path, error
):
    setattr(settings, name, "")

    assert deliver(paid, path=path, secret="").status_code == 503
    assert nothing_has_changed()
    assert error in [found.id for found in run_checks()]


def test_with_both_secrets_the_checks_are_content():
    found = [problem.id for problem in run_checks(include_deployment_checks=True)]

    assert [name for name in found if name.startswith("checkout.")] == []


def test_one_secret_for_both_endpoints_is_noticed_before_production(settings):
    settings.STRIPE_CONNECT_WEBHOOK_SECRET = settings.STRIPE_WEBHOOK_SECRET

    found = [problem.id for problem in run_checks(include_deployment_checks=True)]

    assert "checkout.W001" in found


def test_only_posting_is_possible(client):
    assert client.get("/stripe/webhook").status_code == 405
