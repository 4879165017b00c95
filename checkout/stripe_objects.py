"""What Stripe's objects say, as far as the shop wants to know."""

from dataclasses import dataclass
from datetime import UTC, datetime

import stripe
from django.conf import settings
from django.utils import timezone

# Others are named as Stripe writes them.
BRANDS = {"amex": "American Express", "jcb": "JCB", "unionpay": "UnionPay"}


@dataclass(frozen=True)
class Intent:
    """What a PaymentIntent says; `status` in Stripe's words."""

    id: str
    client_secret: str
    status: str
    amount: int
    currency: str
    charge_id: str
    error: str
    # The last attempt that failed: charge or payment method, code, kind of method.
    failed_reference: str = ""
    failed_code: str = ""
    failed_method: str = ""

    @classmethod
    def read(cls, values: dict) -> "Intent":
        error = values.get("last_payment_error") or {}
        method = error.get("payment_method") or {}
        return cls(
            id=values["id"],
            client_secret=values["client_secret"],
            status=values["status"],
            amount=values["amount_received"] or values["amount"],
            currency=values["currency"].upper(),
            charge_id=values["latest_charge"] or "",
            error=error.get("message") or "",
            failed_reference=error.get("charge") or method.get("id") or "",
            failed_code=error.get("decline_code") or error.get("code") or "",
            failed_method=method.get("type") or "",
        )


@dataclass(frozen=True)
class Card:
    """A card that Stripe keeps for a customer."""

    id: str
    brand: str
    last4: str
    exp_month: int
    exp_year: int

    @classmethod
    def read(cls, values: dict) -> "Card":
        names = ("brand", "last4", "exp_month", "exp_year")
        return cls(id=values["id"], **{name: values["card"][name] for name in names})

    @property
    def brand_name(self) -> str:
        return BRANDS.get(self.brand, self.brand.replace("_", " ").title())

    @property
    def expiry(self) -> str:
        return f"{self.exp_month:02}/{self.exp_year % 100:02}"

    @property
    def is_expired(self) -> bool:
        today = timezone.localdate()
        return (self.exp_year, self.exp_month) < (today.year, today.month)


@dataclass(frozen=True)
class Account:
    """What a connected account can do, and what Stripe still asks of it."""

    id: str
    is_payable: bool
    is_submitted: bool
    due: tuple[str, ...]
    due_by: datetime | None

    @classmethod
    def read(cls, values: dict) -> "Account":
        capabilities = values.get("capabilities") or {}
        requirements = values.get("requirements") or {}
        due = [
            *(requirements.get("past_due") or ()),
            *(requirements.get("currently_due") or ()),
        ]
        deadline = requirements.get("current_deadline")
        return cls(
            id=values["id"],
            is_payable=values["payouts_enabled"]
            and capabilities.get("transfers") == "active",
            is_submitted=values["details_submitted"],
            due=tuple(dict.fromkeys(due)),
            due_by=datetime.fromtimestamp(deadline, UTC) if deadline else None,
        )


@dataclass(frozen=True)
class DisputeMove:
    """Money that a dispute took from our balance (negative) or brought back."""

    id: str
    amount: int
    fee: int
    # What both are in; empty: the dispute's own currency.
    currency: str = ""


@dataclass(frozen=True)
class Dispute:
    """How a dispute stands; `status` and `reason` in Stripe's words."""

    id: str
    payment_intent_id: str
    status: str
    reason: str
    amount: int
    currency: str
    evidence_due_at: datetime | None
    moves: list[DisputeMove]

    @classmethod
    def read(cls, values: dict) -> "Dispute":
        due_by = (values.get("evidence_details") or {}).get("due_by")
        return cls(
            id=values["id"],
            payment_intent_id=values["payment_intent"] or "",
            status=values["status"],
            reason=values["reason"],
            amount=values["amount"],
            currency=values["currency"].upper(),
            evidence_due_at=datetime.fromtimestamp(due_by, UTC) if due_by else None,
            moves=[
                DisputeMove(
                    move["id"], move["amount"], move["fee"], move["currency"].upper()
                )
                for move in values["balance_transactions"]
            ],
        )


@dataclass(frozen=True)
class Event:
    """As Stripe sent it."""

    id: str
    type: str
    payload: dict

    @classmethod
    def read(cls, values: dict) -> "Event":
        if not isinstance(values["data"]["object"], dict):
            raise KeyError("object")
        return cls(id=values["id"], type=values["type"], payload=values)

    @property
    def object(self) -> dict:
        """What it is about, as that was when it happened."""
        return self.payload["data"]["object"]

    @property
    def account(self) -> str:
        """The connected account that it is about; empty: the platform's own."""
        return self.payload.get("account") or ""

    @property
    def api_version(self) -> str:
        return self.payload.get("api_version") or ""

    @property
    def is_of_other_version(self) -> bool:
        """Its objects may look otherwise: only a major version changes shapes."""
        return major(self.api_version) != major(stripe.api_version)

    @property
    def is_of_other_mode(self) -> bool:
        """Of a test, heard by the live site: Connect endpoints hear of both."""
        is_live = "_live_" in settings.STRIPE_SECRET_KEY
        return bool(self.payload.get("livemode")) != is_live


@dataclass(frozen=True)
class BalanceTransaction:
    """A movement of the platform's balance; `source` is the object that caused it."""

    id: str
    type: str
    source: str
    amount: int
    fee: int
    currency: str
    created_at: datetime
    is_converted: bool

    @classmethod
    def read(cls, values: dict) -> "BalanceTransaction":
        return cls(
            id=values["id"],
            type=values["type"],
            source=values["source"] or "",
            amount=values["amount"],
            fee=values["fee"],
            currency=values["currency"].upper(),
            created_at=datetime.fromtimestamp(values["created"], UTC),
            is_converted=values.get("exchange_rate") is not None,
        )


def major(api_version: str) -> str:
    """The name in “2026-10-28.endive”; of before there were names, all of it."""
    return api_version.partition(".")[2] or api_version
