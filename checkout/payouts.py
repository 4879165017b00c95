"""What a seller has earned, and when it is sent to their connected account."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import (
    DateTimeField,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from checkout import reserves, seller_debts, tasks
from checkout.models import (
    Dispute,
    Order,
    OrderLine,
    PayoutTerms,
    Refund,
    Reserve,
    ReturnRequest,
    Transfer,
)
from sellers.models import Seller


@dataclass(frozen=True)
class Balance:
    """Where a seller's money is, in minor units of `currency`.

    Pending: sold, not yet due.  Available: due, waiting for the transfer.
    """

    currency: str
    pending: int
    available: int
    transferred: int
    reserved: int
    owed: int


def with_share(orders):
    """Orders with `share`: what they bring their seller, refunds taken off.

    With what the platform adds where it bears a coupon.
    """

    def sum_of(queryset, field):
        sums = queryset.order_by().values("order").annotate(sum=Sum(field))
        return Coalesce(Subquery(sums.values("sum")), 0)

    lines = OrderLine.objects.filter(order=OuterRef("pk"))
    refunds = Refund.objects.filter(order=OuterRef("pk")).exclude(
        status=Refund.Status.UNDONE
    )
    commission = (
        sum_of(lines, "commission_minor")
        + sum_of(lines, "commission_tax_minor")
        + F("shipping_commission_minor")
        + F("shipping_commission_tax_minor")
    )
    returned = sum_of(refunds, "commission_minor") + sum_of(
        refunds, "commission_tax_minor"
    )
    added = F("subsidy_minor") - sum_of(refunds, "subsidy_minor")
    added += sum_of(refunds, "platform_minor")
    kept = F("total_minor") - F("refunded_minor") + added
    return orders.annotate(share=kept - (commission - returned))


def hold_days(seller: Seller) -> int:
    own = PayoutTerms.objects.filter(seller=seller).exclude(hold_days=None).first()
    return own.hold_days if own else settings.PAYOUT_HOLD_DAYS


def due_orders():
    """Delivered, the hold over, no return or dispute open: to be paid to sellers."""
    now = timezone.now()
    own_hold = F("seller__payout_terms__hold_days")
    own_end = ExpressionWrapper(
        now - own_hold * Value(timedelta(days=1)), output_field=DateTimeField()
    )
    is_over = Q(
        seller__payout_terms__hold_days=None,
        delivered_at__lte=now - timedelta(days=settings.PAYOUT_HOLD_DAYS),
    )
    return (
        Order.objects.filter(
            is_over | Q(delivered_at__lte=own_end), status=Order.Status.DELIVERED
        )
        .exclude(return_requests__status__in=ReturnRequest.OPEN)
        .exclude(group__payment__disputes__status__in=Dispute.OPEN)
        .order_by("pk")
    )


def pay_sellers() -> None:
    """Send what is due, and again what waits for an account or got lost."""
    reserves.release_due()
    for order in due_orders().filter(seller__is_payable=True)[:500]:
        start_transfer(order)
    unpaid = Transfer.objects.exclude(status=Transfer.Status.PAID).exclude(
        order__group__payment__disputes__status__in=Dispute.OPEN
    )
    ready = unpaid.filter(order__seller__is_payable=True)
    for transfer in ready.order_by("pk")[:500]:
        tasks.send_transfer.delay(transfer.pk)


@transaction.atomic
def start_transfer(order: Order) -> Transfer | None:
    """Close a delivered order and set its money on the way, once."""
    order = due_orders().locked().filter(pk=order.pk).first()
    if order is None or not order.seller.is_payable:
        return None
    # Looked at again: what was opened while the lock was waited for is seen only now.
    if not due_orders().filter(pk=order.pk).exists():
        return None
    share = with_share(Order.objects.filter(pk=order.pk)).get().share
    order.advance(Order.Status.COMPLETED, completed_at=timezone.now())
    if share <= 0:
        return None
    left = share - seller_debts.recover(order, share, f"order:{order.pk}")
    left -= reserves.keep_back(order, share, left)
    if not left:
        return None
    transfer = Transfer.objects.create(
        order=order, amount_minor=left, currency=order.group.currency
    )
    tasks.send_transfer.delay_on_commit(transfer.pk)
    return transfer


def balance_of(seller: Seller) -> Balance:
    placed = Order.objects.placed().filter(seller=seller)
    unsettled = with_share(placed.exclude(status__in=["canceled", "completed"]))
    due = set(due_orders().filter(seller=seller).values_list("pk", flat=True))
    shares = dict(unsettled.values_list("pk", "share"))
    transfers = Transfer.objects.filter(order__seller=seller)
    waiting = transfers.exclude(status=Transfer.Status.PAID)
    paid = transfers.filter(status=Transfer.Status.PAID)
    held = Reserve.objects.held().filter(order__seller=seller)
    return Balance(
        currency=seller.currency,
        pending=sum(share for pk, share in shares.items() if pk not in due),
        available=sum(shares[pk] for pk in due if pk in shares)
        + (waiting.aggregate(sum=Sum("amount_minor"))["sum"] or 0),
        transferred=paid.aggregate(
            sum=Coalesce(Sum(F("amount_minor") - F("reversed_minor")), 0)
        )["sum"],
        reserved=held.aggregate(
            sum=Sum(F("amount_minor") - F("used_minor"), default=0)
        )["sum"],
        owed=seller_debts.owed_by(seller, seller.currency),
    )
