from django.db import models
from django.utils.translation import gettext_lazy as _

from checkout.models.order import Order
from checkout.models.refund import Refund
from marketplace.money import format_minor
from sellers.models import Seller


class LedgerAccount(models.Model):
    class Kind(models.TextChoices):
        """Whose money it is.  Debits are positive, credits negative."""

        STRIPE = "stripe", _("At Stripe")
        BANK = "bank", _("Paid out to the platform's bank")
        BUYER = "buyer", _("Paid by buyers, not shared out yet")
        SELLER = "seller", _("Owed to the seller")
        RESERVE = "reserve", _("Kept in reserve for the seller")
        OWES = "owes", _("Owed by the seller")
        COMMISSION = "commission", _("Platform commission")
        TAX = "tax", _("Tax on the commission, to be paid on")
        COUPONS = "coupons", _("Coupons that the platform bears")
        FEES = "fees", _("Stripe's fees")
        GOODWILL = "goodwill", _("Goodwill that the platform bears")
        REFUNDS = "refunds", _("To be paid back to buyers")
        FROZEN = "frozen", _("With the buyer's bank, undecided")
        DISPUTES = "disputes", _("Lost in disputes")

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
        SALE = "sale", _("Sale")
        REFUND = "refund", _("Refund")
        TRANSFER = "transfer", _("Transfer to the seller")
        REVERSAL = "reversal", _("Transfer reversed")
        RESERVE = "reserve", _("Put in reserve")
        RELEASE = "release", _("Out of the reserve")
        DEBT = "debt", _("Owed by the seller")
        NETTING = "netting", _("Kept for what the seller owed")
        FEE = "fee", _("Stripe's fee")
        PAYOUT = "payout", _("Payout of the platform")
        DISPUTE = "dispute", _("Dispute")
        FAILED_REFUND = "failed", _("Refund failed")

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
    """Its entry's lines add up to 0 in each currency, which a trigger checks."""

    entry = models.ForeignKey(JournalEntry, models.PROTECT, related_name="lines")
    account = models.ForeignKey(LedgerAccount, models.PROTECT, related_name="lines")
    amount_minor = models.BigIntegerField(help_text=_("Debit positive."))

    def __str__(self):
        return f"#{self.pk}"


class Transfer(models.Model):
    """An order's money on its way to the seller's connected account.

    One for the order itself, one for what was kept in reserve of it, and one for each
    time that a dispute took something from it and gave it back.
    """

    class Kind(models.TextChoices):
        ORDER = "order", _("Order")
        RESERVE = "reserve", _("Out of the reserve")
        DISPUTE = "dispute", _("Dispute won after all")

    class Status(models.TextChoices):
        PENDING = "pending", _("On its way")
        PAID = "paid", _("Transferred")
        WAITING = "waiting", _("Waiting for the seller's account")

    order = models.ForeignKey(Order, models.PROTECT, related_name="transfers")
    kind = models.CharField(
        max_length=8, choices=Kind.choices, default=Kind.ORDER, db_default=Kind.ORDER
    )
    amount_minor = models.PositiveBigIntegerField()
    reversed_minor = models.PositiveBigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    status = models.CharField(
        max_length=8, choices=Status.choices, default=Status.PENDING
    )
    stripe_transfer_id = models.CharField(max_length=64, blank=True, db_index=True)
    # Part of the idempotency key: Stripe keeps a failure under the old one.
    attempts = models.PositiveSmallIntegerField(default=0)
    # What a dispute had taken: a bank may turn more than once, each loss is its own.
    refund = models.OneToOneField(
        Refund, models.PROTECT, null=True, blank=True, related_name="sent_once_more"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    paid_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order", "kind"],
                condition=~models.Q(kind="dispute"),
                name="one_transfer_of_a_kind_per_order",
            ),
            models.CheckConstraint(
                condition=models.Q(reversed_minor__lte=models.F("amount_minor")),
                name="reversed_within_transfer",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"],
                condition=~models.Q(status="paid"),
                name="transfers_to_be_sent",
            ),
        ]

    def __str__(self):
        return format_minor(self.amount_minor, self.currency)


class TransferReversal(models.Model):
    """The seller's share of a refund, taken back from their connected account."""

    class Status(models.TextChoices):
        PENDING = "pending", _("On its way")
        SHORT = "short", _("Refused by Stripe, owed by the seller")
        SUCCEEDED = "succeeded", _("Taken back")

    transfer = models.ForeignKey(Transfer, models.PROTECT, related_name="reversals")
    refund = models.ForeignKey(Refund, models.PROTECT, related_name="reversals")
    amount_minor = models.PositiveBigIntegerField()
    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.PENDING
    )
    stripe_reversal_id = models.CharField(max_length=64, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    succeeded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["transfer", "refund"], name="one_reversal_per_refund"
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"],
                condition=models.Q(status="pending"),
                name="reversals_to_be_sent",
            ),
        ]
