"""The money that goes back from charges."""

from checkout.stripe_sandbox import balances, clock, disputes, errors, store
from checkout.stripe_sandbox.api import PLATFORM, filtered, secret_only
from checkout.stripe_sandbox.events import emit

REASONS = ("duplicate", "fraudulent", "requested_by_customer")
# Stripe's cards whose refunds are not done at once.
SLOW, FAILING = "4000000000007726", "4000000000005126"


def create(call):
    secret_only(call)
    p = call.params
    p.accept("amount", "charge", "metadata", "payment_intent", "reason")
    if p.text("reason") and p.text("reason") not in REASONS:
        raise errors.not_begun(
            f"Invalid reason: must be one of {', '.join(REASONS)}", param="reason"
        )
    paid = charge_to_refund(p)
    refuse_disputed(paid)
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


def refuse_disputed(paid):
    """The bank has taken the money back already."""
    disputes = store.find("dispute", charge=paid["id"])
    if any(not dispute["is_charge_refundable"] for dispute in disputes):
        raise errors.invalid(
            f"Charge {paid['id']} has been charged back; cannot issue a refund.",
            code="charge_disputed",
        )


def refund(call, paid, amount):
    pk = store.new_id("re")
    number = store.get_any(paid["payment_method"]).get("test_number")
    booked = balances.move(
        PLATFORM, -amount, paid["currency"], type="refund", source=pk
    )
    done = store.add(
        {
            "id": pk,
            "object": "refund",
            "amount": amount,
            "balance_transaction": booked["id"],
            "charge": paid["id"],
            "created": clock.stamp(),
            "currency": paid["currency"],
            "destination_details": {"card": {"type": "refund"}, "type": "card"},
            "metadata": call.params.mapping("metadata"),
            "payment_intent": paid["payment_intent"],
            "reason": call.params.text("reason"),
            "receipt_number": None,
            "source_transfer_reversal": None,
            "status": "pending" if number == SLOW else "succeeded",
            "transfer_reversal": None,
        }
    )
    paid["amount_refunded"] += amount
    paid["refunded"] = paid["amount_refunded"] == paid["amount"]
    emit(call, "refund.created", done)
    emit(call, "charge.refunded", store.save(paid))
    if paid["refunded"]:
        close_inquiries(call, paid)
    if number in (SLOW, FAILING):
        store.plan(clock.now() + balances.DAY_SECONDS, "finish_refund", pk)
    return done


def close_inquiries(call, paid) -> None:
    """The buyer has their money: the bank asks no more."""
    for dispute in store.find("dispute", charge=paid["id"]):
        if dispute["status"].startswith("warning"):
            disputes.finish(call, dispute, "warning_closed")


def finish(call, pk) -> None:
    """The buyer's bank has taken it, or sends it back."""
    refund = store.get("refund", pk)
    charge = store.get("charge", refund["charge"])
    number = store.get_any(charge["payment_method"]).get("test_number")
    if number == FAILING:
        fail(call, refund)
    elif refund["status"] == "pending":
        done = store.save({**refund, "status": "succeeded"})
        emit(call, "refund.updated", done)
        emit(call, "charge.refund.updated", done)


def fail(call, refund, reason="expired_or_canceled_card") -> None:
    """The money is the platform's again; the charge counts it as not refunded."""
    if refund["status"] == "failed":
        return
    charge = store.get("charge", refund["charge"])
    booked = balances.move(
        PLATFORM,
        refund["amount"],
        refund["currency"],
        type="refund_failure",
        source=refund["id"],
    )
    failure = {"failure_balance_transaction": booked["id"], "failure_reason": reason}
    done = store.save({**refund, "status": "failed", **failure})
    charge["amount_refunded"] -= refund["amount"]
    store.save({**charge, "refunded": False})
    emit(call, "refund.updated", done)
    emit(call, "refund.failed", done)
    emit(call, "charge.refund.updated", done)


def found(pk):
    refund = store.get("refund", pk)
    if refund is None:
        raise errors.missing("refund", pk)
    return refund


def retrieve(call, pk):
    secret_only(call)
    return found(pk)


def index(call):
    return filtered(call, "refund", ("payment_intent", "charge"))
