from django.db import models
from django.utils.translation import gettext_lazy as _

from checkout.models.order import OrderGroup


class PaymentQuerySet(models.QuerySet):
    def locked(self):
        """Until commit; before its orders and refunds, in this order always.

        Without the key, so that whoever only writes a row of its does not wait.
        """
        return self.select_for_update(of=["self"], no_key=True)


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
    # The bank has it, and has not said yes or no.
    is_processing = models.BooleanField(default=False, db_default=False)
    # The buyer's at Stripe, once one of their cards may pay, or is to be kept.
    stripe_customer_id = models.CharField(max_length=64, blank=True, db_default="")
    keeps_card = models.BooleanField(default=False, db_default=False)
    # When we last asked Stripe because nobody had told us how it ended.
    asked_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    succeeded_at = models.DateTimeField(null=True, blank=True)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=models.Q(status="pending"),
                name="undecided_payments",
            )
        ]

    def __str__(self):
        return self.payment_intent_id

    @property
    def reference(self):
        return f"payment:{self.pk}"


class PaymentAttempt(models.Model):
    """One try of the buyer to pay, as Stripe tells of it."""

    payment = models.ForeignKey(Payment, models.CASCADE, related_name="attempts")
    # The charge; of a try that made none, such as a failed 3-D Secure, its method.
    reference = models.CharField(max_length=64)
    is_paid = models.BooleanField(default=False)
    code = models.CharField(max_length=60, blank=True)
    message = models.CharField(max_length=300, blank=True)
    method = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["payment", "reference", "code"], name="one_row_per_attempt"
            )
        ]

    def __str__(self):
        return self.reference
