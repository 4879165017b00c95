"""Stripe's test cards, by number and by payment method name, and what each does."""

import re
import time
from dataclasses import dataclass

from checkout.stripe_sandbox import bank_accounts, clock, errors, store

DECLINED = "Your card was declined."


@dataclass(frozen=True)
class Card:
    """How a test card behaves; `code` and `decline_code` are Stripe's."""

    brand: str = "visa"
    code: str = ""
    decline_code: str = ""
    message: str = ""
    needs_authentication: bool = False
    country: str = "US"


CARDS = {
    "4242424242424242": Card(),
    "4000056655665556": Card(),
    "5555555555554444": Card(brand="mastercard"),
    "378282246310005": Card(brand="amex"),
    "4000000000000077": Card(),  # available at once
    "4000000000000259": Card(),  # disputed; see `disputes`
    "4000000000002685": Card(),
    "4000000000001976": Card(),
    "4000000000007726": Card(),  # refunded later; see `refunds`
    "4000000000005126": Card(),
    "4000000000000002": Card(
        code="card_declined", decline_code="generic_decline", message=DECLINED
    ),
    "4000000000009995": Card(
        code="card_declined",
        decline_code="insufficient_funds",
        message="Your card has insufficient funds.",
    ),
    "4000000000000069": Card(code="expired_card", message="Your card has expired."),
    "4000000000000127": Card(
        code="incorrect_cvc", message="Your card's security code is incorrect."
    ),
    "4000002500003155": Card(needs_authentication=True),
    "4000002760003184": Card(needs_authentication=True),
    "4000000000003220": Card(needs_authentication=True),
    "4000008260003178": Card(
        code="card_declined",
        decline_code="insufficient_funds",
        message="Your card has insufficient funds.",
        needs_authentication=True,
    ),
}
PAYMENT_METHODS = {
    "pm_card_visa": "4242424242424242",
    "pm_card_mastercard": "5555555555554444",
    "pm_card_bypassPending": "4000000000000077",
    "pm_card_createDispute": "4000000000000259",
    "pm_card_createDisputeProductNotReceived": "4000000000002685",
    "pm_card_createDisputeInquiry": "4000000000001976",
    "pm_card_pendingRefund": "4000000000007726",
    "pm_card_refundFail": "4000000000005126",
    "pm_card_visa_chargeDeclined": "4000000000000002",
    "pm_card_chargeDeclined": "4000000000000002",
    "pm_card_visa_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_chargeDeclinedInsufficientFunds": "4000000000009995",
    "pm_card_authenticationRequired": "4000002760003184",
    "pm_card_threeDSecure2Required": "4000000000003220",
}


def payment_method(call) -> dict | None:
    """The payment method a confirmation names or carries."""
    p = call.params
    data = p.mapping("payment_method_data")
    if data:
        return from_data(data)
    name = p.text("payment_method")
    if name is None:
        return None
    if name in PAYMENT_METHODS:
        return from_card({"number": PAYMENT_METHODS[name], "cvc": "123"}, {})
    if name in bank_accounts.PAYMENT_METHODS:
        iban = bank_accounts.PAYMENT_METHODS[name]
        return bank_accounts.from_iban(iban, billing_details({}))
    found = store.get("payment_method", name)
    if found is None:
        raise errors.missing("payment_method", name, "payment_method")
    return found


def from_data(data: dict) -> dict:
    billing = data.get("billing_details") or {}
    if data.get("type") == "sepa_debit":
        iban = (data.get("sepa_debit") or {}).get("iban", "")
        return bank_accounts.from_iban(iban, billing_details(billing))
    if data.get("type") != "card":
        raise errors.not_begun(
            "The sandbox takes cards and SEPA debits only.",
            param="payment_method_data[type]",
        )
    return from_card(data.get("card") or {}, billing)


def from_card(card: dict, billing: dict) -> dict:
    number = re.sub(r"\D", "", card.get("number", ""))
    if number not in CARDS:
        raise declined_outright(
            "Your card was declined. Your request was in test mode, but used a "
            "non test card. For a list of valid test cards, visit: "
            "https://stripe.com/docs/testing.",
            code="card_declined",
            decline_code="test_mode_live_card",
        )
    year = int(card.get("exp_year") or time.gmtime().tm_year + 5)
    month = int(card.get("exp_month") or 12)
    return store.add(
        {
            "id": store.new_id("pm"),
            "object": "payment_method",
            "allow_redisplay": "unspecified",
            "billing_details": billing_details(billing),
            "card": card_shape(number, month, year),
            "created": clock.stamp(),
            "customer": None,
            "livemode": False,
            "metadata": {},
            "type": "card",
            # Not shown by any endpoint: how this card behaves.
            "test_number": number,
        }
    )


def card_shape(number, month, year):
    card = CARDS[number]
    checks = {"address_line1_check": None, "address_postal_code_check": None}
    return {
        "brand": card.brand,
        "checks": {**checks, "cvc_check": "pass"},
        "country": card.country,
        "display_brand": card.brand,
        "exp_month": month,
        "exp_year": year + 2000 if year < 100 else year,
        "fingerprint": number[::-1],
        "funding": "credit",
        "last4": number[-4:],
        "networks": {"available": [card.brand], "preferred": None},
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def billing_details(given: dict) -> dict:
    blank = dict.fromkeys(
        ["city", "country", "line1", "line2", "postal_code", "state"], None
    )
    return {
        "address": blank | (given.get("address") or {}),
        "email": given.get("email"),
        "name": given.get("name"),
        "phone": given.get("phone"),
        "tax_id": None,
    }


def declined_outright(message, **details):
    return errors.Refusal(402, "card_error", message, **details)
