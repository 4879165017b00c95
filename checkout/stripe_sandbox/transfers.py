"""Transfers to sellers, their reversals, balances and payouts."""

import time

from checkout.stripe_sandbox import errors, store
from checkout.stripe_sandbox.accounts import found as found_account
from checkout.stripe_sandbox.api import listed, secret_only
from checkout.stripe_sandbox.events import emit
from checkout.stripe_sandbox.refunds import filtered


def create(call):
    secret_only(call)
    p = call.params
    p.accept(
        "description", "metadata", "source_transaction", "transfer_group",
        required=("amount", "currency", "destination"),
    )  # fmt: skip
    amount, currency = p.amount(), p.currency()
    seller = found_account(p.text("destination"), "destination")
    if seller["capabilities"].get("transfers") != "active":
        raise errors.invalid(
            "Your destination account needs to have at least one of the following "
            "capabilities enabled: transfers, crypto_transfers, legacy_payments",
            code="insufficient_capabilities_for_transfer",
        )
    source = source_of(p, amount, currency)
    if source is None and store.balance(call.account, currency) < amount:
        raise short_balance("You have insufficient available funds in your account.")
    return transfer(call, seller, amount, source)


def source_of(p, amount, currency):
    """The charge the money comes from; it cannot give more than it took."""
    pk = p.text("source_transaction")
    if pk is None:
        return None
    charge = store.get("charge", pk)
    if charge is None or not charge["paid"]:
        raise errors.missing("charge", pk, "source_transaction")
    if charge["currency"] != currency:
        raise errors.invalid(
            "The currency of source_transaction's balance transaction "
            f"({charge['currency']}) must be the same as the transfer currency "
            f"({currency})",
            param="currency",
        )
    given = store.find("transfer", source_transaction=pk)
    left = charge["amount"] - sum(t["amount"] - t["amount_reversed"] for t in given)
    if amount > left:
        raise errors.invalid(
            "The transfers from this source_transaction would exceed its amount: "
            f"{left} {currency} is left.",
            param="amount",
        )
    return charge


def transfer(call, seller, amount, source):
    p = call.params
    pk = store.new_id("tr")
    store.move_money(call.account, p.currency(), -amount)
    store.move_money(seller["id"], p.currency(), amount)
    done = store.add(
        {
            "id": pk,
            "object": "transfer",
            "amount": amount,
            "amount_reversed": 0,
            "balance_transaction": store.new_id("txn"),
            "created": int(time.time()),
            "currency": p.currency(),
            "description": p.text("description"),
            "destination": seller["id"],
            "destination_payment": store.new_id("py"),
            "livemode": False,
            "metadata": p.mapping("metadata"),
            "reversals": reversal_list(pk, []),
            "reversed": False,
            "source_transaction": source["id"] if source else None,
            "source_type": "card",
            "transfer_group": p.text(
                "transfer_group", source["transfer_group"] if source else None
            ),
        }
    )
    emit(call, "transfer.created", done)
    return done


def reversal_list(pk, data):
    return {
        "object": "list",
        "data": data,
        "has_more": False,
        "url": f"/v1/transfers/{pk}/reversals",
    }


def found(pk):
    transfer = store.get("transfer", pk)
    if transfer is None:
        raise errors.missing("transfer", pk)
    return transfer


def retrieve(call, pk):
    secret_only(call)
    return found(pk)


def index(call):
    secret_only(call)
    return filtered(call, "transfer", ("destination", "transfer_group"))


def reverse(call, pk):
    secret_only(call)
    call.params.accept("amount", "description", "metadata")
    transfer = found(pk)
    left = transfer["amount"] - transfer["amount_reversed"]
    amount = call.params.amount(default=left)
    if amount > left or left == 0:
        raise errors.invalid(
            f"Reversal amount ({amount}) is greater than unreversed amount on "
            f"transfer ({left})",
            param="amount",
        )
    if store.balance(transfer["destination"], transfer["currency"]) < amount:
        raise short_balance(
            "The recipient of this transfer does not have sufficient funds in their "
            "Stripe balance to reverse this amount."
        )
    return reversal(call, transfer, amount)


def reversal(call, transfer, amount):
    store.move_money(transfer["destination"], transfer["currency"], -amount)
    store.move_money(call.account, transfer["currency"], amount)
    done = store.add(
        {
            "id": store.new_id("trr"),
            "object": "transfer_reversal",
            "amount": amount,
            "balance_transaction": store.new_id("txn"),
            "created": int(time.time()),
            "currency": transfer["currency"],
            "destination_payment_refund": store.new_id("pyr"),
            "metadata": call.params.mapping("metadata"),
            "source_refund": None,
            "transfer": transfer["id"],
        }
    )
    transfer["amount_reversed"] += amount
    transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
    made = store.find("transfer_reversal", transfer=transfer["id"])
    transfer["reversals"] = reversal_list(transfer["id"], made)
    emit(call, "transfer.reversed", store.save(transfer))
    return done


def reversals(call, pk):
    secret_only(call)
    made = store.find("transfer_reversal", transfer=found(pk)["id"])
    return listed(call, made, f"/v1/transfers/{pk}/reversals")


def short_balance(message):
    return errors.invalid(message, code="balance_insufficient")


def balance(call):
    """Everything is available at once: the sandbox has no settlement days."""
    secret_only(call)
    rows = store.run(
        "SELECT currency, amount FROM balances WHERE account = ? ORDER BY currency",
        call.account,
    ).fetchall()
    return {
        "object": "balance",
        "available": [amount_of(row["currency"], row["amount"]) for row in rows],
        "livemode": False,
        "pending": [amount_of(row["currency"], 0) for row in rows],
    }


def amount_of(currency, amount):
    return {"amount": amount, "currency": currency, "source_types": {"card": amount}}


def pay_out(call):
    secret_only(call)
    p = call.params
    p.accept("description", "metadata", required=("amount", "currency"))
    amount, currency = p.amount(), p.currency()
    if store.balance(call.account, currency) < amount:
        raise short_balance("You have insufficient funds in your Stripe account.")
    store.move_money(call.account, currency, -amount)
    now = int(time.time())
    done = store.add(
        {
            "id": store.new_id("po"),
            "object": "payout",
            "amount": amount,
            "application_fee": None,
            "application_fee_amount": None,
            "arrival_date": now,
            "automatic": False,
            "balance_transaction": store.new_id("txn"),
            "created": now,
            "currency": currency,
            "description": p.text("description"),
            "destination": store.new_id("ba"),
            "failure_balance_transaction": None,
            "failure_code": None,
            "failure_message": None,
            "livemode": False,
            "metadata": p.mapping("metadata"),
            "method": "standard",
            "original_payout": None,
            "reconciliation_status": "not_applicable",
            "reversed_by": None,
            "source_type": "card",
            "statement_descriptor": None,
            "status": "paid",
            "type": "bank_account",
        }
    )
    emit(call, "payout.paid", done, account=call.account)
    return done


def payouts(call):
    secret_only(call)
    call.params.accept("limit", "starting_after")
    return listed(call, store.find("payout"), "/v1/payouts")
