"""Invoices, credit notes and what cancels these: numbered without a gap per seller.

Every transaction that issues some has one seller's, the invoice before the credit
note, and takes no other lock after a series: so none waits for one that waits for it.
"""

from collections import defaultdict
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from checkout.models import Invoice, NumberSeries, Order, Refund, RefundLine
from marketplace.money import portion

Kind = Invoice.Kind
GRACE = timedelta(minutes=10)
# Older orders are from before there were invoices.
LOOK_BACK = timedelta(days=7)


@transaction.atomic
def issue_invoice(order: Order) -> Invoice:
    """The invoice of a paid order, which is made by the first who asks."""
    found = Invoice.objects.filter(order=order, kind=Kind.INVOICE).first()
    if found is not None:
        return found
    series = locked_series(order.seller_id, Kind.INVOICE)
    found = Invoice.objects.filter(order=order, kind=Kind.INVOICE).first()
    return found or write(
        series,
        order=order,
        total_minor=order.total_minor,
        tax_minor=order.tax_minor,
        content=invoice_content(order),
    )


@transaction.atomic
def issue_credit_note(refund: Refund) -> Invoice | None:
    """What a refund takes back of the invoice.

    None where nothing had been sold, or the first time that it was paid had one.
    """
    order = refund.order
    if order is None or not refund.amount_minor or refund.instead_of_id:
        return None
    invoice = issue_invoice(order)
    series = locked_series(order.seller_id, Kind.CREDIT_NOTE)
    found = Invoice.objects.filter(refund=refund).first()
    return found or write(
        series,
        order=order,
        refund=refund,
        total_minor=refund.amount_minor,
        tax_minor=refund.tax_minor,
        content=credit_note_content(refund, invoice),
    )


@transaction.atomic
def issue_correction(refund: Refund) -> Invoice | None:
    """A refund was undone: what its credit note took back is invoiced once more.

    A document that was issued is neither changed nor taken back, so another one with a
    number of its own cancels it.  None where there is nothing to cancel.
    """
    note = Invoice.objects.filter(refund=refund).first()
    if note is None or refund.status != Refund.Status.UNDONE:
        return None
    series = locked_series(note.seller_id, Kind.CORRECTION)
    found = Invoice.objects.filter(corrects=note).first()
    return found or write(
        series,
        order=note.order,
        corrects=note,
        total_minor=note.total_minor,
        tax_minor=note.tax_minor,
        content=correction_content(note),
    )


def locked_series(seller_pk: int, kind: str) -> NumberSeries:
    """Whoever else wants a number of this series waits until commit."""
    NumberSeries.objects.get_or_create(seller_id=seller_pk, kind=kind)
    return NumberSeries.objects.select_for_update().get(seller_id=seller_pk, kind=kind)


def write(series: NumberSeries, *, order: Order, **fields) -> Invoice:
    series.last_number += 1
    series.save(update_fields=["last_number"])
    return Invoice.objects.create(
        kind=series.kind,
        seller=order.seller,
        number=series.last_number,
        order=order,
        currency=order.group.currency,
        **fields,
    )


def issue_forgotten() -> None:
    """Documents whose task was lost."""
    now = timezone.now()
    lately = now - LOOK_BACK, now - GRACE
    # What was sent in exchange was ordered later than its group was paid.
    orders = Order.objects.placed().filter(
        Q(group__paid_at__range=lately) | Q(exchange_of__decided_at__range=lately)
    )
    for order in orders.exclude(invoices__kind=Kind.INVOICE)[:500]:
        issue_invoice(order)
    refunds = Refund.objects.filter(
        Q(status=Refund.Status.SUCCEEDED) | Q(came_back_at__isnull=False),
        succeeded_at__range=lately,
        credit_note=None,
        instead_of=None,
        amount_minor__gt=0,
    )
    for refund in refunds.exclude(order=None)[:500]:
        issue_credit_note(refund)
    undone = Refund.objects.filter(
        status=Refund.Status.UNDONE,
        credit_note__isnull=False,
        credit_note__correction=None,
    )
    for refund in undone.order_by("pk")[:500]:
        issue_correction(refund)


