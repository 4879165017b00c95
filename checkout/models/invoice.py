from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from checkout.models.order import Order
from checkout.models.refund import Refund
from sellers.models import Seller


class Invoice(models.Model):
    """An order's invoice, the credit note to a refund, or what cancels that.

    Frozen by trigger.
    """

    class Kind(models.TextChoices):
        INVOICE = "invoice", _("Invoice")
        CREDIT_NOTE = "credit_note", _("Credit note")
        # Invoices once more what a credit note had taken back without reason.
        CORRECTION = "correction", _("Corrective invoice")

    PREFIXES = {Kind.INVOICE: "INV", Kind.CREDIT_NOTE: "CN", Kind.CORRECTION: "COR"}

    kind = models.CharField(_("kind"), max_length=11, choices=Kind.choices)
    seller = models.ForeignKey(Seller, models.PROTECT, related_name="invoices")
    number = models.PositiveIntegerField(_("number"))
    order = models.ForeignKey(Order, models.PROTECT, related_name="invoices")
    # Of a credit note: what it was paid back by.
    refund = models.OneToOneField(
        Refund, models.PROTECT, null=True, blank=True, related_name="credit_note"
    )
    # Of a corrective invoice: the credit note that counts no more.
    corrects = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="correction"
    )
    total_minor = models.PositiveBigIntegerField(_("total"))
    tax_minor = models.PositiveBigIntegerField(_("tax"))
    currency = models.CharField(max_length=3)
    # All that is printed, so that no later change of a name or a rate reaches it.
    content = models.JSONField()
    issued_at = models.DateTimeField(_("issued"), auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["seller", "kind", "number"], name="one_document_per_number"
            ),
            models.UniqueConstraint(
                fields=["order"],
                condition=models.Q(kind="invoice"),
                name="one_invoice_per_order",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="invoice", refund=None)
                | models.Q(kind="credit_note", refund__isnull=False)
                | models.Q(kind="correction", refund=None),
                name="credit_note_has_a_refund",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="correction", corrects__isnull=False)
                | (~models.Q(kind="correction") & models.Q(corrects=None)),
                name="correction_has_a_credit_note",
            ),
        ]

    def __str__(self):
        return self.label

    def get_absolute_url(self):
        """The buyer's."""
        return reverse("checkout:buyer_invoice", args=[self.order.group.token, self.pk])

    @property
    def label(self):
        """As it is printed: the prefix says which of the seller's series."""
        return f"{self.PREFIXES[self.kind]}-{self.seller_id}-{self.number:06d}"

    @property
    def file_name(self):
        return f"{self.label}.pdf"


class NumberSeries(models.Model):
    """The last number given to a seller's documents of a kind; its lock is the queue.

    The number is taken in the transaction that writes the document, so what is rolled
    back leaves no gap.
    """

    seller = models.ForeignKey(Seller, models.PROTECT, related_name="number_series")
    kind = models.CharField(max_length=11, choices=Invoice.Kind.choices)
    last_number = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "number series"
        constraints = [
            models.UniqueConstraint(
                fields=["seller", "kind"], name="one_series_per_seller_and_kind"
            ),
        ]

    def __str__(self):
        return f"{self.seller_id} {self.kind} {self.last_number}"
