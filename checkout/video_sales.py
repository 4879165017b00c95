"""Tells the feed what was bought by way of which video, and what was paid back."""

from checkout.models import OrderGroup, OrderLine, Refund
from videos.feed import purchases


def tell_sold(group: OrderGroup) -> None:
    """As soon as it is paid."""
    lines = [line for order in group.orders.all() for line in order.lines.all()]
    sold = [line.pk for line in lines if line.video_id]
    if not sold:
        return
    lines = OrderLine.objects.filter(pk__in=sold).select_related("variant")
    purchases.record_purchases(
        sale_of(line, f"line:{line.pk}", line.quantity, group.user_id, group.paid_at)
        for line in lines.order_by("pk")
    )


def tell_refunded(refund: Refund) -> None:
    """Units that come back, or are never sent; money for a scratch is none."""
    user = refund.order.group.user_id
    parts = refund.lines.select_related("order_line__variant")
    purchases.record_refunds(
        sale_of(
            part.order_line, f"refund:{part.pk}", part.quantity, user, refund.created_at
        )
        for part in parts.filter(quantity__gt=0, order_line__video__isnull=False)
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
