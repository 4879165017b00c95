"""Signatures against an independent library: Stripe's own for Node."""

import json
import subprocess
import time
from pathlib import Path

import pytest

from checkout import inbox
from checkout.models import Payment, StripeEvent
from checkout.stripe_sandbox import deliveries
from tests.payments.checkouts import make_group, start
from tests.payments.test_webhooks import post
from tests.uploads.clients import node

SCRIPT = Path(__file__).with_name("sign_by_stripe_node.mjs")
SECRET = "whsec_tests_only"


def ask_stripe_node(cases):
    done = subprocess.run(
        [node(), SCRIPT],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.fault("A9", "signed by stripe-node: taken; forged: refused")
@pytest.mark.django_db
def test_the_site_takes_what_stripe_signs_and_nothing_else(client, sandbox):
    intent = sandbox.pay(start(make_group()).payment_intent_id)
    [event] = sandbox.events(intent.id, "payment_intent.succeeded")
    body, now = json.dumps(event), int(time.time())
    changed = body.replace('"amount_received": 1000', '"amount_received": 1001')
    assert changed != body
    refused = [
        {"payload": body, "secret": "whsec_of_another_endpoint", "timestamp": now},
        {"payload": body, "secret": " ", "timestamp": now},
        {"payload": body, "secret": SECRET, "timestamp": now - 301},
        {"payload": changed, "secret": SECRET, "timestamp": now},
        {"payload": body, "secret": SECRET, "timestamp": now, "scheme": "v0"},
    ]
    good = {"payload": body, "secret": SECRET, "timestamp": now}
    *bad_headers, good_header = ask_stripe_node([*refused, good])

    answers = [post(client, body, header).status_code for header in bad_headers]

    assert answers == [400] * len(refused)
    assert not StripeEvent.objects.exists()
    assert post(client, body, good_header).status_code == 200
    inbox.apply(StripeEvent.objects.get())
    assert Payment.objects.get().status == Payment.Status.SUCCEEDED


def test_stripes_library_for_node_takes_what_the_sandbox_signs():
    body, now = json.dumps({"id": "evt_1", "object": "event"}), int(time.time())

    def signed(secret=SECRET, at=now):
        header = deliveries.signature(body.encode(), secret, at)
        return {"payload": body, "header": header, "secret": SECRET}

    answers = ask_stripe_node(
        [signed(), signed(secret="whsec_other"), signed(at=now - 301)]
    )

    assert answers == [True, False, False]
