"""Stripe Tax: calculations, and what is recorded of them.

Rates are those of the site's built-in table for the standard class, whatever the code;
the nontaxable code has none.
"""

import json
from pathlib import Path

from checkout.stripe_sandbox import clock, errors, store
from checkout.stripe_sandbox.api import listed, secret_only
from checkout.stripe_sandbox.balances import DAY_SECONDS

NONTAXABLE = "txcd_00000000"
EXPIRES_DAYS = 90
FIRST_ITEMS = 10
WHOLE = 10_000
RATES = json.loads(Path(__file__).parent.with_name("tax_rates.json").read_text())
# Where the country alone does not say which tax is due.
NEEDS_POSTAL_CODE = ("US", "CA")
ADDRESS = ("line1", "line2", "city", "state", "postal_code", "country")
BEHAVIORS = ("inclusive", "exclusive")


def calculate(call):
    secret_only(call)
    p = call.params
    p.accept(
        "customer_details", "shipping_cost", "ship_from_details", "tax_date",
        required=("currency", "line_items"),
    )  # fmt: skip
    currency = p.currency()
    address = p.mapping("customer_details").get("address") or {}
    rate = rate_at(address)
    items = [line_item(given, rate) for given in p.sequence("line_items")]
    if len({item["reference"] for item in items}) < len(items):
        raise errors.invalid("Line item references must be unique", param="line_items")
    shipping = shipping_cost(p.mapping("shipping_cost"), rate)
    parts = [*items, *([shipping] if shipping else [])]
    on_top = tax_of(parts, "exclusive")
    pk = store.new_id("taxcalc")
    made = store.add(
        {
            "id": pk,
            "object": "tax.calculation",
            "amount_total": sum(part["amount"] for part in parts) + on_top,
            "currency": currency,
            "customer": None,
            "customer_details": customer_details(address),
            "expires_at": clock.stamp() + EXPIRES_DAYS * DAY_SECONDS,
            "line_items": whole_list(items, f"/v1/tax/calculations/{pk}/line_items"),
            "livemode": False,
            "ship_from_details": ship_from(p.mapping("ship_from_details")),
            "shipping_cost": shipping,
            "tax_amount_exclusive": on_top,
            "tax_amount_inclusive": tax_of(parts, "inclusive"),
            "tax_breakdown": [],
            "tax_date": clock.stamp(),
        }
    )
    return first_items(made)


def rate_at(address) -> int:
    """In basis points; Stripe refuses an address that it cannot place."""
    country, region = address.get("country", ""), address.get("state", "")
    is_vague = country in NEEDS_POSTAL_CODE and not address.get("postal_code")
    if len(country) != 2 or is_vague:
        raise errors.invalid(
            "We could not determine the customer's tax location based on the provided "
            "customer address.",
            code="customer_tax_location_invalid",
            param="customer_details[address]",
        )
    entry = RATES.get(country, {"basis_points": 0})
    return {**entry, **entry.get("regions", {}).get(region, {})}["basis_points"]


def line_item(given, rate):
    amount = whole(given.get("amount"), "line_items[amount]")
    pk = store.new_id("tax_li")
    return {
        "id": pk,
        "object": "tax.calculation_line_item",
        "livemode": False,
        "metadata": None,
        "performance_location": None,
        "product": None,
        "quantity": whole(given.get("quantity", "1"), "line_items[quantity]"),
        "reference": given.get("reference") or pk,
        **taxed(amount, given, rate),
    }


def shipping_cost(given, rate):
    if not given:
        return None
    amount = whole(given.get("amount"), "shipping_cost[amount]")
    return {"shipping_rate": None, **taxed(amount, given, rate)}


