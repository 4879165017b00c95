from django.db import models
from django.utils.translation import gettext_lazy as _


class ReconciliationDifference(models.Model):
    """Something in which Stripe's balance and the books do not agree."""

    class Kind(models.TextChoices):
        NOT_IN_BOOKS = "not_in_books", _("At Stripe, not in the books")
        NOT_AT_STRIPE = "not_at_stripe", _("In the books, not at Stripe")
        AMOUNT = "amount", _("Another amount")
        BALANCE = "balance", _("Another balance")

    kind = models.CharField(max_length=14, choices=Kind.choices)
    # Of the two whichever is known: Stripe's transaction, our reference.
    subject = models.CharField(max_length=100, unique=True)
    type = models.CharField(max_length=60, help_text=_("As Stripe names it."))
    source = models.CharField(max_length=100, blank=True)
    currency = models.CharField(max_length=3)
    stripe_minor = models.BigIntegerField(null=True, blank=True)
    books_minor = models.BigIntegerField(null=True, blank=True)
    # When the money moved; empty for a balance, which is of now.
    happened_at = models.DateTimeField(null=True, blank=True)
    found_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField()
    # When a later look no longer found it.
    gone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(
                fields=["-id"],
                condition=models.Q(gone_at__isnull=True),
                name="open_differences",
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()}: {self.subject}"
