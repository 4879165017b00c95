"""The same scenarios against the sandbox and, with a key, against Stripe's test mode.

STRIPE_TEST_KEY=sk_test_… .venv/bin/pytest tests/payments/test_stripe_scenarios.py
"""

import os
import time
from uuid import uuid4

import pytest
import stripe

from checkout import gateway

KEY = os.environ.get("STRIPE_TEST_KEY", "")
CARD = {"return_url": "https://example.com/back"}


@pytest.fixture(params=["sandbox", "stripe"])
def service(request, settings):
    """Buyers' side of the service that the gateway talks to."""
    if request.param == "sandbox":
        return request.getfixturevalue("sandbox").stripe.v1
    if not KEY.startswith("sk_test_"):
        pytest.skip("set STRIPE_TEST_KEY to a secret key of Stripe's test mode")
    settings.STRIPE_SECRET_KEY = KEY
    settings.STRIPE_API_BASE = "https://api.stripe.com"
    gateway._client.cache_clear()
    return stripe.StripeClient(KEY).v1


@pytest.fixture
def unique():
    """Nobody has used this key or reference before."""
    return uuid4().hex


@pytest.fixture
def intent(service, unique):
    return gateway.create_payment(
        key=unique,
        amount=1999,
        currency="EUR",
        reference=unique,
        email="buyer@example.com",
    )


def pay(service, intent, card="pm_card_visa"):
    service.payment_intents.confirm(intent.id, {**CARD, "payment_method": card})
    return gateway.read_payment(intent.id)


def test_a_repeat_finds_the_first_payment(intent, unique):
    again = gateway.create_payment(
        key=unique,
        amount=1999,
        currency="EUR",
        reference=unique,
        email="buyer@example.com",
    )

    assert again == intent
    assert intent.status == "requires_payment_method"


def test_a_key_with_another_amount_is_refused(intent, unique):
    with pytest.raises(gateway.Refused) as refusal:
        gateway.create_payment(
            key=unique,
            amount=1,
            currency="EUR",
            reference=unique,
            email="buyer@example.com",
        )

    assert refusal.value.code == "idempotency_error"


def test_a_good_card_pays(service, intent):
    paid = pay(service, intent)

    assert (paid.status, paid.amount, paid.currency) == ("succeeded", 1999, "EUR")
    assert paid.charge_id.startswith("ch_")


def test_a_declined_card_leaves_the_payment_open(service, intent):
    with pytest.raises(stripe.CardError):
        pay(service, intent, "pm_card_visa_chargeDeclined")

    after = gateway.read_payment(intent.id)
    assert after.status == "requires_payment_method"
    assert after.error == "Your card was declined."
    assert pay(service, intent).status == "succeeded"


def test_3d_secure_waits_for_the_buyer(service, intent):
    waiting = pay(service, intent, "pm_card_threeDSecure2Required")

    assert waiting.status == "requires_action"
    assert gateway.cancel_payment(intent.id).status == "canceled"


def test_a_paid_payment_is_not_canceled(service, intent):
    pay(service, intent)

    assert gateway.cancel_payment(intent.id).status == "succeeded"


def test_a_refund_is_found_by_its_reference_and_has_an_end(service, intent, unique):
    pay(service, intent)
    wanted = {"payment_intent_id": intent.id, "reference": f"refund-{unique}"}

    made = gateway.refund(key=f"{unique}-1", amount=1500, **wanted)

    assert gateway.find_refund(intent.id, f"refund-{unique}")["id"] == made["id"]
    assert gateway.find_refund(intent.id, "another") is None
    with pytest.raises(gateway.Refused):
        gateway.refund(key=f"{unique}-2", amount=500, **wanted)


def test_an_account_begins_unpayable_and_takes_no_transfer(service, intent, unique):
    paid = pay(service, intent)
    account = gateway.create_account(
        key=f"{unique}-account",
        email="seller@example.com",
        country="DE",
        reference=unique,
    )

    url = gateway.onboarding_url(
        key=f"{unique}-link",
        account_id=account.id,
        return_url="https://example.com/back",
        refresh_url="https://example.com/again",
    )

    assert url.startswith("http")
    assert (account.is_payable, account.is_submitted) == (False, False)
    with pytest.raises(gateway.Refused) as refusal:
        gateway.transfer(
            key=f"{unique}-transfer",
            amount=100,
            currency="EUR",
            destination=account.id,
            source={"charge_id": paid.charge_id, "group": unique, "reference": unique},
        )
    assert refusal.value.code == "insufficient_capabilities_for_transfer"


def test_events_can_be_asked_for(service, intent):
    since = int(time.time()) - 60
    pay(service, intent)

    found = [
        event.payload["data"]["object"]["id"]
        for event in gateway.events_since(since, ["payment_intent.succeeded"])
    ]

    assert found.count(intent.id) == 1


def test_a_card_is_kept_for_a_customer_pays_again_and_is_forgotten(
    service, intent, unique
):
    customer = gateway.create_customer(
        key=f"{unique}-customer", email="buyer@example.com", reference=unique
    )
    change = {"customer": customer, "setup_future_usage": "on_session"}
    gateway.update_payment(intent.id, key=f"{unique}-keep", change=change)
    pay(service, intent)
    [card] = gateway.cards_of(customer)
    second = gateway.create_payment(
        key=f"{unique}-second",
        amount=500,
        currency="EUR",
        reference=unique,
        email="buyer@example.com",
    )
    gateway.update_payment(
        second.id, key=f"{unique}-attach", change={"customer": customer}
    )

    paid = pay(service, second, card.id)
    gateway.forget_card(card.id)

    assert (card.brand_name, card.last4) == ("Visa", "4242")
    assert paid.status == "succeeded"
    assert gateway.cards_of(customer) == []
    gateway.forget_customer(customer)
    with pytest.raises(gateway.Refused):
        gateway.cards_of(customer)


def test_a_kept_card_can_be_thought_better_of(service, intent, unique):
    customer = gateway.create_customer(
        key=f"{unique}-customer", email="buyer@example.com", reference=unique
    )
    wishes = [
        {"customer": customer, "setup_future_usage": "on_session"},
        {"setup_future_usage": ""},
    ]
    for number, change in enumerate(wishes):
        gateway.update_payment(intent.id, key=f"{unique}-{number}", change=change)

    pay(service, intent)

    assert gateway.cards_of(customer) == []
