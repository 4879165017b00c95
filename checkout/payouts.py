"""What a seller has earned, and when it is sent to their connected account."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from checkout import tasks
from checkout.models import (
    Order,
    OrderLine,
    Refund,
    ReturnRequest,
    Transfer,
    TransferReversal,
)
from sellers.models import Seller

OPEN_RETURNS = [ReturnRequest.Status.REQUESTED, ReturnRequest.Status.ACCEPTED]


@dataclass(frozen=True)
class Balance:
    """Where a seller's money is, in minor units of `currency`."""

    currency: str
    pending: int
    available: int
    transferred: int
    owed: int


def with_share(orders):
    """Orders with `share`: what they bring their seller, refunds taken off."""

    def sum_of(queryset, field):
        sums = queryset.order_by().values("order").annotate(sum=Sum(field))
        return Coalesce(Subquery(sums.values("sum")), 0)

    commission = sum_of(
        OrderLine.objects.filter(order=OuterRef("pk")), "commission_minor"
    )
    returned = sum_of(Refund.objects.filter(order=OuterRef("pk")), "commission_minor")
    kept = F("total_minor") - F("refunded_minor")
    return orders.annotate(share=kept - (commission - returned))


def held_until() -> datetime:
    """Delivered before this moment: the hold is over."""
    return timezone.now() - timedelta(days=settings.PAYOUT_HOLD_DAYS)


def due_orders():
    """Delivered, the hold over, no return open: to be paid to their sellers."""
    return (
        Order.objects.filter(
            status=Order.Status.DELIVERED, delivered_at__lte=held_until()
        )
        .exclude(return_requests__status__in=OPEN_RETURNS)
        .order_by("pk")
    )


def pay_sellers() -> None:
    """Send what is due, and again what waits for an account or got lost."""
    for order in due_orders().filter(seller__is_payable=True)[:500]:
        start_transfer(order)
    unpaid = Transfer.objects.exclude(status=Transfer.Status.PAID)
    for transfer in unpaid.filter(order__seller__is_payable=True)[:500]:
        tasks.send_transfer.delay(transfer.pk)


@transaction.atomic
def start_transfer(order: Order) -> Transfer | None:
    """Close a delivered order and set its money on the way, once."""
    order = due_orders().select_for_update(of=["self"]).filter(pk=order.pk).first()
    if order is None or not order.seller.is_payable:
        return None
    share = with_share(Order.objects.filter(pk=order.pk)).get().share
    order.advance(Order.Status.COMPLETED, completed_at=timezone.now())
    if share <= 0:
        return None
    transfer = Transfer.objects.create(
        order=order, amount_minor=share, currency=order.group.currency
    )
    tasks.send_transfer.delay_on_commit(transfer.pk)
    return transfer


def balance_of(seller: Seller) -> Balance:
    """Pending: sold, not yet due.  Available: due, waiting for the transfer."""
    placed = Order.objects.placed().filter(seller=seller, transfer=None)
    unsettled = with_share(placed.exclude(status__in=["canceled", "completed"]))
    due = set(due_orders().filter(seller=seller).values_list("pk", flat=True))
    shares = dict(unsettled.values_list("pk", "share"))
    transfers = Transfer.objects.filter(order__seller=seller)
    waiting = transfers.exclude(status=Transfer.Status.PAID)
    paid = transfers.filter(status=Transfer.Status.PAID)
    owed = TransferReversal.objects.filter(
        transfer__order__seller=seller, status=TransferReversal.Status.SHORT
    )
    return Balance(
        currency=seller.currency,
        pending=sum(share for pk, share in shares.items() if pk not in due),
        available=sum(shares[pk] for pk in due if pk in shares)
        + (waiting.aggregate(sum=Sum("amount_minor"))["sum"] or 0),
        transferred=paid.aggregate(
            sum=Coalesce(Sum(F("amount_minor") - F("reversed_minor")), 0)
        )["sum"],
        owed=owed.aggregate(sum=Sum("amount_minor"))["sum"] or 0,
    )
