from django.db import models
from django.db.models import F, OuterRef, Q, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from sellers.models import Variant
from sellers.promises import text_of_line
from videos.models import Video
from videos.models.video import clock


class OrderLineQuerySet(models.QuerySet):
    def sold(self):
        """Paid for once, whatever came after."""
        return self.exclude(order__group__paid_at=None)

    def with_net(self):
        """With what the buyer paid for the line less what went back for it."""
        back = self.model.objects.filter(pk=OuterRef("pk")).order_by().values("pk")
        undone = Q(refund_lines__refund__status="undone")
        sum_ = Sum("refund_lines__amount_minor", filter=~undone)
        returned = back.annotate(sum=sum_).values("sum")
        return self.annotate(net_minor=F("total_minor") - Coalesce(returned, 0))

    def with_pictures(self):
        return self.select_related(
            "variant__media", "variant__product"
        ).prefetch_related("variant__product__media")


class OrderLine(models.Model):
    """What was bought, frozen: later changes to the product do not reach it."""

    class Way(models.TextChoices):
        DIRECT = "direct", _("directly from the video")
        AFTER_VIEW = "after_view", _("after seeing the video")

    # What says to which video the sale is due.
    CREDIT = (
        "video", "video_title", "video_way", "video_touched_at", "tag_position",
        "tag_starts_ms",
    )  # fmt: skip

    order = models.ForeignKey("checkout.Order", models.PROTECT, related_name="lines")
    variant = models.ForeignKey(
        Variant, models.SET_NULL, null=True, related_name="order_lines"
    )
    video = models.ForeignKey(
        Video, models.SET_NULL, null=True, blank=True, related_name="order_lines"
    )
    # Stays when the video is removed.
    video_title = models.CharField(max_length=140, blank=True)
    # How it came through the video, and by which of its tags: `checkout.attributing`.
    video_way = models.CharField(
        max_length=10, choices=Way.choices, blank=True, db_default=""
    )
    video_touched_at = models.DateTimeField(null=True, blank=True)
    tag_position = models.PositiveSmallIntegerField(null=True, blank=True)
    tag_starts_ms = models.PositiveIntegerField(null=True, blank=True)
    title = models.CharField(max_length=140)
    variant_title = models.CharField(max_length=250, blank=True)
    sku = models.CharField(max_length=80)
    quantity = models.PositiveIntegerField()
    unit_price_minor = models.PositiveBigIntegerField()
    discount_minor = models.PositiveBigIntegerField(default=0, db_default=0)
    subsidy_minor = models.PositiveBigIntegerField(default=0, db_default=0)
    total_minor = models.PositiveBigIntegerField(
        help_text=_("What the buyer pays for the line, tax included.")
    )
    tax_basis_points = models.PositiveIntegerField(default=0)
    tax_minor = models.PositiveBigIntegerField(default=0)
    commission_name = models.CharField(
        max_length=80, blank=True, db_default="", help_text=_("The rule that it is by.")
    )
    commission_basis_points = models.PositiveIntegerField()
    commission_minor = models.PositiveBigIntegerField()
    commission_tax_minor = models.PositiveBigIntegerField(default=0, db_default=0)
    refunded_quantity = models.PositiveIntegerField(default=0)
    # What the buyer was told: so many come later, from that day on if it is known.
    backordered_quantity = models.PositiveIntegerField(default=0, db_default=0)
    ships_on = models.DateField(null=True, blank=True)

    objects = OrderLineQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(refunded_quantity__lte=F("quantity")),
                name="refunded_within_quantity",
            ),
            models.CheckConstraint(
                condition=models.Q(backordered_quantity__lte=F("quantity")),
                name="order_line_backordered_within_quantity",
            ),
            models.CheckConstraint(
                condition=models.Q(quantity__gt=0), name="order_quantity_above_zero"
            ),
            models.CheckConstraint(
                condition=models.Q(subsidy_minor__lte=F("discount_minor")),
                name="line_subsidy_within_discount",
            ),
        ]

    def __str__(self):
        return ", ".join(
            filter(None, [f"{self.quantity} × {self.title}", self.variant_title])
        )

    @property
    def promise(self):
        """What the buyer was told of when it is sent; empty where that was at once."""
        return text_of_line(self.quantity, self.backordered_quantity, self.ships_on)

    @property
    def tag_time(self):
        """When in the video it was shown; empty where that is not known."""
        return "" if self.tag_starts_ms is None else clock(self.tag_starts_ms)

    @property
    def left(self):
        """Units that were not refunded."""
        return self.quantity - self.refunded_quantity

    @property
    def picture(self):
        """The variant's own, else the product's first; none once it is deleted."""
        if self.variant is None:
            return None
        pictures = self.variant.product.media.all()
        return self.variant.media or next(iter(pictures), None)
