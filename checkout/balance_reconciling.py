"""The books against Stripe's own list of how the platform's balance has changed.

Stripe's fees and the platform's own payouts, of which nothing else tells, are posted
from it; everything else must be in the books already, with the same amount.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.db.models import Q, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from checkout import bounced_refunds, gateway, ledger
from checkout.gateway import BalanceTransaction
from checkout.models import (
    JournalEntry,
    LedgerAccount,
    LedgerLine,
    Payment,
    ReconciliationDifference,
    Refund,
    Transfer,
    TransferReversal,
)
from marketplace.accounts.models import User
from marketplace.accounts.notifications import notify

Kind = ReconciliationDifference.Kind
Accounts = LedgerAccount.Kind
# How far the nightly look goes back.
DAYS = 7
# A webhook or a task may still be on its way to the books.
GRACE = timedelta(minutes=30)
# The books may have been written a little later than Stripe moved the money.
SLACK = timedelta(days=2)

FEES = {"stripe_fee", "stripe_fx_fee", "tax_fee", "network_cost", "application_fee"}
ADJUSTMENT = "adjustment"
# Perhaps of a refund that everybody took for done.
CAME_BACK = {"refund_failure", "payment_failure_refund"}
OWN_PAYOUTS = {"payout", "payout_failure", "payout_cancel", "payout_reversal", "topup"}
# Types by the column that has Stripe's id of their source.
BY_SOURCE = {
    "charge": (Payment, "charge_id", "payment:{}"),
    "payment": (Payment, "charge_id", "payment:{}"),
    "refund": (Refund, "stripe_refund_id", "refund:{}"),
    "payment_refund": (Refund, "stripe_refund_id", "refund:{}"),
    "refund_failure": (Refund, "stripe_refund_id", "refund:{}:failed"),
    "payment_failure_refund": (Refund, "stripe_refund_id", "refund:{}:failed"),
    "transfer": (Transfer, "stripe_transfer_id", "transfer:{}"),
    "transfer_refund": (TransferReversal, "stripe_reversal_id", "reversal:{}"),
}


@dataclass(frozen=True)
class Difference:
    kind: str
    subject: str
    type: str
    currency: str
    source: str = ""
    happened_at: datetime | None = None
    stripe_minor: int | None = None
    books_minor: int | None = None


def reconcile(since: datetime) -> list[ReconciliationDifference]:
    """Post what only Stripe knows of, compare the rest, and keep what differs."""
    until = timezone.now() - GRACE
    moved = list(gateway.balance_transactions(since - SLACK))
    for transaction in moved:
        post_what_only_stripe_knows(transaction)
        if transaction.type in CAME_BACK:
            bounced_refunds.refresh_refund(transaction.source)
    settled = [one for one in moved if since <= one.created_at <= until]
    found = [*differences(settled), *not_at_stripe(moved, since, until)]
    found += balance_differences()
    return keep(found, since)


def post_what_only_stripe_knows(transaction: BalanceTransaction) -> None:
    """Fees, and what goes to the platform's own bank; each once."""
    currency = transaction.currency
    stripe = ledger.account(Accounts.STRIPE, currency)
    if fee := fee_of(transaction):
        lines = [(ledger.account(Accounts.FEES, currency), fee), (stripe, -fee)]
        post_once(JournalEntry.Kind.FEE, f"fee:{transaction.id}", lines)
    if transaction.type in OWN_PAYOUTS:
        amount = transaction.amount
        lines = [(stripe, amount), (ledger.account(Accounts.BANK, currency), -amount)]
        post_once(JournalEntry.Kind.PAYOUT, f"payout:{transaction.id}", lines)


def fee_of(transaction: BalanceTransaction) -> int:
    """That of a dispute is posted with the dispute."""
    if transaction.type in FEES:
        return transaction.fee - transaction.amount
    return 0 if transaction.type == ADJUSTMENT else transaction.fee


def moved_minor(transaction: BalanceTransaction) -> int:
    """What the entry about it should say."""
    fee = transaction.fee if transaction.type == ADJUSTMENT else 0
    return transaction.amount - fee


def post_once(kind: str, reference: str, lines) -> None:
    if not JournalEntry.objects.filter(reference=reference).exists():
        ledger.post_entry(kind, reference, lines)


def differences(moved: list[BalanceTransaction]) -> list[Difference]:
    """Of what Stripe lists: not in the books, or with another amount."""
    compared = [one for one in moved if one.type not in FEES | OWN_PAYOUTS]
    references = references_of(compared)
    amounts = books_by_reference(references.values())
    found = []
    for one in compared:
        in_books = amounts.get(references.get(one.id, ""))
        if in_books is None:
            in_books = books_by_name(one)
        if in_books is None:
            found.append(difference(Kind.NOT_IN_BOOKS, one, None))
        elif in_books != moved_minor(one) and not one.is_converted:
            found.append(difference(Kind.AMOUNT, one, in_books))
    return found