def taxed(amount, given, rate):
    behavior = given.get("tax_behavior", "exclusive")
    if behavior not in BEHAVIORS:
        raise errors.invalid("Invalid tax_behavior", param="tax_behavior")
    code = given.get("tax_code") or "txcd_99999999"
    if not code.startswith("txcd_"):
        raise errors.invalid(f"No such tax code: '{code}'", param="tax_code")
    rate = 0 if code == NONTAXABLE else rate
    tax = share(amount, rate, WHOLE + rate if behavior == "inclusive" else WHOLE)
    details = {
        "display_name": "VAT",
        "percentage_decimal": f"{rate / 100:g}",
        "tax_type": "vat",
    }
    breakdown = {
        "amount": tax,
        "jurisdiction": {
            "country": "",
            "display_name": "",
            "level": "country",
            "state": None,
        },
        "sourcing": "destination",
        "tax_rate_details": details,
        "taxability_reason": "standard_rated" if rate else "product_exempt",
        "taxable_amount": amount - (tax if behavior == "inclusive" else 0),
    }
    return {
        "amount": amount,
        "amount_tax": tax,
        "tax_behavior": behavior,
        "tax_breakdown": [breakdown],
        "tax_code": code,
    }


def share(amount, part, of):
    """Half up."""
    return (2 * amount * part + of) // (2 * of)


def whole(text, name, least=1):
    try:
        value = int(text)
    except (TypeError, ValueError):
        raise errors.not_begun(f"Invalid integer: {text}", param=name) from None
    if value < least:
        raise errors.not_begun(f"Invalid amount: {text}", param=name)
    return value


def tax_of(parts, behavior):
    return sum(part["amount_tax"] for part in parts if part["tax_behavior"] == behavior)


def customer_details(address):
    return {
        "address": {name: address.get(name) for name in ADDRESS},
        "address_source": "shipping",
        "ip_address": None,
        "tax_ids": [],
        "taxability_override": "none",
    }


def ship_from(given):
    address = given.get("address")
    return (
        {"address": {name: address.get(name) for name in ADDRESS}} if address else None
    )


def whole_list(items, url):
    return {"object": "list", "data": items, "has_more": False, "url": url}


def first_items(made):
    """As an answer has them: of more than ten the others are to be asked for."""
    kept = made["line_items"]
    data = kept["data"][:FIRST_ITEMS]
    has_more = len(data) < len(kept["data"])
    return {**made, "line_items": {**kept, "data": data, "has_more": has_more}}


def calculation_items(call, pk):
    return items_of(call, calculation(pk))


def transaction_items(call, pk):
    return items_of(call, found(pk))


def items_of(call, made):
    secret_only(call)
    call.params.accept("limit", "starting_after", "ending_before")
    return listed(call, made["line_items"]["data"], made["line_items"]["url"])


def record(call):
    """The calculation becomes what is owed."""
    secret_only(call)
    p = call.params
    p.accept("metadata", required=("calculation", "reference"))
    made = calculation(p.text("calculation"))
    refuse_used(p.text("reference"))
    items = [
        transaction_item(store.new_id("tax_li"), item, "transaction")
        for item in made["line_items"]["data"]
    ]
    return first_items(transaction(call, made, items, made["shipping_cost"]))


def calculation(pk):
    made = store.get("tax.calculation", pk)
    if made is None:
        raise errors.missing("calculation", pk, "calculation")
    return made


def transaction_item(pk, item, kind, original=None):
    kept = ("amount", "amount_tax", "quantity", "reference", "tax_behavior", "tax_code")
    return {
        "id": pk,
        "object": "tax.transaction_line_item",
        "livemode": False,
        "metadata": {},
        "product": None,
        "reversal": {"original_line_item": original} if original else None,
        "type": kind,
        **{name: item[name] for name in kept},
    }


def transaction(call, made, items, shipping, original=None):
    pk = store.new_id("tax")
    return store.add(
        {
            "id": pk,
            "object": "tax.transaction",
            "created": clock.stamp(),
            "currency": made["currency"],
            "customer": None,
            "customer_details": made["customer_details"],
            "line_items": whole_list(items, f"/v1/tax/transactions/{pk}/line_items"),
            "livemode": False,
            "metadata": call.params.mapping("metadata"),
            "posted_at": clock.stamp(),
            "reference": call.params.text("reference"),
            "reversal": {"original_transaction": original} if original else None,
            "ship_from_details": made["ship_from_details"],
            "shipping_cost": shipping,
            "tax_date": made["tax_date"],
            "type": "reversal" if original else "transaction",
        }
    )


