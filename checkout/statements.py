"""What a month brought a seller, line by line, as the books have it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Q, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone

from checkout.models import JournalEntry, LedgerAccount, LedgerLine
from sellers.models import Seller

Kind = LedgerAccount.Kind
# Entries with a price, a commission and a tax on it; others only move money.
TRADE = {
    JournalEntry.Kind.SALE,
    JournalEntry.Kind.REFUND,
    JournalEntry.Kind.FAILED_REFUND,
}


@dataclass(frozen=True)
class StatementLine:
    """An entry, in minor units; what is kept or goes out is negative."""

    entry: JournalEntry
    gross_minor: int
    commission_minor: int
    tax_minor: int
    change_minor: int
    balance_minor: int

    @property
    def is_trade(self) -> bool:
        return self.entry.kind in TRADE


@dataclass(frozen=True)
class Statement:
    """Opening and closing: what the platform has for the seller, not sent yet."""

    seller: Seller
    month: date
    currency: str
    opening_minor: int
    lines: list[StatementLine]
    reserved_minor: int
    owed_minor: int

    @property
    def closing_minor(self) -> int:
        return self.lines[-1].balance_minor if self.lines else self.opening_minor

    @property
    def number(self) -> str:
        return f"{self.seller.slug}-{self.month:%Y-%m}-{self.currency}"

    @property
    def gross_minor(self) -> int:
        return sum(line.gross_minor for line in self.lines)

    @property
    def commission_minor(self) -> int:
        return sum(line.commission_minor for line in self.lines)

    @property
    def tax_minor(self) -> int:
        return sum(line.tax_minor for line in self.lines)

    @property
    def sent_minor(self) -> int:
        """Transferred, less what was taken back."""
        kinds = {JournalEntry.Kind.TRANSFER, JournalEntry.Kind.REVERSAL}
        sent = (line for line in self.lines if line.entry.kind in kinds)
        return sum(line.change_minor for line in sent)

    @property
    def moved_minor(self) -> int:
        """Into the reserve and out of it, owed and kept for it, and the like."""
        others = self.gross_minor + self.commission_minor + self.tax_minor
        changed = self.closing_minor - self.opening_minor
        return changed - others - self.sent_minor


def months_of(seller: Seller) -> list[tuple[date, str]]:
    """Those in which something happened, the latest first, by currency."""
    lines = LedgerLine.objects.filter(account__kind=Kind.SELLER, account__seller=seller)
    months = lines.annotate(month=TruncMonth("entry__created_at")).values_list(
        "month", "account__currency"
    )
    found = months.distinct().order_by("-month", "account__currency")
    return [(timezone.localdate(month), currency) for month, currency in found]


def start_of(month: date) -> datetime:
    first = datetime(month.year, month.month, 1)  # noqa: DTZ001 - made aware below
    return timezone.make_aware(first)


def statement(seller: Seller, month: date, currency: str) -> Statement:
    month = month.replace(day=1)
    starts, ends = start_of(month), start_of(month + timedelta(days=31))
    opening_minor = balance_at(seller, currency, starts, Kind.SELLER)
    return Statement(
        seller=seller,
        month=month,
        currency=currency,
        opening_minor=opening_minor,
        lines=lines_between(seller, currency, (starts, ends), opening_minor),
        reserved_minor=balance_at(seller, currency, ends, Kind.RESERVE),
        owed_minor=-balance_at(seller, currency, ends, Kind.OWES),
    )


def balance_at(seller: Seller, currency: str, moment: datetime, kind: str) -> int:
    """What the platform owes them on that account."""
    lines = LedgerLine.objects.filter(
        account__kind=kind,
        account__seller=seller,
        account__currency=currency,
        entry__created_at__lt=moment,
    )
    return -lines.aggregate(sum=Sum("amount_minor", default=0))["sum"]


def lines_between(
    seller: Seller,
    currency: str,
    period: tuple[datetime, datetime],
    balance_minor: int,
) -> list[StatementLine]:
    own = LedgerLine.objects.filter(
        account__kind=Kind.SELLER,
        account__seller=seller,
        account__currency=currency,
        entry__created_at__gte=period[0],
        entry__created_at__lt=period[1],
    )

    def sum_of(**account):
        only = Q(**{f"lines__account__{key}": value for key, value in account.items()})
        return Sum("lines__amount_minor", filter=only, default=0)

    entries = JournalEntry.objects.filter(pk__in=own.values("entry")).annotate(
        owed=sum_of(kind=Kind.SELLER, seller=seller, currency=currency),
        commission=sum_of(kind=Kind.COMMISSION),
        tax=sum_of(kind=Kind.TAX),
    )
    found = []
    for entry in entries.select_related("order__group").order_by("created_at", "pk"):
        is_trade = entry.kind in TRADE
        kept = (entry.commission, entry.tax) if is_trade else (0, 0)
        balance_minor -= entry.owed
        found.append(
            StatementLine(
                entry=entry,
                gross_minor=-entry.owed - sum(kept) if is_trade else 0,
                commission_minor=kept[0],
                tax_minor=kept[1],
                change_minor=-entry.owed,
                balance_minor=balance_minor,
            )
        )
    return found
