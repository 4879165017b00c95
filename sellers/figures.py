"""What a seller sees at a glance: what waits to be done, and how it goes."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, F, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from sellers.models import Product, Seller, Variant, orderable

LOW_STOCK = 3


@dataclass(frozen=True)
class Day:
    """A bar of the chart, in a picture of 100 × 100 units a day wide."""

    on: date
    revenue_minor: int
    orders: int
    height: int

    @property
    def top(self) -> int:
        return 100 - self.height


@dataclass(frozen=True)
class Figures:
    days: list[Day]
    revenue_minor: int
    orders: int
    revenue_before_minor: int

    @property
    def change_percent(self) -> int | None:
        """Against as many days before; nothing to compare with gives None."""
        if not self.revenue_before_minor:
            return None
        return round(100 * self.revenue_minor / self.revenue_before_minor) - 100


def net_revenue(orders) -> int:
    return orders.aggregate(net=Sum(F("total_minor") - F("refunded_minor")))["net"] or 0


def figures_of(seller: Seller, days: int) -> Figures:
    """Paid orders of the last days, today included, net of refunds."""
    today = timezone.localdate()
    first = today - timedelta(days=days - 1)
    paid = seller.orders.placed()
    recent = paid.filter(group__paid_at__date__gte=first)
    before = paid.filter(
        group__paid_at__date__gte=first - timedelta(days=days),
        group__paid_at__date__lt=first,
    )
    by_day = recent.annotate(on=TruncDate("group__paid_at")).order_by().values("on")
    rows = by_day.annotate(
        net=Sum(F("total_minor") - F("refunded_minor")), orders=Count("pk")
    )
    found = {row["on"]: row for row in rows}
    highest = max([row["net"] for row in found.values()], default=0) or 1
    bars = []
    for offset in range(days):
        on = first + timedelta(days=offset)
        row = found.get(on, {"net": 0, "orders": 0})
        height = max(0, round(100 * row["net"] / highest))
        bars.append(Day(on, row["net"], row["orders"], height))
    return Figures(
        days=bars,
        revenue_minor=sum(day.revenue_minor for day in bars),
        orders=sum(day.orders for day in bars),
        revenue_before_minor=net_revenue(before),
    )


def low_stock(seller: Seller):
    """Variants on sale of which few are left and no more are sold, the fewest first."""
    available = F("stock__on_hand") - F("stock__reserved")
    variants = Variant.objects.on_sale().filter(product__seller=seller)
    found = variants.annotate(left=available, left_to_order=orderable())
    few = found.filter(left__lte=LOW_STOCK, left_to_order=F("left"))
    return few.select_related("product").order_by("left", "pk")


def to_do(seller: Seller) -> dict[str, int]:
    """How many of each kind wait; kinds with none are left out."""
    drafts = seller.products.filter(status=Product.Status.DRAFT)
    counts = {
        "orders": seller.orders.to_ship().count(),
        "returns": seller.orders.returns_waiting().count(),
        "disputes": seller.orders.disputes_unanswered().count(),
        "sent_back": drafts.exclude(status_reason="").count(),
        "drafts": drafts.filter(status_reason="").count(),
        "videos_failed": seller.videos.kept().filter(status="failed").count(),
        "low_stock": low_stock(seller).count(),
        "payouts": 0 if seller.is_payable or seller.requirements_due else 1,
        "requirements": len(seller.requirements_due),
        "shipping": 0 if seller.shipping_rates.filter(is_active=True).exists() else 1,
    }
    return {kind: number for kind, number in counts.items() if number}
