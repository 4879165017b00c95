"""Stripe's test bank accounts for SEPA debits, and how each behaves."""

import re

from checkout.stripe_sandbox import clock, errors, store

SOON_SECONDS, LATER_SECONDS = 5, 3 * 60
# How a debit ends, and after how long.
IBANS = {
    "DE89370400440532013000": ("succeeded", SOON_SECONDS),
    "DE08370400440532013003": ("succeeded", LATER_SECONDS),
    "DE62370400440532013001": ("failed", SOON_SECONDS),
    "DE78370400440532013004": ("failed", LATER_SECONDS),
    "DE35370400440532013002": ("succeeded", SOON_SECONDS),  # and then disputed
}
DISPUTED = "DE35370400440532013002"
PAYMENT_METHODS = {
    "pm_success_de": "DE89370400440532013000",
    "pm_successDelayed_de": "DE08370400440532013003",
    "pm_failed_de": "DE62370400440532013001",
    "pm_failedDelayed_de": "DE78370400440532013004",
    "pm_disputed_de": DISPUTED,
}


def from_iban(iban: str, billing: dict) -> dict:
    iban = re.sub(r"\s", "", iban).upper()
    if iban not in IBANS:
        raise errors.not_begun(
            f"The sandbox takes Stripe's German test accounts only: {', '.join(IBANS)}",
            code="invalid_bank_account_iban",
            param="payment_method_data[sepa_debit][iban]",
        )
    return store.add(
        {
            "id": store.new_id("pm"),
            "object": "payment_method",
            "allow_redisplay": "unspecified",
            "billing_details": billing,
            "created": clock.stamp(),
            "customer": None,
            "livemode": False,
            "metadata": {},
            "sepa_debit": {
                "bank_code": iban[4:12],
                "branch_code": "",
                "country": iban[:2],
                "fingerprint": iban[::-1],
                "generated_from": {"charge": None, "setup_attempt": None},
                "last4": iban[-4:],
            },
            "type": "sepa_debit",
            "test_number": iban,
        }
    )
