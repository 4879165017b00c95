"""Signed, tried again, repeated, delayed and lost: as the network of a bad day."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import stripe

from tests.payments.test_sandbox import make_intent


class Receiver(BaseHTTPRequestHandler):
    """Answers with what `answers` holds, then 200; keeps what it was sent."""

    def do_POST(self):  # noqa: N802, the standard library's name
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append((body, self.headers["Stripe-Signature"]))
        self.send_response(self.server.answers.pop(0) if self.server.answers else 200)
        self.end_headers()

    def log_message(self, *args):
        """Quiet."""


@pytest.fixture
def endpoint(sandbox):
    """A webhook endpoint of this test, with the secret that Stripe shows once."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.heard, server.answers = [], []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    made = sandbox.stripe.v1.webhook_endpoints.create(
        {
            "url": f"http://127.0.0.1:{server.server_port}/",
            "enabled_events": ["payment_intent.created"],
        }
    )
    server.secret = made.secret
    yield server
    sandbox.stripe.v1.webhook_endpoints.delete(made.id)
    server.shutdown()


def wait_until(condition, seconds=8):
    end = time.time() + seconds
    while not condition() and time.time() < end:
        time.sleep(0.05)
    assert condition()


def test_stripes_own_library_accepts_the_signature(sandbox, endpoint):
    intent = make_intent(sandbox.stripe.v1)
    wait_until(lambda: endpoint.heard)

    body, signature = endpoint.heard[0]
    event = stripe.Webhook.construct_event(body, signature, endpoint.secret)

    assert (event.type, event.data.object.id) == ("payment_intent.created", intent.id)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body + b" ", signature, endpoint.secret)


def test_a_failed_delivery_is_tried_again(sandbox, endpoint):
    endpoint.answers = [500, 302]

    make_intent(sandbox.stripe.v1)

    wait_until(lambda: len(endpoint.heard) == 3)
    assert len({json.loads(body)["id"] for body, _ in endpoint.heard}) == 1


def test_only_the_wanted_events_are_sent(sandbox, endpoint):
    intent = make_intent(sandbox.stripe.v1)

    sandbox.pay(intent.id)

    wait_until(lambda: endpoint.heard)
    time.sleep(0.3)
    assert len(endpoint.heard) == 1


def test_a_lost_event_can_still_be_asked_for(sandbox, endpoint):
    sandbox.faults(webhooks={"drop": 1})

    intent = make_intent(sandbox.stripe.v1)

    time.sleep(0.3)
    assert endpoint.heard == []
    assert [e["type"] for e in sandbox.events(intent.id)] == ["payment_intent.created"]


def test_an_event_comes_twice(sandbox, endpoint):
    sandbox.faults(webhooks={"duplicate": 1, "delay_seconds": 0.2})

    make_intent(sandbox.stripe.v1)

    wait_until(lambda: len(endpoint.heard) == 2)


def test_a_seed_repeats_its_faults(sandbox, endpoint):
    def count(seed):
        endpoint.heard.clear()
        sandbox.faults(webhooks={"seed": seed, "drop": 0.5})
        for _ in range(8):
            make_intent(sandbox.stripe.v1)
        time.sleep(0.6)
        return len(endpoint.heard)

    assert count("a") == count("a")
    assert 0 < count("a") < 8
