"""Charges: one try each at a card or a bank account."""

from checkout.stripe_sandbox import balances, clock, errors, store
from checkout.stripe_sandbox.api import PLATFORM, filtered, secret_only

# Fields of a charge that stay empty here.
UNUSED = [
    "application",
    "application_fee",
    "application_fee_amount",
    "failure_balance_transaction",
    "on_behalf_of",
    "receipt_number",
    "receipt_url",
    "review",
    "source",
    "source_transfer",
    "statement_descriptor",
    "transfer_data",
]


def add(intent, method, card):
    """One try at the card; a good one adds to the platform's balance."""
    made = store.add(new_charge(intent, method, card))
    return made if card.code else book(made, method.get("test_number", ""))


def book(charge, test_number=""):
    """The buyer's money is the platform's, less Stripe's fee."""
    charge |= {
        "amount_captured": charge["amount"],
        "captured": True,
        "paid": True,
        "status": "succeeded",
        "outcome": outcome(),
    }
    booked = balances.move(
        PLATFORM,
        charge["amount"],
        charge["currency"],
        type="charge",
        source=charge["id"],
        description=charge["description"],
        fee=balances.fee_of(charge["amount"]),
        available_on=balances.settles_at(test_number),
    )
    return store.save({**charge, "balance_transaction": booked["id"]})


def new_charge(intent, method, card):
    kind = method["type"]
    return {
        **dict.fromkeys(UNUSED),
        "id": store.new_id("ch" if kind == "card" else "py"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": "VITRINE SANDBOX",
        "captured": False,
        "created": clock.stamp(),
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_code": card.code or None,
        "failure_message": card.message or None,
        "fraud_details": {},
        "livemode": False,
        "metadata": intent["metadata"],
        "outcome": outcome(card.code, card.decline_code, card.message),
        "paid": False,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {"type": kind, kind: method[kind]},
        "receipt_email": intent["receipt_email"],
        "refunded": False,
        "shipping": intent["shipping"],
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
        "status": "failed",
        "transfer_group": intent["transfer_group"] or f"group_{intent['id']}",
    }


def outcome(code="", decline_code="", message=""):
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "declined_by_network" if code else "approved_by_network",
        "reason": decline_code or None,
        "seller_message": message or "Payment complete.",
        "type": "issuer_declined" if code else "authorized",
    }


def found(pk, param="id"):
    charge = store.get("charge", pk)
    if charge is None:
        raise errors.missing("charge", pk, param)
    return charge


def retrieve(call, pk):
    secret_only(call)
    return found(pk)


def index(call):
    return filtered(call, "charge", ("payment_intent", "transfer_group", "customer"))
