"""Disputes: the buyer's bank takes the money back, and may be answered."""

from checkout.stripe_sandbox import balances, charges, clock, errors, store
from checkout.stripe_sandbox.api import PLATFORM, filtered, secret_only
from checkout.stripe_sandbox.events import emit

DUE_DAYS, DECISION_DAYS = 9, 60
REASONS = {
    "4000000000000259": "fraudulent",
    "4000000000002685": "product_not_received",
    "4000000000001976": "product_not_received",
    "DE35370400440532013002": "bank_cannot_process",
}
INQUIRY = "4000000000001976"
OPEN = ("needs_response", "warning_needs_response")
# With these words as `uncategorized_text` Stripe's test mode decides at once.
VERDICTS = {"winning_evidence": "won", "losing_evidence": "lost"}
EVIDENCE = (
    "access_activity_log", "billing_address", "cancellation_policy",
    "cancellation_policy_disclosure", "cancellation_rebuttal",
    "customer_communication", "customer_email_address", "customer_name",
    "customer_purchase_ip", "customer_signature", "duplicate_charge_documentation",
    "duplicate_charge_explanation", "duplicate_charge_id", "product_description",
    "receipt", "refund_policy", "refund_policy_disclosure",
    "refund_refusal_explanation", "service_date", "service_documentation",
    "shipping_address", "shipping_carrier", "shipping_date",
    "shipping_documentation", "shipping_tracking_number", "uncategorized_file",
    "uncategorized_text",
)  # fmt: skip


def open_on(call, charge_id, *, amount=None, reason=None, is_inquiry=None) -> dict:
    """The buyer has complained to their bank."""
    charge = charges.found(charge_id, "charge")
    number = store.get_any(charge["payment_method"]).get("test_number", "")
    if is_inquiry is None:
        is_inquiry = number == INQUIRY
    left = charge["amount"] - charge["amount_refunded"]
    dispute = new_dispute(charge, amount or left, is_inquiry)
    dispute["reason"] = reason or REASONS.get(number, "general")
    store.add(dispute)
    store.save({**charge, "disputed": True})
    emit(call, "charge.dispute.created", dispute)
    if not is_inquiry:
        withdraw(call, dispute)
    store.plan(dispute["evidence_details"]["due_by"], "end_dispute", dispute["id"])
    return dispute


def new_dispute(charge, amount, is_inquiry):
    due_by = clock.stamp() + DUE_DAYS * balances.DAY_SECONDS
    return {
        "id": store.new_id("du"),
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": clock.stamp(),
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {**dict.fromkeys(EVIDENCE), "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": due_by,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": None,
        },
        "is_charge_refundable": is_inquiry,
        "livemode": False,
        "metadata": {},
        "network_reason_code": "10",
        "payment_intent": charge["payment_intent"],
        "payment_method_details": method_details(charge["payment_method_details"]),
        "reason": "general",
        "status": "warning_needs_response" if is_inquiry else "needs_response",
    }


def method_details(paid_with):
    if paid_with["type"] != "card":
        return None
    card = {"brand": paid_with["card"]["brand"], "case_type": "chargeback"}
    return {"type": "card", "card": {**card, "network_reason_code": "10"}}


def withdraw(call, dispute):
    taken = balances.move(
        PLATFORM,
        -dispute["amount"],
        dispute["currency"],
        type="adjustment",
        category="dispute",
        source=dispute["id"],
        fee=balances.dispute_fee(),
        description=f"Chargeback withdrawal for {dispute['charge']}",
    )
    dispute["balance_transactions"].append(taken)
    emit(call, "charge.dispute.funds_withdrawn", store.save(dispute))


def reinstate(call, dispute):
    """The bank gives the amount back; Stripe keeps its fee."""
    given = balances.move(
        PLATFORM,
        dispute["amount"],
        dispute["currency"],
        type="adjustment",
        category="dispute_reversal",
        source=dispute["id"],
        description=f"Chargeback reversal for {dispute['charge']}",
    )
    dispute["balance_transactions"].append(given)
    dispute["is_charge_refundable"] = True
    emit(call, "charge.dispute.funds_reinstated", store.save(dispute))


def found(pk):
    dispute = store.get("dispute", pk)
    if dispute is None:
        raise errors.missing("dispute", pk)
    return dispute


def retrieve(call, pk):
    secret_only(call)
    return found(pk)


def index(call):
    return filtered(call, "dispute", ("charge", "payment_intent"))


def update(call, pk):
    """Evidence, kept as a draft unless it is submitted, which happens once."""
    secret_only(call)
    p = call.params
    p.accept("evidence", "metadata", "submit")
    dispute = found(pk)
    given = p.mapping("evidence")
    for name in given:
        if name not in EVIDENCE:
            raise errors.not_begun(
                f"Received unknown parameter: evidence[{name}]",
                code="parameter_unknown",
                param=f"evidence[{name}]",
            )
    if given and dispute["status"] not in OPEN:
        raise errors.invalid("This dispute is already closed")
    dispute["metadata"] |= p.mapping("metadata")
    dispute["evidence"] |= {name: value or None for name, value in given.items()}
    if given:
        dispute["evidence_details"]["has_evidence"] = True
    if p.tree.get("submit", "true") == "true" and given:
        return submit(call, dispute)
    emit(call, "charge.dispute.updated", store.save(dispute))
    return dispute


def submit(call, dispute):
    is_inquiry = dispute["status"].startswith("warning")
    dispute["status"] = "warning_under_review" if is_inquiry else "under_review"
    dispute["evidence_details"]["submission_count"] += 1
    dispute["evidence_details"]["submission_method"] = "manual"
    emit(call, "charge.dispute.updated", store.save(dispute))
    verdict = VERDICTS.get(dispute["evidence"]["uncategorized_text"])
    if verdict:
        return finish(call, dispute, verdict)
    decided_at = clock.now() + DECISION_DAYS * balances.DAY_SECONDS
    store.plan(decided_at, "end_dispute", dispute["id"])
    return dispute


def close(call, pk):
    """The seller gives in."""
    secret_only(call)
    call.params.accept()
    dispute = found(pk)
    if dispute["status"] not in OPEN:
        raise errors.invalid("This dispute is already closed")
    return finish(call, dispute, "lost")


def end_by_itself(call, pk) -> None:
    """Nobody answered in time, or the bank has taken its time over the answer."""
    dispute = found(pk)
    details = dispute["evidence_details"]
    if dispute["status"] in OPEN:
        store.save({**dispute, "evidence_details": {**details, "past_due": True}})
        finish(call, found(pk), "lost")
    elif decision_is_due(dispute):
        finish(call, dispute, store.get_knob("disputes").get("outcome", "lost"))


def decision_is_due(dispute) -> bool:
    """Not at the date for evidence, which was given in time."""
    if dispute["status"] not in ("under_review", "warning_under_review"):
        return False
    waiting = store.run(
        "SELECT 1 FROM plans WHERE work = 'end_dispute' AND object = ?", dispute["id"]
    ).fetchone()
    return waiting is None


def finish(call, dispute, outcome) -> dict:
    """Won or lost; an inquiry is only closed.  A second verdict changes nothing."""
    if dispute["status"] in ("won", "lost", "warning_closed"):
        return dispute
    if dispute["status"].startswith("warning"):
        outcome = "warning_closed"
    dispute["status"] = outcome
    emit(call, "charge.dispute.closed", store.save(dispute))
    if outcome == "won":
        reinstate(call, dispute)
    return dispute
