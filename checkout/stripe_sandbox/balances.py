"""Balances of the platform and its accounts: every movement is a transaction."""

from checkout.stripe_sandbox import clock, errors, store
from checkout.stripe_sandbox.api import PLATFORM, filtered, secret_only, shown

DAY_SECONDS = 24 * 60 * 60
CATEGORIES = {
    "charge": "charge",
    "payment": "charge",
    "refund": "refund",
    "payment_refund": "refund",
    "refund_failure": "refund_failure",
    "transfer": "transfer",
    "transfer_refund": "transfer_reversal",
    "payout": "payout",
    "payout_failure": "payout_reversal",
    "payout_cancel": "payout_reversal",
}
FEES = {"basis_points": 0, "fixed": 0, "dispute": 1500}


def move(account, amount, currency, **details) -> dict:
    """One balance transaction: `type` and `source`, perhaps `fee`, `available_on`.

    Money that comes may be pending for some days; money that goes is gone at once.
    """
    fee = details.get("fee", 0)
    available_on = max(details.get("available_on", 0), clock.now())
    is_pending = available_on > clock.now()
    done = store.add(
        {
            "id": store.new_id("txn"),
            "object": "balance_transaction",
            "amount": amount,
            "available_on": int(available_on),
            "balance_type": "payments",
            "created": clock.stamp(),
            "currency": currency,
            "description": details.get("description"),
            "exchange_rate": None,
            "fee": fee,
            "fee_details": fee_details(fee, currency),
            "net": amount - fee,
            "reporting_category": details.get("category")
            or CATEGORIES[details["type"]],
            "source": details["source"],
            "status": "pending" if is_pending else "available",
            "type": details["type"],
        },
        account,
    )
    add_funds(account, currency, done["net"], is_pending=is_pending)
    if is_pending:
        store.plan(available_on, "settle", done["id"])
    return done


def fee_details(fee, currency):
    if not fee:
        return []
    part = {"amount": fee, "application": None, "currency": currency}
    return [{**part, "description": "Stripe processing fees", "type": "stripe_fee"}]


def add_funds(account, currency, amount, *, is_pending):
    column = "pending" if is_pending else "available"
    parts = (0, amount) if is_pending else (amount, 0)
    store.run(
        "INSERT INTO funds (account, currency, available, pending) VALUES (?, ?, ?, ?)"
        f" ON CONFLICT DO UPDATE SET {column} = {column} + excluded.{column}",
        account,
        currency,
        *parts,
    )


def settle(call, pk) -> None:
    """What was pending is available."""
    done = store.get("balance_transaction", pk)
    account = store.account_of(pk)
    add_funds(account, done["currency"], -done["net"], is_pending=True)
    add_funds(account, done["currency"], done["net"], is_pending=False)
    store.save({**done, "status": "available"})
    plan_payout(account)


def plan_payout(account: str) -> None:
    """An account on a schedule is paid out at the next midnight."""
    holder = store.get("account", account)
    if holder is None:
        return
    schedule = holder["settings"]["payouts"]["schedule"]
    waiting = store.run(
        "SELECT 1 FROM plans WHERE work = 'pay_out' AND object = ?", account
    ).fetchone()
    if schedule["interval"] == "daily" and waiting is None:
        midnight = (clock.stamp() // DAY_SECONDS + 1) * DAY_SECONDS
        store.plan(midnight, "pay_out", account)


def available(account: str, currency: str) -> int:
    row = store.run(
        "SELECT available FROM funds WHERE account = ? AND currency = ?",
        account,
        currency,
    ).fetchone()
    return row["available"] if row else 0


def settles_at(card_number: str = "") -> float:
    """When a payment of this moment is available."""
    if card_number == "4000000000000077":  # Stripe's own, for this purpose
        return clock.now()
    days = store.get_knob("balance").get("settlement_days", 0)
    return clock.now() + days * DAY_SECONDS


def fee_of(amount: int) -> int:
    rates = FEES | store.get_knob("balance").get("fees", {})
    return (amount * rates["basis_points"] + 5000) // 10000 + rates["fixed"]


def dispute_fee() -> int:
    return (FEES | store.get_knob("balance").get("fees", {}))["dispute"]


def short(message):
    return errors.invalid(message, code="balance_insufficient")


def retrieve(call):
    secret_only(call)
    rows = store.run(
        "SELECT * FROM funds WHERE account = ? ORDER BY currency", call.account
    ).fetchall()
    body = {
        "object": "balance",
        "available": [part(row["currency"], row["available"]) for row in rows],
        "livemode": False,
        "pending": [part(row["currency"], row["pending"]) for row in rows],
    }
    if call.account == PLATFORM:
        reserved = [{"amount": 0, "currency": row["currency"]} for row in rows]
        body["connect_reserved"] = reserved
    return body


def part(currency, amount):
    return {"amount": amount, "currency": currency, "source_types": {"card": amount}}


def transaction(call, pk):
    secret_only(call)
    found = store.get("balance_transaction", pk, call.account)
    if found is None:
        raise errors.missing("balance_transaction", pk)
    return shown(found)


def transactions(call):
    # Under the name that it has here.
    if payout := call.params.tree.pop("payout", None):
        call.params.tree["paid_out_by"] = payout
    names = ("source", "currency", "type", "paid_out_by")
    return filtered(call, "balance_transaction", names)
