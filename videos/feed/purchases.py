"""What was bought by way of a video, as the checkout tells it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from videos.models import WatchEvent
from videos.models.event import event_id


@dataclass(frozen=True)
class Sale:
    """Units of an order line, sold or paid back."""

    reference: str  # the same whenever the same is told again
    video: int
    product: int | None
    user: int | None
    quantity: int
    at: datetime


def record_purchases(sales: Iterable[Sale]) -> None:
    _record(WatchEvent.Kind.PURCHASE, sales)


def record_refunds(sales: Iterable[Sale]) -> None:
    _record(WatchEvent.Kind.REFUND, sales)


def _record(kind, sales):
    """In the caller's transaction: there if the payment is, and told twice, once."""
    WatchEvent.objects.bulk_create(
        [
            WatchEvent(
                id=event_id(sale.at, kind, sale.reference),
                kind=kind,
                video_id=sale.video,
                product_id=sale.product,
                user_id=sale.user,
                quantity=sale.quantity,
                created_at=sale.at,
            )
            for sale in sales
        ],
        ignore_conflicts=True,
    )
