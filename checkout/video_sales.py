"""Tells the feed what was bought by way of which video, and what was paid back."""

from collections.abc import Iterable

from checkout.models import OrderGroup, OrderLine, Refund, RefundLine
from videos.feed import purchases


def tell_sold(group: OrderGroup) -> None:
    """As soon as it is paid."""
    lines = OrderLine.objects.filter(order__group=group, video__isnull=False)
    purchases.record_purchases(
        sale_of(line, f"line:{line.pk}", line.quantity, group.user_id, group.paid_at)
        for line in lines.select_related("variant").order_by("pk")
    )


def tell_refunded(refund: Refund, parts: Iterable[RefundLine]) -> None:
    """Units that come back; an exchange is none, nor is money for a scratch."""
    if refund.exchanged_into_id is not None:
        return
    user = refund.order.group.user_id
    purchases.record_refunds(
        sale_of(
            part.order_line, f"refund:{part.pk}", part.quantity, user, refund.created_at
        )
        for part in parts
        if part.quantity and part.order_line.video_id
    )


def sale_of(line, reference, quantity, user, at) -> purchases.Sale:
    return purchases.Sale(
        reference=reference,
        video=line.video_id,
        product=line.variant and line.variant.product_id,
        user=user,
        quantity=quantity,
        at=at,
    )