def invoice_content(order: Order) -> dict:
    lines = list(order.lines.all())
    bought = [
        {
            "title": named(line),
            "sku": line.sku,
            "quantity": line.quantity,
            "total_minor": line.total_minor,
            "tax_minor": line.tax_minor,
            "rate": line.tax_basis_points,
        }
        for line in lines
    ]
    delivery = {
        "title": order.shipping_name,
        "sku": "",
        "quantity": 1,
        "total_minor": order.total_minor - sum(line.total_minor for line in lines),
        "tax_minor": order.shipping_tax_minor,
        "rate": delivery_rate(order, lines),
    }
    return parties(order) | amounts([*bought, delivery])


def credit_note_content(refund: Refund, invoice: Invoice) -> dict:
    order = refund.order
    rate = delivery_rate(order, order.lines.all())
    with override(order.group.language):
        lines = [
            {
                "title": title_of(part),
                "sku": part.order_line.sku if part.order_line else "",
                "quantity": part.quantity or 1,
                "total_minor": part.amount_minor,
                "tax_minor": part.tax_minor,
                "rate": part.order_line.tax_basis_points if part.order_line else rate,
            }
            for part in refund.lines.select_related("order_line")
        ]
    reference = {"invoice": invoice.label, "reason": refund.reason}
    return parties(order) | amounts(lines) | reference


def correction_content(note: Invoice) -> dict:
    """As the credit note had it, to the word; only the reason is another."""
    with override(note.content["language"]):
        reason = _("The buyer's bank has given the payment back to the shop.")
    return note.content | {"credit_note": note.label, "reason": reason}


def parties(order: Order) -> dict:
    group, seller = order.group, order.seller
    return {
        "language": group.language,
        "order": order.number,
        "ordered_on": timezone.localdate(group.created_at).isoformat(),
        "seller": {
            "shop": seller.name,
            "name": seller.legal_name,
            "address": seller.business_address,
            "email": seller.email,
            "tax_number": seller.tax_number,
        },
        "buyer": group.lines(),
    }


def named(line) -> str:
    return " · ".join(filter(None, [line.title, line.variant_title]))


def title_of(part: RefundLine) -> str:
    title = named(part.order_line) if part.order_line else _("Delivery")
    if part.kind == RefundLine.Kind.GOODWILL:
        return _("Price reduction: %(title)s") % {"title": title}
    return title


def delivery_rate(order: Order, lines) -> int | None:
    """Delivery is taxed as the goods are: one rate, or a mixture that has none.

    Stripe Tax may tax it otherwise, of which the amount alone is kept: then no rate is
    printed that it does not have.
    """
    rates = {line.tax_basis_points for line in lines}
    rate = rates.pop() if len(rates) == 1 else None
    tax_minor = order.shipping_tax_minor
    if not hasattr(order, "tax_record"):
        return rate
    if not tax_minor:
        return 0
    by_rate = rate and portion(order.shipping_minor - tax_minor, rate)
    return rate if by_rate and abs(by_rate - tax_minor) <= 1 else None


def amounts(lines: list[dict]) -> dict:
    """Lines, and for each rate what is net and what is tax; what is 0 is left out."""
    lines = [line for line in lines if line["total_minor"]]
    taxes = defaultdict(lambda: {"net_minor": 0, "tax_minor": 0})
    for line in lines:
        taxes[line["rate"]]["tax_minor"] += line["tax_minor"]
        taxes[line["rate"]]["net_minor"] += line["total_minor"] - line["tax_minor"]
    by_rate = sorted(taxes, key=lambda rate: (rate is None, rate))
    return {"lines": lines, "taxes": [{"rate": r, **taxes[r]} for r in by_rate]}
