import hashlib
import hmac
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
import stripe

from checkout import gateway
from tests.payments.contract import CheckedClient

ROOT = Path(__file__).resolve().parent.parent.parent


class Sandbox:
    """The running Stripe sandbox, and what a buyer or a bank does there."""

    def __init__(self, address):
        self.address = address
        self.stripe = stripe.StripeClient(
            "sk_test_sandbox", base_addresses={"api": address}
        )

    def faults(self, **knobs):
        answer = requests.post(f"{self.address}/faults", json=knobs, timeout=5)
        answer.raise_for_status()

    def pay(self, intent_id, card="pm_card_visa"):
        return self.stripe.v1.payment_intents.confirm(
            intent_id, {"payment_method": card}
        )

    def decline(self, intent_id):
        with pytest.raises(stripe.CardError):
            self.pay(intent_id, "pm_card_chargeDeclined")

    def events(self, object_id, *types):
        """The events about an object, oldest first, as webhooks carry them."""
        page = self.stripe.v1.events.list({"limit": 100})
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
    """The site talks to the sandbox, and every request is held to the contract."""
    settings.STRIPE_API_BASE = sandbox_server
    monkeypatch.setattr(stripe, "RequestsClient", CheckedClient)
    monkeypatch.setattr(CheckedClient, "transcript", [])
    gateway._client.cache_clear()
    sandbox = Sandbox(sandbox_server)
    sandbox.faults()
    yield sandbox
    gateway._client.cache_clear()


def sign(body, secret="whsec_tests_only", at=None):
    """As Stripe signs."""
    at = int(at or time.time())
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256)
    return f"t={at},v1={digest.hexdigest()}"


@pytest.fixture
def deliver(client):
    """Posts an event to the site as Stripe does; the real check runs."""

    def post(event, **signing):
        body = json.dumps(event).encode()
        return client.post(
            "/stripe/webhook",
            body,
            content_type="application/json",
            headers={"Stripe-Signature": sign(body, **signing)},
        )

    return post