def refuse_used(reference):
    if store.find("tax.transaction", reference=reference):
        raise errors.invalid(
            f"A transaction with the reference {reference} already exists.",
            code="resource_already_exists",
            param="reference",
        )


def found(pk):
    made = store.get("tax.transaction", pk)
    if made is None:
        raise errors.missing("tax_transaction", pk)
    return made


def retrieve(call, pk):
    secret_only(call)
    return first_items(found(pk))


def reverse(call):
    """Parts of a sale, never more of a line than was recorded; or all of a reversal."""
    secret_only(call)
    p = call.params
    p.accept(
        "flat_amount", "line_items", "metadata", "shipping_cost",
        required=("mode", "original_transaction", "reference"),
    )  # fmt: skip
    original = found(p.text("original_transaction"))
    refuse_used(p.text("reference"))
    if p.text("mode") == "full":
        return first_items(undo(call, original))
    if p.text("mode") != "partial" or original["type"] == "reversal":
        raise errors.invalid(
            "The sandbox reverses parts of sales, and reversals as a whole.",
            param="mode",
        )
    by_id = {item["id"]: item for item in original["line_items"]["data"]}
    items = [reversal_item(given, by_id) for given in p.sequence("line_items")]
    shipping = reversed_shipping(p.mapping("shipping_cost"), original)
    flat = p.integer("flat_amount")
    if not items and not shipping and flat is None:
        raise errors.invalid("Nothing is to be reversed.", param="line_items")
    made = transaction(call, original, items, shipping, original["id"])
    refuse_too_much(original, made)
    return first_items(made)


def undo(call, reversal):
    if reversal["type"] != "reversal" or reversals_of(reversal):
        raise errors.invalid(
            "The sandbox reverses as a whole what is a reversal, and that once.",
            param="original_transaction",
        )
    items = [
        transaction_item(
            store.new_id("tax_li"), {**item, **positive(item)}, "reversal", item["id"]
        )
        for item in reversal["line_items"]["data"]
    ]
    shipping = reversal["shipping_cost"]
    if shipping:
        shipping = {**shipping, **positive(shipping)}
    return transaction(call, reversal, items, shipping, reversal["id"])


def positive(part):
    return {name: -part[name] for name in ("amount", "amount_tax")}


def reversals_of(original):
    return [
        one
        for one in store.find("tax.transaction")
        if (one["reversal"] or {}).get("original_transaction") == original["id"]
    ]


def reversal_item(given, by_id):
    item = by_id.get(given.get("original_line_item"))
    if item is None:
        raise errors.missing(
            "line item", given.get("original_line_item"), "original_line_item"
        )
    negative = {name: negative_of(given, name) for name in ("amount", "amount_tax")}
    own = {"reference": given.get("reference"), "quantity": 1}
    values = {**item, **negative, **own}
    return transaction_item(store.new_id("tax_li"), values, "reversal", item["id"])


def reversed_shipping(given, original):
    if not given:
        return None
    if not original["shipping_cost"]:
        raise errors.invalid("No shipping cost was recorded.", param="shipping_cost")
    negative = {name: negative_of(given, name) for name in ("amount", "amount_tax")}
    return {**original["shipping_cost"], **negative}


def negative_of(given, name):
    value = -whole(str(given.get(name, "")).removeprefix("-") or None, name, least=0)
    if value and not str(given[name]).startswith("-"):
        raise errors.invalid("Amounts of reversals are negative.", param=name)
    return value


def refuse_too_much(original, made):
    """Counted with all that was reversed before, this one among them."""
    others = [one for one in reversals_of(original) if not reversals_of(one)]
    left = {item["id"]: item["amount"] for item in original["line_items"]["data"]}
    left[""] = (original["shipping_cost"] or {"amount": 0})["amount"]
    for one in others:
        for item in one["line_items"]["data"]:
            left[item["reversal"]["original_line_item"]] += item["amount"]
        left[""] += (one["shipping_cost"] or {"amount": 0})["amount"]
    if min(left.values()) < 0:
        store.remove(made["id"])
        raise errors.invalid(
            "The amount to reverse is more than what is left of the transaction."
        )
