import hashlib
import hmac
import json
import os
import socket
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
import requests
import stripe

from checkout import gateway, inbox, tax_gateway
from checkout.models import StripeEvent
from tests.payments.contract import CheckedClient

ROOT = Path(__file__).resolve().parent.parent.parent


class Sandbox:
    """The running Stripe sandbox, and what a buyer or a bank does there."""

    def __init__(self, address):
        self.address = address
        self.stripe = stripe.StripeClient(
            "sk_test_sandbox", base_addresses={"api": address}
        )

    def control(self, **wanted):
        """See docs/stripe_sandbox.md; the results of `acts`."""
        answer = requests.post(f"{self.address}/_control", json=wanted, timeout=30)
        assert answer.ok, answer.text
        return answer.json()["done"]

    def act(self, do, **details):
        return self.control(acts=[{"do": do, **details}])[0]

    def advance(self, **span):
        """Put the sandbox's clock on by `days=`, `seconds=` and so on."""
        self.control(advance=timedelta(**span).total_seconds())

    def faults(self, requests=(), webhooks=None):
        self.control(requests=list(requests), webhooks=webhooks or {})

    def pay(self, intent_id, card="pm_card_visa"):
        return self.stripe.v1.payment_intents.confirm(
            intent_id, {"payment_method": card}
        )

    def decline(self, intent_id):
        with pytest.raises(stripe.CardError):
            self.pay(intent_id, "pm_card_chargeDeclined")

    def events(self, object_id, *types, account=None):
        """The events about an object, oldest first, as webhooks carry them."""
        # Events of a connected account are read as that account.
        options = {"stripe_account": account} if account else {}
        page = self.stripe.v1.events.list({"limit": 100}, options)
        found = [event.to_dict() for event in page.auto_paging_iter()]
        return [
            event
            for event in reversed(found)
            if event["data"]["object"]["id"] == object_id
            and (not types or event["type"] in types)
        ]

    def onboard(self, account_id):
        link = self.stripe.v1.account_links.create(
            {
                "account": account_id,
                "type": "account_onboarding",
                "return_url": "http://site.test/back",
                "refresh_url": "http://site.test/again",
            }
        )
        requests.post(link.url, data={"submit": ""}, timeout=5, allow_redirects=False)

    def balance(self, account_id=None, currency="eur"):
        options = {"stripe_account": account_id} if account_id else {}
        found = self.stripe.v1.balance.retrieve({}, options).available
        return sum(part.amount for part in found if part.currency == currency)


@pytest.fixture(scope="session")
def sandbox_server(tmp_path_factory):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        Path(sys.executable).parent / "granian",
        *("--interface", "wsgi", "checkout.stripe_sandbox.wsgi:application"),
        *("--port", str(port), "--workers", "1", "--blocking-threads", "16"),
    ]
    folder = tmp_path_factory.mktemp("sandbox")
    # Nobody listens there: tests deliver events by hand, in the order they choose.
    environment = {
        **os.environ,
        "VAR_DIR": str(folder),
        "SITE_URL": "http://127.0.0.1:9",
    }
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=log, stderr=log
        )
        address = f"http://127.0.0.1:{port}"
        wait_for(address)
        yield address
        process.terminate()
        process.wait(timeout=10)


def wait_for(address):
    for _ in range(200):
        try:
            requests.get(address, timeout=1)
        except requests.ConnectionError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"nothing answers at {address}")


@pytest.fixture
def sandbox(sandbox_server, settings, monkeypatch):
    """The site talks to the sandbox."""
    settings.STRIPE_API_BASE = sandbox_server
    monkeypatch.setattr(CheckedClient, "transcript", [])
    gateway._client.cache_clear()
    sandbox = Sandbox(sandbox_server)
    sandbox.control(reset=True)
    yield sandbox
    gateway._client.cache_clear()


@pytest.fixture
def asked(monkeypatch):
    """What Stripe is asked; it says 7 on each line and 3 on the delivery, 12.34 %."""
    requests = []

    def calculate(*, key, request):
        requests.append(request)
        part = {
            "tax_breakdown": [{"tax_rate_details": {"percentage_decimal": "12.34"}}]
        }
        return {
            "id": f"taxcalc_{len(requests)}",
            "line_items": {
                "data": [
                    {"reference": item["reference"], "amount_tax": 7, **part}
                    for item in request["line_items"]
                ]
            },
            "shipping_cost": {"amount_tax": 3, **part},
        }

    monkeypatch.setattr(tax_gateway, "calculate", calculate)
    return requests


def sign(body, secret="whsec_tests_only", at=None):
    """As Stripe signs."""
    at = int(at or time.time())
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={digest.hexdigest()}"


@pytest.fixture
def post_event(client):
    """Posts an event to the site as Stripe does; the real check runs."""

    def post(event, *, path="/stripe/webhook", **signing):
        body = json.dumps(event).encode()
        return client.post(
            path,
            body,
            content_type="application/json",
            headers={"Stripe-Signature": sign(body, **signing)},
        )

    return post


@pytest.fixture
def deliver(post_event):
    """The same, and the worker does what the event asks for."""

    def deliver(event, **options):
        answer = post_event(event, **options)
        work_off()
        return answer

    return deliver


def work_off():
    """As the worker does with the messages that the site has sent."""
    for kept in StripeEvent.objects.due():
        inbox.apply(kept)
