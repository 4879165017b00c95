"""Bank debits: the buyer's bank says yes or no after the buyer has gone."""

from checkout.stripe_sandbox import charges, clock, store
from checkout.stripe_sandbox.api import shown
from checkout.stripe_sandbox.bank_accounts import DISPUTED, IBANS
from checkout.stripe_sandbox.cards import Card
from checkout.stripe_sandbox.events import emit

REFUSED = "The customer's bank account has insufficient funds."


def begin(call, intent, method):
    """The debit is on its way to the bank: nothing can be canceled any more."""
    made = store.add(charges.new_charge(intent, method, Card()))
    charge = store.save({**made, "status": "pending"})
    intent |= {
        "latest_charge": charge["id"],
        "next_action": None,
        "processing": {"type": "sepa_debit"},
        "status": "processing",
    }
    emit(call, "charge.pending", charge)
    emit(call, "payment_intent.processing", store.save(intent))
    _, seconds = IBANS[method["test_number"]]
    store.plan(clock.now() + seconds, "finish_payment", intent["id"])
    return intent


def finish(call, pk, outcome=None) -> None:
    """What the bank says; a second answer changes nothing."""
    intent = store.get("payment_intent", pk)
    if intent is None or intent["status"] != "processing":
        return
    method = store.get("payment_method", intent["payment_method"])
    charge = store.get("charge", intent["latest_charge"])
    intent["processing"] = None
    if (outcome or IBANS[method["test_number"]][0]) == "succeeded":
        succeed(call, intent, charges.book(charge))
        if method["test_number"] == DISPUTED:
            store.plan(clock.now(), "open_dispute", charge["id"])
    else:
        refuse(call, intent, charge, method)


def succeed(call, intent, charge):
    intent |= {"status": "succeeded", "amount_received": intent["amount"]}
    emit(call, "charge.succeeded", charge)
    emit(call, "payment_intent.succeeded", store.save(intent))


def refuse(call, intent, charge, method):
    failure = {"failure_code": "insufficient_funds", "failure_message": REFUSED}
    failed = store.save({**charge, **failure, "status": "failed"})
    error = {
        "type": "card_error",
        "code": "insufficient_funds",
        "message": REFUSED,
        "charge": charge["id"],
    }
    intent |= {
        "status": "requires_payment_method",
        "payment_method": None,
        "last_payment_error": {**error, "payment_method": shown(method)},
    }
    emit(call, "charge.failed", failed)
    emit(call, "payment_intent.payment_failed", store.save(intent))
