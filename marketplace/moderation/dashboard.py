"""What waits at the desk, and how the marketplace does."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.db.models import Count, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from checkout.models import Dispute, Order, OrderGroup, Refund
from marketplace.accounts.models import OutgoingMail
from marketplace.moderation import nudity_model
from marketplace.moderation.models import ModerationDecision, Report
from marketplace.money import format_minor
from sellers.models import Category, Product, Seller
from videos.models import Video

FIGURES_KEPT_SECONDS = 60
COUNTED_UP_TO = 1000


@dataclass(frozen=True)
class Queue:
    """Work of one kind; `page` is its list at the desk, `query` narrows it."""

    label: str
    icon: str
    rows: Callable
    model: str
    query: str
    is_urgent: bool = False

    @property
    def permission(self):
        app, _, model = self.model.partition("_")
        return f"{app}.view_{model}"

    @property
    def url(self):
        return f"{reverse(f'admin:{self.model}_changelist')}?{self.query}"

    @property
    def count(self):
        return self.rows()[:COUNTED_UP_TO].count()


QUEUES = [
    Queue(
        _("Applications to sell"),
        "storefront",
        lambda: Seller.objects.filter(status=Seller.Status.PENDING),
        "sellers_seller",
        "status__exact=pending",
    ),
    Queue(
        _("Products in review"),
        "inventory_2",
        lambda: Product.objects.in_review(),
        "sellers_product",
        "status__exact=in_review",
    ),
    Queue(
        _("Videos in review"),
        "smart_display",
        lambda: Video.objects.in_review(),
        "videos_video",
        "publication__exact=in_review",
    ),
    Queue(
        _("Reports"),
        "flag",
        lambda: Report.objects.open(),
        "moderation_report",
        "status__exact=open",
        is_urgent=True,
    ),
    Queue(
        _("Videos that look like another shop’s"),
        "content_copy",
        lambda: Report.objects.open().filter(reason=Report.Reason.COPIED),
        "moderation_report",
        "status__exact=open&reason__exact=copied",
        is_urgent=True,
    ),
    Queue(
        _("Videos that may show nudity"),
        "visibility_off",
        lambda: Report.objects.open().filter(reason=Report.Reason.NUDITY),
        "moderation_report",
        "status__exact=open&reason__exact=nudity",
        is_urgent=True,
    ),
    Queue(
        _("Videos that failed"),
        "error",
        lambda: Video.objects.kept().filter(status=Video.Status.FAILED),
        "videos_video",
        "status__exact=failed",
    ),
    Queue(
        _("Refunds that did not reach the buyer"),
        "currency_exchange",
        lambda: Refund.objects.to_settle(),
        "checkout_refund",
        "todo=settle",
        is_urgent=True,
    ),
    Queue(
        _("Disputes to be answered"),
        "gavel",
        lambda: Dispute.objects.to_answer(),
        "checkout_dispute",
        "todo=answer",
        is_urgent=True,
    ),
    Queue(
        _("Orders past their dispatch date"),
        "local_shipping",
        lambda: Order.objects.late(),
        "checkout_order",
        "dispatch=late",
        is_urgent=True,
    ),
    Queue(
        _("Mails given up"),
        "mail",
        lambda: OutgoingMail.objects.filter(
            sent_at=None, attempts__gte=OutgoingMail.MAX_ATTEMPTS
        ),
        "accounts_outgoingmail",
        "",
    ),
]


def figures():
    """Of the last seven days, in the site's own currency."""
    since = timezone.now() - timedelta(days=7)
    paid = OrderGroup.objects.filter(paid_at__gte=since, currency=settings.CURRENCY)
    sales = paid.aggregate(count=Count("pk"), total=Sum("total_minor"))
    published = Video.objects.filter(
        publication=Video.Publication.PUBLISHED, published_at__gte=since
    )
    opened = Seller.objects.filter(approved_at__gte=since)
    return [
        (_("Sales"), format_minor(sales["total"] or 0, settings.CURRENCY)),
        (_("Checkouts paid"), sales["count"]),
        (_("Videos published"), published.count()),
        (_("Shops opened"), opened.count()),
    ]


def show(request, context):
    """unfold's DASHBOARD_CALLBACK."""
    mine = [queue for queue in QUEUES if request.user.has_perm(queue.permission)]
    context["queues"] = mine
    context["is_nudity_checked"] = nudity_model.is_available()
    context["nothing_waits"] = not any(queue.count for queue in mine)
    if request.user.has_perm("sellers.add_category"):
        context["lacks_categories"] = not Category.objects.exists()
    if request.user.has_perm("checkout.view_payment"):
        context["figures"] = cache.get_or_set(
            "desk-figures", figures, FIGURES_KEPT_SECONDS
        )
    decisions = ModerationDecision.objects.select_related(
        "seller", "product", "video", "decided_by"
    )
    if request.user.has_perm("moderation.view_moderationdecision"):
        context["latest"] = decisions.order_by("-pk")[:8]
    return context
