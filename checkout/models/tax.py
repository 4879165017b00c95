"""What Stripe Tax has said, and what it has been told.  Empty while it is off."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from checkout.models.order import Order
from checkout.models.refund import Refund


class TaxCalculation(models.Model):
    """An answer, kept until an order that is made of it is paid, or for a day."""

    # A digest of all that was asked.
    key = models.CharField(max_length=64, unique=True)
    stripe_calculation_id = models.CharField(max_length=64)
    # Tax and rate in basis points by line, and of the delivery: “delivery”.
    taxes = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)


class SentTax(models.Model):
    """Something that Stripe Tax is to be told, once."""

    stripe_transaction_id = models.CharField(max_length=64, blank=True)
    # Why Stripe does not take it: people have to see to it in its dashboard.
    problem = models.CharField(_("problem"), max_length=300, blank=True)
    # Tries that Stripe failed at: it keeps each such answer under the key of the try.
    attempts = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True


class TaxRecord(SentTax):
    """An order whose tax Stripe has computed; recorded there once it is paid."""

    order = models.OneToOneField(Order, models.PROTECT, related_name="tax_record")
    stripe_calculation_id = models.CharField(max_length=64)
    # By order line: what Stripe calls it; before it is recorded, what we called it.
    lines = models.JSONField()

    class Meta:
        indexes = [
            models.Index(
                fields=["id"],
                condition=models.Q(stripe_transaction_id="", problem=""),
                name="tax_to_be_recorded",
            )
        ]

    def __str__(self):
        return str(self.order)

    @property
    def reference(self) -> str:
        return f"order:{self.order_id}"

    @property
    def is_unfinished(self) -> bool:
        return not self.stripe_transaction_id


class TaxReversal(SentTax):
    """A refund of such an order."""

    refund = models.OneToOneField(Refund, models.PROTECT, related_name="tax_reversal")
    # What reversed it in its turn: the loss that it was of, a bank took back.
    undone_transaction_id = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["id"],
                condition=models.Q(stripe_transaction_id="", problem=""),
                name="tax_to_be_reversed",
            )
        ]

    def __str__(self):
        return str(self.refund)

    @property
    def is_undone(self) -> bool:
        """Of a loss that was none: what was told is to be taken back."""
        return self.refund.status == Refund.Status.UNDONE

    @property
    def reference(self) -> str:
        name = self.refund.reference
        return f"{name}:undone" if self.is_undone else name

    @property
    def is_unfinished(self) -> bool:
        if self.is_undone:
            return bool(self.stripe_transaction_id) and not self.undone_transaction_id
        return not self.stripe_transaction_id
