from django.db import models
from django.utils.translation import gettext_lazy as _

from checkout.models.order import OrderGroup


class Payment(models.Model):
    """Our side of the group's PaymentIntent."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Pending")
        SUCCEEDED = "succeeded", _("Succeeded")
        CANCELED = "canceled", _("Canceled")
        REFUNDED = "refunded", _("Refunded")

    group = models.OneToOneField(OrderGroup, models.PROTECT, related_name="payment")
    payment_intent_id = models.CharField(max_length=64, unique=True)
    client_secret = models.CharField(max_length=200)
    charge_id = models.CharField(max_length=64, blank=True)
    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.PENDING
    )
    amount_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    last_error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    succeeded_at = models.DateTimeField(null=True, blank=True)

    @property
    def reference(self):
        return f"payment:{self.pk}"


class StripeEvent(models.Model):
    """Events that have been applied, so that a repeat changes nothing."""

    event_id = models.CharField(max_length=64, unique=True)
    type = models.CharField(max_length=80)
    applied_at = models.DateTimeField(auto_now_add=True)

    def __str__(self):
        return f"{self.type} {self.event_id}"
