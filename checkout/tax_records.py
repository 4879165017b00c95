"""Stripe Tax is told what was sold and what was paid back: each order and refund once.

The reference is unique there, so what was told cannot be told again, whatever became of
the answer.  A lost answer is given again under its key; after an answer 500 the next
try has another key, because Stripe would repeat that one for a day.  What Stripe does
not take is left to people, with its words.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from checkout import disbursing, gateway, stripe_tax, tax_gateway
from checkout.models import (
    Order,
    OrderGroup,
    OrderLine,
    Refund,
    TaxCalculation,
    TaxRecord,
    TaxReversal,
)

logger = logging.getLogger(__name__)

GRACE = timedelta(minutes=10)
LOOK_BACK = timedelta(days=30)
LIMIT = 500


class NotOurs(Exception):
    """What Stripe has under that number is of something else; which, it says."""


def keep(parts: Iterable) -> None:
    """What orders, each with its SellerQuote, were calculated by.

    The answers stay until one is paid: a second click makes the same order of them.
    """
    by_order = {
        order: part.calculation for order, part in parts if part.calculation is not None
    }
    if not by_order:
        return
    lines = defaultdict(dict)
    for line in OrderLine.objects.filter(order__in=by_order):
        lines[line.order_id][line.pk] = stripe_tax.name_of(line.variant_id)
    TaxRecord.objects.bulk_create(
        TaxRecord(
            order=order,
            stripe_calculation_id=known.stripe_calculation_id,
            lines=lines[order.pk],
        )
        for order, known in by_order.items()
    )


def use_up(group: OrderGroup) -> None:
    """It is paid: what the same cart orders next has a calculation of its own."""
    records = TaxRecord.objects.filter(order__group=group)
    used = list(records.values_list("stripe_calculation_id", flat=True))
    TaxCalculation.objects.filter(stripe_calculation_id__in=used).delete()


def record(order_pk: int) -> None:
    """The order is paid: its tax is owed."""
    row = waiting(TaxRecord).filter(order=order_pk).first()
    if row is None:
        return
    with telling(row):
        made = tax_gateway.record(
            key=f"tax-order-{row.pk}-{row.stripe_calculation_id}-{row.attempts}",
            calculation_id=row.stripe_calculation_id,
            reference=row.reference,
        )
        waiting(TaxRecord).filter(pk=row.pk).update(
            stripe_transaction_id=made["id"], lines=lines_in(made, row)
        )


def lines_in(made: dict, row: TaxRecord) -> dict[str, str]:
    """By order line: what Stripe calls it."""
    ids = {item["reference"]: item["id"] for item in made["line_items"]["data"]}
    return {pk: ids[name] for pk, name in row.lines.items() if name in ids}


@contextmanager
def telling(row: TaxRecord | TaxReversal) -> Iterator[None]:
    try:
        yield
    except gateway.Unclear:
        disbursing.next_attempt(row)
        raise
    except gateway.Refused as refusal:
        leave_to_people(row, refusal)


def reverse(refund_pk: int) -> None:
    """The refund was made: so much of the tax is not owed any more.

    Also of one that came back: another one pays it, and is none of its own here.
    """
    refund = Refund.objects.select_related("order__group").get(pk=refund_pk)
    record = record_of(refund)
    is_made = refund.status == Refund.Status.SUCCEEDED or refund.came_back_at
    if record is None or not is_made:
        return
    row, _is_new = TaxReversal.objects.get_or_create(refund=refund)
    if row.stripe_transaction_id or row.problem or not record.stripe_transaction_id:
        return  # told, or what was sold is to be told first: the clock comes back
    # What a bank took back comes first: else Stripe finds nothing left to reverse.
    for earlier in undone().filter(refund__order__group=refund.order.group_id):
        restore(earlier.pk)
    with telling(row):
        transaction_id = tax_gateway.reverse(
            key=f"tax-refund-{row.pk}-{record.stripe_transaction_id}-{row.attempts}",
            transaction_id=record.stripe_transaction_id,
            reference=refund.reference,
            parts=parts_of(refund, record),
        )
        waiting(TaxReversal).filter(pk=row.pk).update(
            stripe_transaction_id=transaction_id
        )


def restore(reversal_pk: int) -> None:
    """The loss was none, a bank has decided anew: that tax is owed after all."""
    row = undone().filter(pk=reversal_pk).select_related("refund").first()
    if row is None:
        return
    with telling(row):
        transaction_id = tax_gateway.undo_reversal(
            key=f"tax-undone-{row.pk}-{row.stripe_transaction_id}-{row.attempts}",
            transaction_id=row.stripe_transaction_id,
            reference=row.reference,
        )
        undone().filter(pk=row.pk).update(undone_transaction_id=transaction_id)


def record_of(refund: Refund) -> TaxRecord | None:
    """Of the order that it pays back, or that was exchanged into that one.

    None of what moved no money, or moves it a second time.
    """
    is_moved = refund.amount_minor and not refund.instead_of_id
    if not is_moved or refund.order is None or refund.exchanged_into_id:
        return None
    order = refund.order
    while order.exchange_of_id:
        order = order.exchange_of.order
    return TaxRecord.objects.filter(order=order).first()


def parts_of(refund: Refund, record: TaxRecord) -> dict:
    """Line by line as it was decided; in one sum where Stripe knows one of them not."""
    is_included = refund.order.group.is_tax_included
    amounts, taxes = defaultdict(int), defaultdict(int)
    # What cost nothing, Stripe was not asked about.
    for part in refund.lines.filter(amount_minor__gt=0):
        pk = line_sold(refund.order, part.order_line_id)
        amounts[pk] += part.amount_minor
        taxes[pk] += part.tax_minor
    known = {int(pk): item for pk, item in record.lines.items()}
    if amounts.keys() - known.keys() - {None}:
        return {"flat_amount": -refund.amount_minor}

    def back(pk):
        tax = taxes[pk]
        amount = amounts[pk] if is_included else amounts[pk] - tax
        return {"amount": -amount, "amount_tax": -tax}

    found = {
        "line_items": [
            {
                **back(pk),
                "original_line_item": known[pk],
                "reference": f"{refund.reference}:{pk}",
            }
            for pk in amounts
            if pk is not None
        ]
    }
    if None in amounts:
        found["shipping_cost"] = back(None)
    return {name: parts for name, parts in found.items() if parts}


def line_sold(order: Order, line_pk: int | None) -> int | None:
    """Which line Stripe was told of: of an exchange, the one that came back for it."""
    while order.exchange_of_id:
        line_pk = order.exchange_of.lines.get().order_line_id
        order = order.exchange_of.order
    return line_pk


def leave_to_people(row: TaxRecord | TaxReversal, why: gateway.Refused) -> None:
    logger.error("%r %s is to be seen to in Stripe Tax: %s", row, row.pk, why)
    type(row).objects.filter(pk=row.pk).update(problem=str(why)[:300])


def tell_again(row: TaxRecord | TaxReversal) -> bool:
    """People have seen to what Stripe did not take: the clock tells it once more."""
    refused = type(row).objects.filter(pk=row.pk).exclude(problem="")
    return row.is_unfinished and bool(refused.update(problem=""))


def enter(row: TaxRecord | TaxReversal, transaction_id: str) -> bool:
    """Stripe has it already, and its answer was lost: people have found its number.

    False where it is settled, or not theirs to settle.  Raises `gateway.Refused` where
    Stripe knows no such number, `NotOurs` where it is another order's or refund's.
    """
    refused = type(row).objects.filter(pk=row.pk).exclude(problem="")
    if not row.is_unfinished or not refused.exists():
        return False
    made = tax_gateway.find(transaction_id)
    if made["reference"] != row.reference:
        raise NotOurs(made["reference"])
    if isinstance(row, TaxRecord):
        values = {"stripe_transaction_id": made["id"], "lines": lines_in(made, row)}
    elif row.is_undone:
        values = {"undone_transaction_id": made["id"]}
    else:
        values = {"stripe_transaction_id": made["id"]}
    return bool(refused.update(problem="", **values))


def waiting(model):
    return model.objects.filter(stripe_transaction_id="", problem="")


def untold_orders() -> list[int]:
    """Paid, and the task lost."""
    before = timezone.now() - GRACE
    paid = waiting(TaxRecord).filter(
        order__group__status=OrderGroup.Status.PAID, order__group__paid_at__lte=before
    )
    return list(paid.order_by("pk").values_list("order", flat=True)[:LIMIT])


def untold_refunds() -> list[int]:
    before = timezone.now() - GRACE
    made = Refund.objects.filter(
        Q(tax_reversal=None)
        | Q(tax_reversal__stripe_transaction_id="", tax_reversal__problem=""),
        Q(status=Refund.Status.SUCCEEDED) | Q(came_back_at__isnull=False),
        succeeded_at__range=(before - LOOK_BACK, before),
        order__group__orders__tax_record__isnull=False,
        instead_of=None,
        exchanged_into=None,
        amount_minor__gt=0,
    )
    return list(made.order_by("pk").values_list("pk", flat=True).distinct()[:LIMIT])


def undone() -> QuerySet[TaxReversal]:
    """Asked for by the clock, so one that was told meanwhile is not missed."""
    told = TaxReversal.objects.exclude(stripe_transaction_id="").filter(problem="")
    return told.filter(undone_transaction_id="", refund__status=Refund.Status.UNDONE)


def untold_restorations() -> list[int]:
    return list(undone().order_by("pk").values_list("pk", flat=True)[:LIMIT])


def forget_answers() -> None:
    """Of which no order was made."""
    old = timezone.now() - 2 * stripe_tax.KEPT_FOR
    TaxCalculation.objects.filter(created_at__lt=old).delete()
