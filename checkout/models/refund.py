from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from checkout.models.order import Order, OrderLine
from checkout.models.payment import Payment


class Refund(models.Model):
    """Money on its way back to a buyer, for one order or a whole payment."""

    class Status(models.TextChoices):
        PENDING = "pending", _("On its way")
        SUCCEEDED = "succeeded", _("Paid back")
        FAILED = "failed", _("Failed")

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="refunds")
    # Empty: the whole payment, because it came too late to be fulfilled.
    order = models.ForeignKey(
        Order, models.PROTECT, null=True, blank=True, related_name="refunds"
    )
    stripe_refund_id = models.CharField(max_length=64, blank=True, db_index=True)
    # Part of the idempotency key: Stripe keeps a failure under the old one.
    attempts = models.PositiveSmallIntegerField(default=0)
    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.PENDING
    )
    amount_minor = models.PositiveBigIntegerField()
    shipping_minor = models.PositiveBigIntegerField(default=0)
    commission_minor = models.PositiveBigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=300)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    succeeded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]

    @property
    def reference(self):
        return f"refund:{self.pk}"

    @property
    def seller_share_minor(self):
        """What the seller bears; the platform gives its commission back."""
        return self.amount_minor - self.commission_minor


class RefundLine(models.Model):
    refund = models.ForeignKey(Refund, models.CASCADE, related_name="lines")
    order_line = models.ForeignKey(
        OrderLine, models.PROTECT, related_name="refund_lines"
    )
    quantity = models.PositiveIntegerField()
    amount_minor = models.PositiveBigIntegerField()
    commission_minor = models.PositiveBigIntegerField(default=0)
