from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from checkout.models.dispute import Dispute
from checkout.models.order import Order
from checkout.models.order_line import OrderLine
from checkout.models.payment import Payment


class RefundQuerySet(models.QuerySet):
    def locked(self):
        """Until commit; their payments first, as who hears of a dispute does."""
        payments = self.order_by().values("payment")
        list(Payment.objects.filter(pk__in=payments).order_by("pk").locked())
        return self.order_by("pk").select_for_update(of=["self"])

    def refused(self):
        """By Stripe: nothing was ever paid back."""
        return self.filter(status=Refund.Status.FAILED, came_back_at=None)

    def owed(self):
        """The buyer's bank sent it back, and nobody has seen to it since."""
        return self.filter(came_back_at__isnull=False, successor=None)

    def to_settle(self):
        """People have to: to send it again, or to pay it by other means."""
        return self.filter(
            models.Q(status=Refund.Status.FAILED, came_back_at=None)
            | models.Q(came_back_at__isnull=False, successor=None)
        )


class Refund(models.Model):
    """Money on its way back to a buyer, for one order or a whole payment."""

    class Status(models.TextChoices):
        PENDING = "pending", _("On its way")
        SUCCEEDED = "succeeded", _("Paid back")
        FAILED = "failed", _("Failed")
        # By a dispute that was lost, and is won after all.
        UNDONE = "undone", _("Undone")

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="refunds")
    # Empty: the whole payment, because it came too late to be fulfilled.
    order = models.ForeignKey(
        Order, models.PROTECT, null=True, blank=True, related_name="refunds"
    )
    # Not empty: the buyer's bank took it, Stripe is not asked.
    dispute = models.ForeignKey(
        Dispute, models.PROTECT, null=True, blank=True, related_name="refunds"
    )
    # Not empty: no money went out, it paid for what was sent in exchange.
    exchanged_into = models.OneToOneField(
        Order, models.PROTECT, null=True, blank=True, related_name="paid_by_exchange"
    )
    # Not empty: that one came back, and its money is paid with this one.
    instead_of = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="successor"
    )
    # How, where people have paid it and not Stripe.
    paid_otherwise = models.CharField(
        _("paid by other means"), max_length=300, blank=True, db_default=""
    )
    stripe_refund_id = models.CharField(max_length=64, blank=True, db_index=True)
    # In Stripe's words: taken on is not yet arrived.
    stripe_status = models.CharField(max_length=20, blank=True, db_default="")
    # When we last asked Stripe because nobody had told us how it ended.
    asked_at = models.DateTimeField(null=True, blank=True)
    # Part of the idempotency key: Stripe keeps a failure under the old one.
    attempts = models.PositiveSmallIntegerField(default=0)
    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.PENDING
    )
    amount_minor = models.PositiveBigIntegerField()
    tax_minor = models.PositiveBigIntegerField(default=0, db_default=0)
    shipping_minor = models.PositiveBigIntegerField(default=0)
    # Money for nothing that comes back: for a scratch, for a delay.
    goodwill_minor = models.PositiveBigIntegerField(default=0, db_default=0)
    commission_minor = models.PositiveBigIntegerField(default=0)
    commission_tax_minor = models.PositiveBigIntegerField(default=0, db_default=0)
    # What the platform had added to a coupon's price, and has back from the seller.
    subsidy_minor = models.PositiveBigIntegerField(default=0, db_default=0)
    # Goodwill that the platform bears; negative where it has that back, because what
    # it was given for was returned after all.
    platform_minor = models.BigIntegerField(default=0, db_default=0)
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
    # Stripe had taken it on, and the money is the platform's to pay once more.
    came_back_at = models.DateTimeField(_("came back"), null=True, blank=True)

    objects = RefundQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(exchanged_into=None) | models.Q(stripe_refund_id=""),
                name="exchanged_without_money",
            ),
            models.CheckConstraint(
                condition=models.Q(paid_otherwise="") | models.Q(stripe_refund_id=""),
                name="paid_once_by_stripe_or_otherwise",
            ),
        ]
        indexes = [
            # What the clock looks for each minute, among all there ever were.
            models.Index(
                fields=["id"],
                condition=models.Q(status="pending"),
                name="refunds_to_be_sent",
            ),
            models.Index(
                fields=["id"],
                condition=models.Q(stripe_status__in=["pending", "requires_action"]),
                name="refunds_undecided",
            ),
        ]

    def __str__(self):
        return self.reference

    @property
    def reference(self):
        return f"refund:{self.pk}"

    @property
    def is_refused(self):
        return self.status == self.Status.FAILED and self.came_back_at is None

    @property
    def is_owed(self):
        return self.came_back_at is not None and not hasattr(self, "successor")

    @property
    def is_to_settle(self):
        return self.is_refused or self.is_owed

    @property
    def can_be_parted(self):
        """A payment that goes back whole; not where it was paid once, and came back."""
        return self.order_id is None and self.instead_of_id is None

    @property
    def seller_share_minor(self):
        """What the seller was given for it: price and subsidy less commission.

        Nothing of what is paid once more: it was taken back the first time.
        """
        if self.instead_of_id:
            return 0
        given = self.amount_minor + self.subsidy_minor - self.platform_minor
        return given - self.commission_minor - self.commission_tax_minor


class RefundLine(models.Model):
    """A part of a refund; with those before it no more than the frozen amounts."""

    class Kind(models.TextChoices):
        UNITS = "units", _("Units")
        DELIVERY = "delivery", _("Delivery")
        GOODWILL = "goodwill", _("Goodwill")
        DISPUTE = "dispute", _("Lost dispute")

    refund = models.ForeignKey(Refund, models.CASCADE, related_name="lines")
    kind = models.CharField(
        max_length=8, choices=Kind.choices, default=Kind.UNITS, db_default=Kind.UNITS
    )
    # Empty: the delivery's.
    order_line = models.ForeignKey(
        OrderLine, models.PROTECT, null=True, blank=True, related_name="refund_lines"
    )
    # Of units, also of those that a lost dispute keeps from being sent.
    quantity = models.PositiveIntegerField(default=0)
    amount_minor = models.PositiveBigIntegerField()
    tax_minor = models.PositiveBigIntegerField(default=0, db_default=0)
    commission_minor = models.PositiveBigIntegerField(default=0)
    commission_tax_minor = models.PositiveBigIntegerField(default=0, db_default=0)
    subsidy_minor = models.PositiveBigIntegerField(default=0, db_default=0)
    platform_minor = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        ordering = ["pk"]
