"""From a balance to a bank account."""

from checkout.stripe_sandbox import balances, clock, errors, store
from checkout.stripe_sandbox.api import filtered, secret_only
from checkout.stripe_sandbox.events import emit

FAILURES = {
    "account_closed": "The bank account has been closed.",
    "account_frozen": "The bank account has been frozen.",
    "could_not_process": "The bank could not process this payout.",
    "invalid_account_number": "The bank account number is invalid.",
    "no_account": "The bank account could not be located.",
}


def create(call):
    secret_only(call)
    p = call.params
    p.accept(
        "description", "metadata", "method", "statement_descriptor",
        required=("amount", "currency"),
    )  # fmt: skip
    amount, currency = p.amount(), p.currency()
    if balances.available(call.account, currency) < amount:
        raise balances.short("You have insufficient funds in your Stripe account.")
    details = {
        "description": p.text("description"),
        "metadata": p.mapping("metadata"),
        "method": p.text("method", "standard"),
        "statement_descriptor": p.text("statement_descriptor"),
    }
    return send(call, call.account, amount, currency, **details)


def send(call, account, amount, currency, **details):
    """On its way; it arrives when the clock says so."""
    pk = store.new_id("po")
    booked = balances.move(account, -amount, currency, type="payout", source=pk)
    arrives_at = clock.now() + payout_days() * balances.DAY_SECONDS
    done = store.add(
        {
            "id": pk,
            "object": "payout",
            "amount": amount,
            "application_fee": None,
            "application_fee_amount": None,
            "arrival_date": int(arrives_at),
            "automatic": False,
            "balance_transaction": booked["id"],
            "created": clock.stamp(),
            "currency": currency,
            "description": None,
            "destination": store.new_id("ba"),
            "failure_balance_transaction": None,
            "failure_code": None,
            "failure_message": None,
            "livemode": False,
            "metadata": {},
            "method": "standard",
            "original_payout": None,
            "reconciliation_status": "not_applicable",
            "reversed_by": None,
            "source_type": "card",
            "statement_descriptor": None,
            "status": "pending",
            "type": "bank_account",
            **details,
        },
        account,
    )
    emit(call, "payout.created", done, account)
    store.plan(arrives_at, "finish_payout", pk)
    return done


def payout_days() -> float:
    return store.get_knob("balance").get("payout_days", 0)


def finish(call, pk) -> None:
    """It arrives, unless it was canceled or the next one is to fail."""
    payout = store.get("payout", pk)
    if payout["status"] != "pending":
        return
    knob = store.get_knob("balance")
    if code := knob.pop("fail_next_payout", ""):
        store.set_knob("balance", knob)
        fail(call, payout, code)
    else:
        paid = store.save({**payout, "status": "paid"})
        emit(call, "payout.paid", paid, store.account_of(pk))


def fail(call, payout, code="could_not_process") -> None:
    """The bank sends it back, perhaps after it had arrived."""
    if payout["status"] in ("failed", "canceled"):
        return
    account = store.account_of(payout["id"])
    booked = give_back(account, payout, "payout_failure")
    failed = store.save(
        {
            **payout,
            "status": "failed",
            "failure_balance_transaction": booked["id"],
            "failure_code": code,
            "failure_message": FAILURES.get(code, FAILURES["could_not_process"]),
        }
    )
    emit(call, "payout.failed", failed, account)


def give_back(account, payout, kind):
    return balances.move(
        account, payout["amount"], payout["currency"], type=kind, source=payout["id"]
    )


def pay_out_everything(call, account: str) -> None:
    """What an account on a schedule gets by itself: one payout for each currency."""
    rows = store.run(
        "SELECT currency, available FROM funds WHERE account = ? AND available > 0",
        account,
    ).fetchall()
    for row in rows:
        payout = send(
            call,
            account,
            row["available"],
            row["currency"],
            automatic=True,
            description="STRIPE PAYOUT",
            reconciliation_status="completed",
        )
        mark_paid_out(account, payout)


def mark_paid_out(account, payout) -> None:
    """So that the transactions in a payout can be listed, as Stripe allows then."""
    for done in store.find("balance_transaction", account=account, status="available"):
        if done["currency"] == payout["currency"] and not done.get("paid_out_by"):
            store.save({**done, "paid_out_by": payout["id"]})


def found(call, pk):
    payout = store.get("payout", pk, call.account)
    if payout is None:
        raise errors.missing("payout", pk)
    return payout


def anybodys(pk):
    payout = store.get("payout", pk)
    if payout is None:
        raise errors.missing("payout", pk)
    return payout


def retrieve(call, pk):
    secret_only(call)
    return found(call, pk)


def update(call, pk):
    secret_only(call)
    call.params.accept("metadata")
    payout = found(call, pk)
    payout["metadata"] |= call.params.mapping("metadata")
    return store.save(payout)


def cancel(call, pk):
    secret_only(call)
    call.params.accept()
    payout = found(call, pk)
    if payout["status"] != "pending" or payout["automatic"]:
        raise errors.invalid("Payouts can be canceled only while they are pending.")
    booked = give_back(call.account, payout, "payout_cancel")
    canceled = {"status": "canceled", "failure_balance_transaction": booked["id"]}
    emit(call, "payout.canceled", store.save({**payout, **canceled}), call.account)
    return {**payout, **canceled}


def index(call):
    return filtered(call, "payout", ("status", "destination"), "arrival_date")
