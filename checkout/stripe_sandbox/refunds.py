"""Charges and the money that goes back from them."""

import time

from checkout.stripe_sandbox import errors, store
from checkout.stripe_sandbox.api import PLATFORM, listed, secret_only
from checkout.stripe_sandbox.events import emit

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
REASONS = ("duplicate", "fraudulent", "requested_by_customer")


def add_charge(intent, method, card):
    """One try at the card; a good one adds to the platform's balance."""
    is_paid = not card.code
    pk = store.new_id("ch")
    amount = intent["amount"]
    if is_paid:
        store.move_money(PLATFORM, intent["currency"], amount)
    return store.add(
        {
            **dict.fromkeys(UNUSED),
            "id": pk,
            "object": "charge",
            "amount": amount,
            "amount_captured": amount if is_paid else 0,
            "amount_refunded": 0,
            "balance_transaction": store.new_id("txn") if is_paid else None,
            "billing_details": method["billing_details"],
            "calculated_statement_descriptor": "VITRINE SANDBOX",
            "captured": is_paid,
            "created": int(time.time()),
            "currency": intent["currency"],
            "customer": intent["customer"],
            "description": intent["description"],
            "disputed": False,
            "failure_code": card.code or None,
            "failure_message": card.message or None,
            "fraud_details": {},
            "livemode": False,
            "metadata": intent["metadata"],
            "outcome": outcome(card),
            "paid": is_paid,
            "payment_intent": intent["id"],
            "payment_method": method["id"],
            "payment_method_details": {"type": "card", "card": method["card"]},
            "receipt_email": intent["receipt_email"],
            "refunded": False,
            "shipping": intent["shipping"],
            "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
            "status": "succeeded" if is_paid else "failed",
            "transfer_group": intent["transfer_group"] or f"group_{intent['id']}",
        }
    )


def outcome(card):
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "declined_by_network" if card.code else "approved_by_network",
        "reason": card.decline_code or None,
        "seller_message": card.message or "Payment complete.",
        "type": "issuer_declined" if card.code else "authorized",
    }


def charge(call, pk):
    secret_only(call)
    found = store.get("charge", pk)
    if found is None:
        raise errors.missing("charge", pk)
    return found


def charges(call):
    secret_only(call)
    return filtered(call, "charge", ("payment_intent", "transfer_group", "customer"))


def filtered(call, kind, names):
    call.params.accept("limit", "starting_after", *names)
    fields = {name: call.params.text(name) for name in names}
    fields = {name: value for name, value in fields.items() if value}
    return listed(call, store.find(kind, **fields), f"/v1/{kind}s")


def create(call):
    secret_only(call)
    p = call.params
    p.accept("amount", "charge", "metadata", "payment_intent", "reason")
    if p.text("reason") and p.text("reason") not in REASONS:
        raise errors.not_begun(
            f"Invalid reason: must be one of {', '.join(REASONS)}", param="reason"
        )
    paid = charge_to_refund(p)
    left = paid["amount"] - paid["amount_refunded"]
    amount = p.amount(default=left)
    if left == 0:
        raise errors.invalid(
            f"Charge {paid['id']} has already been refunded.",
            code="charge_already_refunded",
        )
    if amount > left:
        raise errors.invalid(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge "
            f"({left})",
            param="amount",
        )
    return refund(call, paid, amount)


def charge_to_refund(p):
    if p.text("payment_intent"):
        intent = store.get("payment_intent", p.text("payment_intent"))
        if intent is None:
            raise errors.missing(
                "payment_intent", p.text("payment_intent"), "payment_intent"
            )
        if intent["status"] != "succeeded":
            raise errors.invalid(
                f"This PaymentIntent ({intent['id']}) does not have a successful "
                "charge to refund.",
                param="payment_intent",
            )
        return store.get("charge", intent["latest_charge"])
    if not p.text("charge"):
        raise errors.not_begun(
            "One of the following params should be provided for this request: "
            "payment_intent or charge."
        )
    paid = store.get("charge", p.text("charge"))
    if paid is None or not paid["paid"]:
        raise errors.missing("charge", p.text("charge"), "charge")
    return paid


def refund(call, paid, amount):
    done = store.add(
        {
            "id": store.new_id("re"),
            "object": "refund",
            "amount": amount,
            "balance_transaction": store.new_id("txn"),
            "charge": paid["id"],
            "created": int(time.time()),
            "currency": paid["currency"],
            "destination_details": {"card": {"type": "refund"}, "type": "card"},
            "metadata": call.params.mapping("metadata"),
            "payment_intent": paid["payment_intent"],
            "reason": call.params.text("reason"),
            "receipt_number": None,
            "source_transfer_reversal": None,
            "status": "succeeded",
            "transfer_reversal": None,
        }
    )
    paid["amount_refunded"] += amount
    paid["refunded"] = paid["amount_refunded"] == paid["amount"]
    store.move_money(PLATFORM, paid["currency"], -amount)
    emit(call, "refund.created", done)
    emit(call, "charge.refunded", store.save(paid))
    return done


def retrieve(call, pk):
    secret_only(call)
    found = store.get("refund", pk)
    if found is None:
        raise errors.missing("refund", pk)
    return found


def index(call):
    secret_only(call)
    return filtered(call, "refund", ("payment_intent", "charge"))
