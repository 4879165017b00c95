"""Transfers to sellers, and their reversals."""

from checkout.stripe_sandbox import balances, clock, errors, store
from checkout.stripe_sandbox.accounts import found as found_account
from checkout.stripe_sandbox.api import filtered, listed, secret_only
from checkout.stripe_sandbox.events import emit


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
    if source is None and balances.available(call.account, currency) < amount:
        raise balances.short("You have insufficient available funds in your account.")
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
    pk, received = store.new_id("tr"), store.new_id("py")
    # Of a payment that is pending the money is pending at the seller's, too.
    at = available_on(source)
    given = balances.move(
        call.account, -amount, p.currency(), type="transfer", source=pk, available_on=at
    )
    balances.move(
        seller["id"],
        amount,
        p.currency(),
        type="payment",
        source=received,
        available_on=at,
    )
    done = store.add(
        {
            "id": pk,
            "object": "transfer",
            "amount": amount,
            "amount_reversed": 0,
            "balance_transaction": given["id"],
            "created": clock.stamp(),
            "currency": p.currency(),
            "description": p.text("description"),
            "destination": seller["id"],
            "destination_payment": received,
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


def available_on(source):
    if source is None:
        return 0
    return store.get("balance_transaction", source["balance_transaction"])[
        "available_on"
    ]


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
    if balances.available(transfer["destination"], transfer["currency"]) < amount:
        raise balances.short(
            "The recipient of this transfer does not have sufficient funds in their "
            "Stripe balance to reverse this amount."
        )
    return reversal(call, transfer, amount)


def reversal(call, transfer, amount):
    pk, returned = store.new_id("trr"), store.new_id("pyr")
    currency = transfer["currency"]
    balances.move(
        transfer["destination"],
        -amount,
        currency,
        type="payment_refund",
        source=returned,
    )
    taken = balances.move(
        call.account, amount, currency, type="transfer_refund", source=pk
    )
    done = store.add(
        {
            "id": pk,
            "object": "transfer_reversal",
            "amount": amount,
            "balance_transaction": taken["id"],
            "created": clock.stamp(),
            "currency": currency,
            "destination_payment_refund": returned,
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
