"""The books: double entry, append-only, in balance."""

from collections import Counter
from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q, Sum

from checkout import invariants
from checkout.models import (
    Dispute,
    JournalEntry,
    LedgerAccount,
    LedgerLine,
    Order,
    Payment,
    Refund,
    Reserve,
    SellerDebt,
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


class Accounts:
    """As `account` finds them, but asked for once: for several entries."""

    def __init__(self, currency: str, seller_pks: Iterable[int]):
        whose = Q(seller=None) | Q(seller__in=list(seller_pks))
        found = LedgerAccount.objects.filter(whose, currency=currency)
        self.known = {(one.kind, one.seller_id): one for one in found}

    def __call__(self, kind: str, currency: str, seller: Seller | None = None):
        key = (kind, seller.pk if seller else None)
        if key not in self.known:
            self.known[key] = account(kind, currency, seller)
        return self.known[key]


def post_entry(
    kind: str,
    reference: str,
    lines: Iterable[tuple[LedgerAccount, int]],
    order: Order | None = None,
) -> JournalEntry:
    """Write one event into the books.  Debits are positive, credits negative.

    The reference is unique: an event cannot be posted twice (IntegrityError).
    """
    entry = JournalEntry(kind=kind, reference=reference, order=order)
    post_entries([(entry, lines)])
    return entry


def post_entries(
    entries: Iterable[tuple[JournalEntry, Iterable[tuple[LedgerAccount, int]]]],
) -> None:
    """Several at once: all of them or none."""
    entries = [
        (entry, [(account, amount) for account, amount in lines if amount])
        for entry, lines in entries
    ]
    for entry, lines in entries:
        sums = Counter()
        for line_account, amount in lines:
            sums[line_account.currency] += amount
        if any(sums.values()):
            raise Unbalanced(f"{entry.reference}: {dict(sums)}")
    # Whoever posts more than this in a transaction wants all of it or nothing.
    with transaction.atomic(savepoint=False):
        JournalEntry.objects.bulk_create(entry for entry, _lines in entries)
        LedgerLine.objects.bulk_create(
            LedgerLine(entry=entry, account=line_account, amount_minor=amount)
            for entry, lines in entries
            for line_account, amount in lines
        )


def post_payment(payment: Payment) -> None:
    """A group was paid, and what it brought shared out over its orders."""
    orders = sorted(payment.group.orders.all(), key=lambda order: order.pk)
    find = Accounts(payment.currency, [order.seller_id for order in orders])
    sales = [sale(order, payment.currency, find) for order in orders]
    post_entries([receipt(payment, Kind.BUYER, find), *sales])


def receipt(payment: Payment, whose: str, find=account):
    lines = [
        (find(Kind.STRIPE, payment.currency), payment.amount_minor),
        (find(whose, payment.currency), -payment.amount_minor),
    ]
    kind = JournalEntry.Kind.PAYMENT
    return JournalEntry(kind=kind, reference=payment.reference), lines


def post_sale(order: Order, currency: str) -> None:
    post_entries([sale(order, currency)])


def sale(order: Order, currency: str, find=account):
    """Each seller is owed their order less our commission.

    What a coupon of the platform took off is the platform's cost, not the seller's.
    """
    commission, tax = commission_of(order)
    lines = [
        (find(Kind.BUYER, currency), order.total_minor),
        (
            find(Kind.SELLER, currency, order.seller),
            commission + tax - order.total_minor - order.subsidy_minor,
        ),
        (find(Kind.COMMISSION, currency), -commission),
        *if_any(Kind.TAX, currency, -tax),
        *if_any(Kind.COUPONS, currency, order.subsidy_minor),
    ]
    kind, reference = JournalEntry.Kind.SALE, f"sale:{order.pk}"
    return JournalEntry(kind=kind, reference=reference, order=order), lines


def commission_of(order: Order) -> tuple[int, int]:
    """As frozen on the order and its lines: the commission, and the tax on it."""
    lines = order.lines.all()
    return (
        sum(line.commission_minor for line in lines) + order.shipping_commission_minor,
        sum(line.commission_tax_minor for line in lines)
        + order.shipping_commission_tax_minor,
    )


def if_any(kind: str, currency: str, amount: int) -> list[tuple[LedgerAccount, int]]:
    """A platform without coupons, say, has no account for them."""
    return [(account(kind, currency), amount)] if amount else []


def post_late_payment(payment: Payment) -> None:
    """Money came for goods that are gone: it is the buyer's until it is back."""
    post_entries([receipt(payment, Kind.REFUNDS)])


def source_of(refund: Refund) -> str:
    if refund.dispute_id:
        return Kind.FROZEN  # the bank has taken it already
    if refund.paid_otherwise:
        return Kind.BANK  # where the platform has its own money
    # In an exchange the buyer pays the next order with it.
    return Kind.BUYER if refund.exchanged_into_id else Kind.STRIPE


def refund_lines(refund: Refund) -> list[tuple[LedgerAccount, int]]:
    currency = refund.currency
    lines = [(account(source_of(refund), currency), -refund.amount_minor)]
    if refund.order is None or refund.instead_of_id:
        return [*lines, (account(Kind.REFUNDS, currency), refund.amount_minor)]
    return [
        *lines,
        (
            account(Kind.SELLER, currency, refund.order.seller),
            refund.seller_share_minor,
        ),
        (account(Kind.COMMISSION, currency), refund.commission_minor),
        *if_any(Kind.TAX, currency, refund.commission_tax_minor),
        *if_any(Kind.COUPONS, currency, -refund.subsidy_minor),
        *if_any(Kind.GOODWILL, currency, refund.platform_minor),
    ]


def post_refund(refund: Refund) -> None:
    """Money went back: the frozen commission with it, never computed anew."""
    kind = JournalEntry.Kind.REFUND
    post_entry(kind, refund.reference, refund_lines(refund), refund.order)


def post_failed_refund(refund: Refund) -> None:
    """It came back, and is owed to the buyer still: no shop has it again."""
    lines = [
        (account(source_of(refund), refund.currency), refund.amount_minor),
        (account(Kind.REFUNDS, refund.currency), -refund.amount_minor),
    ]
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
    order, currency = reversal.transfer.order, reversal.transfer.currency
    lines = [
        (account(Kind.STRIPE, currency), reversal.amount_minor),
        (account(Kind.SELLER, currency, order.seller), -reversal.amount_minor),
    ]
    post_entry(JournalEntry.Kind.REVERSAL, f"reversal:{reversal.pk}", lines, order)


def move(
    entry: tuple[str, str], order: Order, amount_minor: int, accounts: tuple[str, str]
) -> None:
    """From the seller's one account to their other; `entry`: its kind and reference."""
    currency = order.group.currency
    debit, credit = (account(kind, currency, order.seller) for kind in accounts)
    lines = [(debit, amount_minor), (credit, -amount_minor)]
    post_entry(*entry, lines, order)


def post_reserve(reserve: Reserve) -> None:
    entry = JournalEntry.Kind.RESERVE, f"reserve:{reserve.pk}"
    move(entry, reserve.order, reserve.amount_minor, (Kind.SELLER, Kind.RESERVE))


def post_release(reserve: Reserve, amount_minor: int, reference: str) -> None:
    entry = JournalEntry.Kind.RELEASE, reference
    move(entry, reserve.order, amount_minor, (Kind.RESERVE, Kind.SELLER))


def post_debt(debt: SellerDebt) -> None:
    """What the seller has had too much stands apart from what they earn."""
    entry = JournalEntry.Kind.DEBT, f"debt:{debt.pk}"
    move(entry, debt.order, debt.amount_minor, (Kind.OWES, Kind.SELLER))


def post_netting(order: Order, amount_minor: int, reference: str) -> None:
    entry = JournalEntry.Kind.NETTING, reference
    move(entry, order, amount_minor, (Kind.SELLER, Kind.OWES))


def post_dispute_move(
    reference: str, taken: tuple[str, int], fee: tuple[str, int]
) -> None:
    """The bank took money (negative), or gave it back; Stripe kept a fee of it.

    Each is a currency and an amount: Stripe settles a dispute in its own.
    """
    (currency, amount), (fee_currency, fee_minor) = taken, fee
    lines = [
        (account(Kind.STRIPE, currency), amount),
        (account(Kind.FROZEN, currency), -amount),
        *if_any(Kind.STRIPE, fee_currency, -fee_minor),
        *if_any(Kind.FEES, fee_currency, fee_minor),
    ]
    post_entry(JournalEntry.Kind.DISPUTE, reference, lines)


def losses_of(dispute: Dispute):
    """Entries about what the platform bears of it, the last of which counts."""
    reference = f"dispute:{dispute.stripe_dispute_id}:loss"
    return JournalEntry.objects.filter(reference__startswith=reference)


def lost_in(dispute: Dispute) -> int:
    lines = LedgerLine.objects.filter(
        entry__in=losses_of(dispute), account__kind=Kind.DISPUTES
    )
    return lines.aggregate(sum=Sum("amount_minor", default=0))["sum"]


def post_dispute_loss(dispute: Dispute, amount: int) -> None:
    """What was lost beyond what was left of the orders is the platform's loss.

    Negative: it has that back.  Call it under the payment's lock.
    """
    if not amount:
        return
    lines = [
        (account(Kind.FROZEN, dispute.currency), -amount),
        (account(Kind.DISPUTES, dispute.currency), amount),
    ]
    reference = f"dispute:{dispute.stripe_dispute_id}:loss"
    if earlier := losses_of(dispute).count():
        reference = f"{reference}:{earlier}"
    post_entry(JournalEntry.Kind.DISPUTE, reference, lines)


def post_undone_refund(refund: Refund) -> None:
    """Charged for a dispute that was won after all: the opposite of its entry."""
    lines = [(line_account, -amount) for line_account, amount in refund_lines(refund)]
    kind = JournalEntry.Kind.FAILED_REFUND
    post_entry(kind, f"{refund.reference}:undone", lines, refund.order)


def balances() -> dict[LedgerAccount, int]:
    """Every account with what its lines add up to."""
    accounts = LedgerAccount.objects.select_related("seller").annotate(
        sum=Sum("lines__amount_minor", default=0)
    )
    ordered = accounts.order_by("currency", "kind", "seller__slug")
    return {found: found.sum for found in ordered}


def unbalanced_entries() -> list[str]:
    return invariants.ask(invariants.ENTRIES)


def unposted_events() -> list[str]:
    """Money that moved and is not in the books, or the reverse."""
    return invariants.ask(invariants.POSTED)
