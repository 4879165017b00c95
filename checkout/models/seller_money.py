"""What is special about a seller's money: kept in reserve, owed back, paid out."""

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from checkout.models.dispute import Dispute
from checkout.models.ledger import TransferReversal
from checkout.models.order import Order
from checkout.models.refund import Refund
from marketplace.money import format_minor
from marketplace.states import StatefulModel
from sellers.models import Seller


class PayoutTerms(models.Model):
    """One shop's own terms; what is empty is as the settings say."""

    seller = models.OneToOneField(
        Seller, models.CASCADE, related_name="payout_terms", verbose_name=_("shop")
    )
    hold_days = models.PositiveSmallIntegerField(
        _("hold, in days"),
        null=True,
        blank=True,
        help_text=_("From delivery until the money is sent."),
    )
    reserve_basis_points = models.PositiveIntegerField(
        null=True, blank=True, validators=[MaxValueValidator(10_000)]
    )
    reserve_days = models.PositiveSmallIntegerField(
        _("days in reserve"), null=True, blank=True
    )

    class Meta:
        verbose_name_plural = "payout terms"

    def __str__(self):
        return str(self.seller)


class ReserveQuerySet(models.QuerySet):
    def held(self):
        return self.filter(released_at=None)

    def due(self):
        """Held for long enough, of sellers who can be paid, and not disputed."""
        over = self.held().filter(
            release_at__lte=timezone.now(), order__seller__is_payable=True
        )
        return over.exclude(order__group__payment__disputes__status__in=Dispute.OPEN)


class Reserve(models.Model):
    """A part of an order's money that is kept back for a while: one an order."""

    order = models.OneToOneField(Order, models.PROTECT, related_name="reserve")
    amount_minor = models.PositiveBigIntegerField()
    used_minor = models.PositiveBigIntegerField(
        default=0, help_text=_("Given back to the buyer of the order.")
    )
    currency = models.CharField(max_length=3)
    release_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True, blank=True)

    objects = ReserveQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(used_minor__lte=F("amount_minor")),
                name="used_within_reserve",
            ),
        ]
        indexes = [
            models.Index(
                fields=["release_at"],
                condition=Q(released_at__isnull=True),
                name="reserves_by_release",
            ),
        ]

    def __str__(self):
        return format_minor(self.amount_minor, self.currency)

    @property
    def left_minor(self):
        return self.amount_minor - self.used_minor


class PayoutConflict(Exception):
    """Stripe said something later about the payout already."""


class Payout(StatefulModel):
    """A seller's balance at Stripe on its way to their bank, as Stripe tells of it."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Announced")
        IN_TRANSIT = "in_transit", _("On its way")
        PAID = "paid", _("Paid")
        FAILED = "failed", _("Failed")
        CANCELED = "canceled", _("Canceled")

    # What may follow what.  A bank can send back what Stripe called paid.
    NEXT = {
        Status.PENDING: {
            Status.IN_TRANSIT,
            Status.PAID,
            Status.FAILED,
            Status.CANCELED,
        },
        Status.IN_TRANSIT: {Status.PAID, Status.FAILED, Status.CANCELED},
        Status.PAID: {Status.FAILED},
        Status.FAILED: set(),
        Status.CANCELED: set(),
    }
    Conflict = PayoutConflict

    seller = models.ForeignKey(Seller, models.PROTECT, related_name="payouts")
    stripe_payout_id = models.CharField(max_length=64, unique=True)
    # Negative: Stripe takes from the bank what the balance lacks.
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.PENDING
    )
    arrives_on = models.DateField()
    failure_reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [models.Index(fields=["seller", "-created_at"])]

    def __str__(self):
        return self.stripe_payout_id


class SellerDebtQuerySet(models.QuerySet):
    def open(self):
        return self.filter(recovered_minor__lt=F("amount_minor"))


class SellerDebt(models.Model):
    """What could not be taken back from a seller: kept from what they earn next."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="debts")
    refund = models.ForeignKey(Refund, models.PROTECT, related_name="debts")
    # Empty: nothing was left of the transfer to reverse.
    reversal = models.OneToOneField(
        TransferReversal, models.PROTECT, null=True, blank=True, related_name="debt"
    )
    amount_minor = models.PositiveBigIntegerField()
    recovered_minor = models.PositiveBigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SellerDebtQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(recovered_minor__lte=F("amount_minor")),
                name="recovered_within_debt",
            ),
        ]
        indexes = [
            models.Index(
                fields=["order"],
                condition=Q(recovered_minor__lt=F("amount_minor")),
                name="open_debts",
            ),
        ]

    def __str__(self):
        return format_minor(self.amount_minor, self.currency)

    @property
    def left_minor(self):
        return self.amount_minor - self.recovered_minor
