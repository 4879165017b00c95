"""Stripe Tax: the part of the gateway that computes, records and takes back tax."""

from django.conf import settings

from checkout.gateway import client, hasty_client, speaking


def calculate(*, key: str, request: dict) -> dict:
    """What is due on these amounts there.  Costs nobody anything until it is recorded.

    Refused where Stripe cannot place the address.
    """
    expand = ["line_items", "line_items.data.tax_breakdown"]
    calculations = hasty_client(settings.STRIPE_TAX_SECONDS).v1.tax.calculations
    with speaking():
        made = calculations.create(
            {**request, "expand": expand}, {"idempotency_key": key}
        )
        lines = calculations.line_items
        return with_all_items(made, lines, ["data.tax_breakdown"])


def with_all_items(made, lines, expand: list[str]) -> dict:
    """An answer has the first ten alone; who took it for all would tax the rest 0."""
    values = made.to_dict()
    if made.line_items.has_more:
        page = lines.list(made.id, {"limit": 100, "expand": expand})
        items = [item.to_dict() for item in page.auto_paging_iter()]
        values["line_items"] = {"data": items}
    return values


def record(*, key: str, calculation_id: str, reference: str) -> dict:
    """It was sold: the tax is owed from now on."""
    with speaking():
        made = client().v1.tax.transactions.create_from_calculation(
            {
                "calculation": calculation_id,
                "reference": reference,
                "expand": ["line_items"],
            },
            {"idempotency_key": key},
        )
        return with_all_items(made, client().v1.tax.transactions.line_items, [])


def find(transaction_id: str) -> dict:
    """One that Stripe has: a sale or a reversal.  Refused where there is none."""
    transactions = client().v1.tax.transactions
    with speaking():
        made = transactions.retrieve(transaction_id, {"expand": ["line_items"]})
        return with_all_items(made, transactions.line_items, [])


def reverse(*, key: str, transaction_id: str, reference: str, parts: dict) -> str:
    """What was paid back, and its tax with it.  All amounts are negative."""
    return _reverse(key, transaction_id, reference, {"mode": "partial", **parts})


def undo_reversal(*, key: str, transaction_id: str, reference: str) -> str:
    """What had been paid back is owed again: all of that reversal, reversed."""
    return _reverse(key, transaction_id, reference, {"mode": "full"})


def _reverse(key, transaction_id, reference, how) -> str:
    with speaking():
        made = client().v1.tax.transactions.create_reversal(
            {"original_transaction": transaction_id, "reference": reference, **how},
            {"idempotency_key": key},
        )
    return made.id
