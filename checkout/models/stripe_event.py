from datetime import timedelta

from django.db import models
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class StripeEventQuerySet(models.QuerySet):
    def due(self):
        """To be worked off now, and nobody is at it."""
        return self.filter(due_at__lte=timezone.now())

    def applied(self):
        return self.filter(status=StripeEvent.Status.APPLIED)


class StripeEvent(models.Model):
    """An event as Stripe sent it, kept once, and what became of it."""

    class Status(models.TextChoices):
        RECEIVED = "received", _("Received")
        APPLIED = "applied", _("Applied")
        IGNORED = "ignored", _("Not ours")
        FAILED = "failed", _("Failed")

    class Source(models.TextChoices):
        PLATFORM = "platform", _("Webhook of the platform")
        CONNECT = "connect", _("Webhook of connected accounts")
        ASKED = "asked", _("We asked")

    # Whoever is at work on it has so long; then the clock takes it for dead.
    LEASE = timedelta(minutes=2)

    event_id = models.CharField(max_length=64, unique=True)
    type = models.CharField(max_length=80)
    # Of the connected account that it is about; empty: the platform's own.
    account = models.CharField(max_length=64, blank=True, db_default="")
    source = models.CharField(
        max_length=10, choices=Source.choices, db_default=Source.PLATFORM
    )
    api_version = models.CharField(
        _("API version"), max_length=40, blank=True, db_default=""
    )
    is_of_other_version = models.BooleanField(
        _("of another major API version"), default=False, db_default=False
    )
    payload = models.JSONField(default=dict, db_default={})
    status = models.CharField(
        max_length=10,
        choices=Status.choices,
        default=Status.RECEIVED,
        # Code without an inbox writes down what it has applied.
        db_default=Status.APPLIED,
    )
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    failure_reason = models.CharField(max_length=500, blank=True, db_default="")
    received_at = models.DateTimeField(db_default=Now())
    applied_at = models.DateTimeField(null=True, blank=True)
    # The next time that somebody may try; empty once that is over.
    due_at = models.DateTimeField(null=True, blank=True)

    objects = StripeEventQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(due_at__isnull=False),
                name="stripe_events_due",
            ),
            models.Index(fields=["received_at"]),
            models.Index(
                fields=["-id"],
                condition=models.Q(status="failed"),
                name="stripe_events_failed",
            ),
        ]

    def __str__(self):
        return f"{self.type} {self.event_id}"

    @property
    def is_replayable(self):
        """Of the time before there was an inbox nothing was kept."""
        return bool(self.payload)

    def claim(self):
        """Take it to work it off; False when that is done, or somebody is at it."""
        now = timezone.now()
        taken = StripeEvent.objects.due().filter(pk=self.pk)
        if not taken.update(due_at=now + self.LEASE, attempts=F("attempts") + 1):
            return False
        self.refresh_from_db()
        return True

    claim.alters_data = True  # never from a template

    def mark_applied(self):
        self.settle(self.Status.APPLIED, applied_at=timezone.now(), failure_reason="")

    mark_applied.alters_data = True

    def mark_ignored(self, reason=""):
        self.settle(self.Status.IGNORED, failure_reason=reason)

    mark_ignored.alters_data = True

    def fail(self, reason, *, again_at=None):
        """`again_at`: when it is tried once more by itself."""
        self.settle(
            self.Status.FAILED, failure_reason=reason[:500] or "?", due_at=again_at
        )

    fail.alters_data = True

    def settle(self, status, *, due_at=None, **fields):
        """End this attempt, unless another has begun since the lease ran out."""
        mine = StripeEvent.objects.filter(pk=self.pk, attempts=self.attempts)
        mine.update(status=status, due_at=due_at, **fields)
        self.refresh_from_db()

    settle.alters_data = True

    def reopen(self):
        """Have it worked off once more, now; False where nothing was kept of it."""
        kept = StripeEvent.objects.filter(pk=self.pk).exclude(payload={})
        return bool(kept.update(status=self.Status.RECEIVED, due_at=timezone.now()))

    reopen.alters_data = True
