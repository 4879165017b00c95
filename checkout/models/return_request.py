from django.db import models
from django.utils.translation import gettext_lazy as _

from checkout.models.order import Order, OrderConflict
from checkout.models.order_line import OrderLine
from marketplace.states import StatefulModel
from sellers.models import Variant


class ReturnRequestQuerySet(models.QuerySet):
    def open(self):
        return self.filter(status__in=ReturnRequest.OPEN)

    def unanswered(self):
        return self.filter(status=ReturnRequest.Status.REQUESTED)

    def to_send(self):
        return self.filter(status=ReturnRequest.Status.ACCEPTED, sent_at=None)


class ReturnRequest(StatefulModel):
    """What a buyer sends back: because a shop lets them, or because the law does."""

    class Status(models.TextChoices):
        REQUESTED = "requested", _("Requested")
        ACCEPTED = "accepted", _("Accepted: send it back")
        REFUSED = "refused", _("Refused")
        REFUNDED = "refunded", _("Refunded")
        EXCHANGED = "exchanged", _("Exchanged")
        CLOSED = "closed", _("Closed: not sent back")

    class Cause(models.TextChoices):
        DAMAGED = "damaged", _("Damaged or does not work")
        NOT_AS_DESCRIBED = "not_as_described", _("Not as described")
        WRONG = "wrong", _("Something else arrived")
        DOES_NOT_FIT = "does_not_fit", _("Does not fit")
        CHANGED_MIND = "changed_mind", _("I do not want it any more")
        OTHER = "other", _("Something else")

    OPEN = [Status.REQUESTED, Status.ACCEPTED]
    # What may follow what.
    NEXT = {
        Status.REQUESTED: {
            Status.ACCEPTED,
            Status.REFUSED,
            Status.REFUNDED,
            Status.EXCHANGED,
        },
        Status.ACCEPTED: {
            Status.REFUNDED,
            Status.REFUSED,
            Status.EXCHANGED,
            Status.CLOSED,
        },
        Status.REFUSED: set(),
        Status.REFUNDED: set(),
        Status.EXCHANGED: set(),
        # The shop or the desk can open it again: parcels turn up.
        Status.CLOSED: {Status.ACCEPTED},
    }
    Conflict = OrderConflict

    order = models.ForeignKey(Order, models.PROTECT, related_name="return_requests")
    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.REQUESTED
    )
    cause = models.CharField(
        _("what is wrong?"),
        max_length=16,
        choices=Cause.choices,
        default=Cause.OTHER,
        db_default=Cause.OTHER,
    )
    reason = models.TextField(_("reason"), max_length=1000)
    # A right that needs no reason and that no seller may refuse.
    is_withdrawal = models.BooleanField(default=False, db_default=False)
    exchange_for = models.ForeignKey(
        Variant, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    answer = models.TextField(_("answer"), max_length=1000, blank=True)
    # Not answered by then, it is accepted.
    answer_by = models.DateTimeField(null=True, blank=True)
    # Accepted, and neither back nor said to be sent by then: the buyer is reminded
    # once, and later it is closed.
    send_by = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    # Carrier and number, in the buyer's words.
    proof = models.CharField(
        _("proof of sending"), max_length=300, blank=True, db_default=""
    )
    created_at = models.DateTimeField(auto_now_add=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    objects = ReturnRequestQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(
                fields=["answer_by"],
                condition=models.Q(status="requested"),
                name="returns_to_be_answered",
            ),
            models.Index(
                fields=["send_by"],
                condition=models.Q(status="accepted", sent_at=None),
                name="returns_to_be_sent",
            ),
        ]

    def __str__(self):
        return f"return:{self.pk}"

    @property
    def is_open(self):
        return self.status in self.OPEN

    @property
    def is_to_send(self):
        """The buyer has it still, as far as anybody has said."""
        return self.status == self.Status.ACCEPTED and self.sent_at is None

    @property
    def is_refusable(self):
        return self.is_open and not self.is_withdrawal


class ReturnLine(models.Model):
    return_request = models.ForeignKey(
        ReturnRequest, models.CASCADE, related_name="lines"
    )
    order_line = models.ForeignKey(
        OrderLine, models.PROTECT, related_name="return_lines"
    )
    quantity = models.PositiveIntegerField()

    def __str__(self):
        return f"{self.quantity} × {self.order_line.title}"


class ReturnPicture(models.Model):
    """What the buyer photographed, re-encoded; shown to the two sides and the desk."""

    return_request = models.ForeignKey(
        ReturnRequest, models.CASCADE, related_name="pictures"
    )
    image = models.FileField(upload_to="returns")

    class Meta:
        ordering = ["pk"]
