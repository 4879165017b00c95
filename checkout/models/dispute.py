from django.db import models
from django.utils.translation import gettext_lazy as _

from checkout.models.payment import Payment
from sellers.models import Seller


class DisputeQuerySet(models.QuerySet):
    def open(self):
        """Undecided: the money of its orders is frozen."""
        return self.filter(status__in=Dispute.OPEN)

    def to_answer(self):
        return self.filter(status__in=Dispute.TO_ANSWER)


class Dispute(models.Model):
    """The buyer's bank asks a payment back; statuses and reasons in Stripe's words."""

    class Status(models.TextChoices):
        WARNING_NEEDS_RESPONSE = (
            "warning_needs_response",
            _("Inquiry, needs an answer"),
        )
        WARNING_UNDER_REVIEW = "warning_under_review", _("Inquiry, with the bank")
        WARNING_CLOSED = "warning_closed", _("Inquiry closed")
        NEEDS_RESPONSE = "needs_response", _("Needs an answer")
        UNDER_REVIEW = "under_review", _("With the bank")
        WON = "won", _("Won")
        LOST = "lost", _("Lost")
        PREVENTED = "prevented", _("Prevented")

    TO_ANSWER = [Status.WARNING_NEEDS_RESPONSE, Status.NEEDS_RESPONSE]
    OPEN = [*TO_ANSWER, Status.WARNING_UNDER_REVIEW, Status.UNDER_REVIEW]
    # Over, and what the bank has then it keeps.
    DECIDED_FOR_BUYER = [Status.LOST, Status.PREVENTED]

    payment = models.ForeignKey(Payment, models.PROTECT, related_name="disputes")
    stripe_dispute_id = models.CharField(max_length=64, unique=True)
    status = models.CharField(_("status"), max_length=22, choices=Status.choices)
    reason = models.CharField(_("reason"), max_length=60)
    amount_minor = models.PositiveBigIntegerField(_("amount"))
    currency = models.CharField(max_length=3)
    evidence_due_at = models.DateTimeField(_("evidence due"), null=True, blank=True)
    # What the bank has of it now, as the books say.
    withdrawn_minor = models.BigIntegerField(_("withdrawn"), default=0)
    # The shops bear it now: a decision may change, and what was charged is given back.
    is_charged = models.BooleanField(default=False, db_default=False)
    # When Stripe was asked for what is written here: an older answer changes nothing.
    seen_at = models.DateTimeField()
    created_at = models.DateTimeField(_("opened"), auto_now_add=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    objects = DisputeQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self):
        return self.stripe_dispute_id

    @property
    def is_open(self):
        return self.status in self.OPEN

    @property
    def is_lost(self):
        return self.status in self.DECIDED_FOR_BUYER

    @property
    def kept_minor(self):
        """What the bank keeps for good of what it took.

        Also of a dispute that is won, once it has given back a part: before, the whole
        is on its way.
        """
        is_parted = (
            self.status == self.Status.WON and self.withdrawn_minor < self.amount_minor
        )
        return max(self.withdrawn_minor, 0) if self.is_lost or is_parted else 0

    @property
    def is_to_answer(self):
        return self.status in self.TO_ANSWER

    @property
    def reason_text(self):
        """“product_not_received” as people write it."""
        return self.reason.replace("_", " ").capitalize()


class DisputeStatement(models.Model):
    """What a shop says for the bank to read; the desk sends it on."""

    dispute = models.ForeignKey(Dispute, models.CASCADE, related_name="statements")
    seller = models.ForeignKey(Seller, models.PROTECT, related_name="+")
    text = models.TextField(_("what happened"), max_length=4000)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