def difference(kind, transaction: BalanceTransaction, books_minor) -> Difference:
    return Difference(
        kind=kind,
        subject=transaction.id,
        type=transaction.type,
        currency=transaction.currency,
        source=transaction.source,
        happened_at=transaction.created_at,
        stripe_minor=moved_minor(transaction),
        books_minor=books_minor,
    )


def references_of(moved: Iterable[BalanceTransaction]) -> dict[str, str]:
    """Our reference for each transaction whose source we know."""
    found = {}
    for kind, (model, column, text) in BY_SOURCE.items():
        sources = {one.source: one.id for one in moved if one.type == kind}
        rows = model.objects.filter(**{f"{column}__in": sources})
        for pk, source in rows.values_list("pk", column):
            found[sources[source]] = text.format(pk)
    return found


def books_by_reference(references: Iterable[str]) -> dict[str, int]:
    lines = LedgerLine.objects.filter(
        entry__reference__in=list(references), account__kind=Accounts.STRIPE
    )
    sums = lines.values_list("entry__reference").annotate(sum=Sum("amount_minor"))
    return dict(sums)


def books_by_name(transaction: BalanceTransaction) -> int | None:
    """An entry that carries Stripe's own id, as those about disputes do.

    That of the transaction first: a dispute takes money and may give it back.
    """
    ours = [JournalEntry.Kind.FEE, JournalEntry.Kind.PAYOUT]  # posted from this list
    at_stripe = LedgerLine.objects.filter(account__kind=Accounts.STRIPE).exclude(
        entry__kind__in=ours
    )
    for name in filter(None, (transaction.id, transaction.source)):
        named = at_stripe.filter(entry__reference__contains=name)
        found = named.aggregate(sum=Sum("amount_minor"))["sum"]
        if found is not None:
            return found
    return None


def not_at_stripe(
    moved: list[BalanceTransaction], since: datetime, until: datetime
) -> list[Difference]:
    """What the books say has moved, and Stripe's list has not."""
    listed = {one.source for one in moved}
    return [one for one in posted_between(since, until) if one.source not in listed]


def posted_between(since: datetime, until: datetime) -> Iterator[Difference]:
    """As if Stripe knew of none of it."""
    payments = Payment.objects.filter(succeeded_at__range=(since, until))
    for row in payments.exclude(charge_id=""):
        yield missing(row, row.reference, row.charge_id, row.succeeded_at)
    refunds = Refund.objects.filter(succeeded_at__range=(since, until))
    for row in refunds.exclude(stripe_refund_id=""):
        yield missing(row, row.reference, row.stripe_refund_id, row.succeeded_at)
    for row in Transfer.objects.filter(paid_at__range=(since, until)):
        reference = f"transfer:{row.pk}"
        yield missing(row, reference, row.stripe_transfer_id, row.paid_at)
    reversals = TransferReversal.objects.filter(succeeded_at__range=(since, until))
    for row in reversals.select_related("transfer"):
        reference = f"reversal:{row.pk}"
        yield missing(row, reference, row.stripe_reversal_id, row.succeeded_at)


def missing(row, reference: str, source: str, happened_at: datetime) -> Difference:
    currency = getattr(row, "currency", None) or row.transfer.currency
    return Difference(
        kind=Kind.NOT_AT_STRIPE,
        subject=reference,
        type=row._meta.model_name,
        currency=currency,
        source=source,
        happened_at=happened_at,
        books_minor=row.amount_minor,
    )


def balance_differences() -> list[Difference]:
    at_stripe = gateway.balance()
    lines = LedgerLine.objects.filter(account__kind=Accounts.STRIPE)
    sums = lines.values_list("account__currency").annotate(sum=Sum("amount_minor"))
    in_books = dict(sums)
    return [
        Difference(
            kind=Kind.BALANCE,
            subject=f"balance:{currency}",
            type="balance",
            currency=currency,
            stripe_minor=at_stripe.get(currency, 0),
            books_minor=in_books.get(currency, 0),
        )
        for currency in sorted({*at_stripe, *in_books})
        if at_stripe.get(currency, 0) != in_books.get(currency, 0)
    ]


def keep(found: list[Difference], since: datetime) -> list[ReconciliationDifference]:
    """Write down what differs; what no longer does is marked as gone."""
    now = timezone.now()
    new = []
    for one in found:
        fields = asdict(one) | {"seen_at": now, "gone_at": None}
        row, is_new = ReconciliationDifference.objects.update_or_create(
            subject=fields.pop("subject"), defaults=fields
        )
        if is_new:
            new.append(row)
    looked_at = Q(happened_at__gte=since) | Q(happened_at=None)
    still = ReconciliationDifference.objects.filter(gone_at=None)
    still.filter(looked_at, seen_at__lt=now).update(gone_at=now)
    if new:
        tell_operators(new)
    return list(still.order_by("pk"))


def tell_operators(new: list[ReconciliationDifference]) -> None:
    for user in User.objects.filter(is_superuser=True, is_active=True):
        notify(
            user,
            _("Stripe and the books differ"),
            "checkout/books_differ",
            {"differences": new},
            reverse("admin:checkout_reconciliationdifference_changelist"),
        )
