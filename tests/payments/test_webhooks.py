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


def test_an_unsigned_event_is_refused(client, paid):
    assert post(client, json.dumps(paid), "").status_code == 400
    assert nothing_has_changed()


@pytest.mark.parametrize("secret", ["", "whsec_of_another_endpoint"])
def test_another_secret_is_refused(deliver, paid, secret):
    assert deliver(paid, secret=secret).status_code == 400
    assert nothing_has_changed()


def test_an_event_of_five_minutes_ago_is_refused(deliver, paid):
    assert deliver(paid, at=time.time() - 301).status_code == 400
    assert nothing_has_changed()


def test_an_event_of_four_minutes_ago_is_applied(deliver, paid):
    assert deliver(paid, at=time.time() - 240).status_code == 200
    assert Payment.objects.get().status == Payment.Status.SUCCEEDED


def test_a_changed_body_is_refused(client, paid):
    body = json.dumps(paid).encode()
    signature = sign(body)

    changed = body.replace(b'"amount_received": 1000', b'"amount_received": 1001')

    assert changed != body
    assert post(client, changed, signature).status_code == 400
    assert nothing_has_changed()


@pytest.mark.parametrize("body", [b"", b"not json", b'{"object": "x"}', b"\xff\xfe"])
def test_what_is_signed_and_no_event_is_refused(client, sandbox, body):
    signature = sign(body)

    assert post(client, body, signature).status_code == 400


def test_an_unknown_event_is_welcome_and_ignored(deliver, paid):
    assert deliver({**paid, "type": "customer.created"}).status_code == 200
    assert nothing_has_changed()


def test_the_secret_of_connected_accounts_counts_too(deliver, paid, settings):
    settings.STRIPE_CONNECT_WEBHOOK_SECRET = "whsec_connect"

    assert deliver(paid, secret="whsec_connect").status_code == 200


def test_without_a_secret_the_endpoint_is_closed(deliver, paid, settings):
    settings.STRIPE_WEBHOOK_SECRET = settings.STRIPE_CONNECT_WEBHOOK_SECRET = ""

    assert deliver(paid, secret="").status_code == 503
    assert nothing_has_changed()
    assert "checkout.E001" in [error.id for error in run_checks()]


def test_with_a_secret_the_check_is_content():
    assert "checkout.E001" not in [error.id for error in run_checks()]


def test_only_posting_is_possible(client):
    assert client.get("/stripe/webhook").status_code == 405
