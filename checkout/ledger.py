"""The books: double entry, append-only, in balance."""

from collections import Counter
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Sum

from checkout.models import (
    JournalEntry,
    LedgerAccount,
    LedgerLine,
    Order,
    Payment,
    Refund,
    Transfer,
    TransferReversal,
)
from sellers.models import Seller

Kind = LedgerAccount.Kind


class Unbalanced(Exception):
    """The lines of an entry do not add up to 0 in every currency."""


def account(kind: str, currency: str, seller: Seller | None = None) -> LedgerAccount:
    found, _ = LedgerAccount.objects.get_or_create(
        kind=kind, currency=currency, seller=seller
    )
    return found


@transaction.atomic
def post_entry(
    kind: str,
    reference: str,
    lines: Iterable[tuple[LedgerAccount, int]],
    order: Order | None = None,
) -> JournalEntry:
    """Write one event into the books.  Debits are positive, credits negative.

    The reference is unique: an event cannot be posted twice (IntegrityError).
    """
    lines = [(account, amount) for account, amount in lines if amount]
    sums = Counter()
    for line_account, amount in lines:
        sums[line_account.currency] += amount
    if any(sums.values()):
        raise Unbalanced(f"{reference}: {dict(sums)}")
    entry = JournalEntry.objects.create(kind=kind, reference=reference, order=order)
    LedgerLine.objects.bulk_create(
        LedgerLine(entry=entry, account=line_account, amount_minor=amount)
        for line_account, amount in lines
    )
    return entry


def post_payment(payment: Payment) -> None:
    """A group was paid: each seller is owed their order less our commission."""
    currency = payment.currency
    lines = [(account(Kind.STRIPE, currency), payment.amount_minor)]
    orders = payment.group.orders.select_related("seller").order_by("pk")
    for order in orders:
        commission = order.lines.aggregate(sum=Sum("commission_minor"))["sum"] or 0
        lines += [
            (
                account(Kind.SELLER, currency, order.seller),
                commission - order.total_minor,
            ),
            (account(Kind.COMMISSION, currency), -commission),
        ]
    post_entry(JournalEntry.Kind.PAYMENT, payment.reference, lines)


def post_late_payment(payment: Payment) -> None:
    """Money came for goods that are gone: it is the buyer's until it is back."""
    post_entry(
        JournalEntry.Kind.PAYMENT,
        payment.reference,
        [
            (account(Kind.STRIPE, payment.currency), payment.amount_minor),
            (account(Kind.UNASSIGNED, payment.currency), -payment.amount_minor),
        ],
    )


def refund_lines(refund: Refund) -> list[tuple[LedgerAccount, int]]:
    currency = refund.currency
    lines = [(account(Kind.STRIPE, currency), -refund.amount_minor)]
    if refund.order is None:
        return [*lines, (account(Kind.UNASSIGNED, currency), refund.amount_minor)]
    return [
        *lines,
        (
            account(Kind.SELLER, currency, refund.order.seller),
            refund.seller_share_minor,
        ),
        (account(Kind.COMMISSION, currency), refund.commission_minor),
    ]


def post_refund(refund: Refund) -> None:
    """Money went back: the frozen commission with it, never computed anew."""
    kind = JournalEntry.Kind.REFUND
    post_entry(kind, refund.reference, refund_lines(refund), refund.order)


def post_failed_refund(refund: Refund) -> None:
    """The buyer's bank sent a refund back: the opposite of its entry."""
    lines = [(line_account, -amount) for line_account, amount in refund_lines(refund)]
    kind = JournalEntry.Kind.FAILED_REFUND
    post_entry(kind, f"{refund.reference}:failed", lines, refund.order)


def post_transfer(transfer: Transfer) -> None:
    seller, currency = transfer.order.seller, transfer.currency
    lines = [
        (account(Kind.SELLER, currency, seller), transfer.amount_minor),
        (account(Kind.STRIPE, currency), -transfer.amount_minor),
    ]
    kind = JournalEntry.Kind.TRANSFER
    post_entry(kind, f"transfer:{transfer.pk}", lines, transfer.order)


def post_reversal(reversal: TransferReversal) -> None:
    transfer = reversal.transfer
    seller, currency = transfer.order.seller, transfer.currency
    lines = [
        (account(Kind.STRIPE, currency), reversal.amount_minor),
        (account(Kind.SELLER, currency, seller), -reversal.amount_minor),
    ]
    kind = JournalEntry.Kind.REVERSAL
    post_entry(kind, f"reversal:{reversal.pk}", lines, transfer.order)


def balances() -> dict[LedgerAccount, int]:
    """Every account with what its lines add up to."""
    accounts = LedgerAccount.objects.select_related("seller").annotate(
        sum=Sum("lines__amount_minor", default=0)
    )
    ordered = accounts.order_by("currency", "kind", "seller__slug")
    return {found: found.sum for found in ordered}


def unbalanced_entries() -> list[str]:
    sums = (
        LedgerLine.objects.values("entry__reference", "account__currency")
        .annotate(sum=Sum("amount_minor"))
        .exclude(sum=0)
    )
    return [f"{s['entry__reference']} is off by {s['sum']}" for s in sums]


def unposted_events() -> list[str]:
    """Money that moved and is not in the books, or the reverse."""
    succeeded = [Payment.Status.SUCCEEDED, Payment.Status.REFUNDED]
    moved = {
        *(p.reference for p in Payment.objects.filter(status__in=succeeded)),
        *(
            refund.reference
            for refund in Refund.objects.exclude(status=Refund.Status.PENDING)
            if refund.stripe_refund_id
        ),
        *(
            f"transfer:{pk}"
            for pk in Transfer.objects.filter(status=Transfer.Status.PAID).values_list(
                "pk", flat=True
            )
        ),
        *(
            f"reversal:{pk}"
            for pk in TransferReversal.objects.filter(
                status=TransferReversal.Status.SUCCEEDED
            ).values_list("pk", flat=True)
        ),
    }
    failed = JournalEntry.Kind.FAILED_REFUND
    posted = set(
        JournalEntry.objects.exclude(kind=failed).values_list("reference", flat=True)
    )
    return [
        *(f"{reference} is not in the books" for reference in sorted(moved - posted)),
        *(f"{reference} has not happened" for reference in sorted(posted - moved)),
    ]
