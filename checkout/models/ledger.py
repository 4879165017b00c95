from django.db import models
from django.utils.translation import gettext_lazy as _

from checkout.models.order import Order
from sellers.models import Seller


class LedgerAccount(models.Model):
    class Kind(models.TextChoices):
        """Whose money it is.  Debits are positive, credits negative."""

        STRIPE = "stripe", _("At Stripe")
        SELLER = "seller", _("Owed to the seller")
        COMMISSION = "commission", _("Platform commission")
        UNASSIGNED = "unassigned", _("Received, to be paid back")

    kind = models.CharField(max_length=12, choices=Kind.choices)
    seller = models.ForeignKey(
        Seller, models.PROTECT, null=True, blank=True, related_name="ledger_accounts"
    )
    currency = models.CharField(max_length=3)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "seller", "currency"],
                nulls_distinct=False,
                name="one_account_of_a_kind",
            ),
        ]

    def __str__(self):
        return " ".join(
            filter(None, [self.kind, self.seller and self.seller.slug, self.currency])
        )


class JournalEntry(models.Model):
    """One event in the books; its lines add up to 0.  Append-only by trigger."""

    class Kind(models.TextChoices):
        PAYMENT = "payment", _("Payment")
        REFUND = "refund", _("Refund")
        TRANSFER = "transfer", _("Transfer to the seller")
        REVERSAL = "reversal", _("Transfer reversed")

    kind = models.CharField(max_length=10, choices=Kind.choices)
    # Ours, e.g. “payment:17”: a second posting of the same event is refused.
    reference = models.CharField(max_length=80, unique=True)
    order = models.ForeignKey(
        Order, models.PROTECT, null=True, blank=True, related_name="journal_entries"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "journal entries"

    def __str__(self):
        return self.reference


class LedgerLine(models.Model):
    entry = models.ForeignKey(JournalEntry, models.PROTECT, related_name="lines")
    account = models.ForeignKey(LedgerAccount, models.PROTECT, related_name="lines")
    amount_minor = models.BigIntegerField(help_text=_("Debit positive."))


class Transfer(models.Model):
    """An order's money on its way to the seller's connected account: one an order."""

    class Status(models.TextChoices):
        PENDING = "pending", _("On its way")
        PAID = "paid", _("Transferred")
        WAITING = "waiting", _("Waiting for the seller's account")

    order = models.OneToOneField(Order, models.PROTECT, related_name="transfer")
    amount_minor = models.PositiveBigIntegerField()
    reversed_minor = models.PositiveBigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    status = models.CharField(
        max_length=8, choices=Status.choices, default=Status.PENDING
    )
    stripe_transfer_id = models.CharField(max_length=64, blank=True, db_index=True)
    created_at = models.DateTimeField(auto_now_add=True)
    paid_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(reversed_minor__lte=models.F("amount_minor")),
                name="reversed_within_transfer",
            ),
        ]
