"""Which worker has a video, until when, and whose turn is next.

Times are the database's own: the clocks of two machines may differ.
"""

from datetime import timedelta

from django.db import connection, models, transaction
from django.db.models import Case, Count, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce, Greatest, Now
from django.utils.translation import gettext_lazy as _

# A worker renews its lease every few seconds; one that died loses it.
LEASE = timedelta(seconds=45)
MAX_ATTEMPTS = 3
# After the first failed attempt; each later pause is four times as long.
FIRST_PAUSE = timedelta(seconds=15)
# A video's turn comes later by its size, one second a megabyte: short clips pass
# long ones, and nobody waits for ever.  The length is not known before the probe.
DELAY_PER_BYTE = timedelta(microseconds=1)


class VideoConflict(Exception):
    """The video cannot move to that state from where it is."""


class LeaseLost(Exception):
    """Another worker has taken the video, or it is gone: stop, and touch nothing."""


class Status(models.TextChoices):
    """How far the bytes are."""

    UPLOADING = "uploading", _("Uploading")
    UPLOADED = "uploaded", _("Waiting to be processed")
    PROCESSING = "processing", _("Processing")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Failed")


class ProcessingQuerySet(models.QuerySet):
    def running(self):
        return self.filter(status=Status.PROCESSING)

    def waiting(self):
        return self.filter(status=Status.UPLOADED, attempts_left__gt=0)

    def due(self):
        """Waiting, and not in the pause after a failed attempt."""
        return self.waiting().filter(Q(due_at=None) | Q(due_at__lte=Now()))

    def lapsed(self):
        """Left by a worker that died."""
        return self.running().filter(lease_expires_at__lt=Now())

    def in_turn(self):
        """Those that are due, the next one first.

        Sellers take turns: first whoever has the fewest running, then whoever has
        waited longest since the last time, a small file a little sooner.
        """
        of_seller = self.model.objects.filter(seller=OuterRef("seller")).order_by()
        running = of_seller.running().values("seller").annotate(count=Count("pk"))
        served = of_seller.filter(claimed_at__isnull=False).order_by("-claimed_at")
        size = models.ExpressionWrapper(
            F("source_bytes") * Value(DELAY_PER_BYTE),
            output_field=models.DurationField(),
        )
        return self.due().annotate(
            seller_runs=Coalesce(Subquery(running.values("count")), 0),
            turn_at=models.ExpressionWrapper(
                Greatest(
                    Coalesce("due_at", "created_at"),
                    Subquery(served.values("claimed_at")[:1]),
                )
                + size,
                output_field=models.DateTimeField(),
            ),
        ).order_by("seller_runs", "turn_at", "pk")  # fmt: skip

    @transaction.atomic
    def claim_next(self, worker):
        """The video whose turn it is, claimed; None where nothing is due.

        A row that another worker is claiming is passed over, not waited for.
        """
        video = self.in_turn().select_for_update(skip_locked=True, of=["self"]).first()
        return video if video and video.claim(worker) else None

    def lock_machine(self, machine):
        """Until commit, no other worker of this machine looks for work."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
                [f"videos on {machine}"],
            )


class Processing(models.Model):
    """The part of a video that its workers write."""

    Status = Status

    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.UPLOADING
    )
    failure_reason = models.TextField(
        blank=True, help_text=_("Of the last attempt, in words for the seller.")
    )
    progress_percent = models.PositiveSmallIntegerField(default=0)
    attempt = models.PositiveIntegerField(
        default=0, help_text=_("Only grows: names the worker that holds the lease.")
    )
    attempts_left = models.PositiveSmallIntegerField(default=MAX_ATTEMPTS)
    due_at = models.DateTimeField(
        null=True, blank=True, help_text=_("From then on it waits for a worker.")
    )
    claimed_at = models.DateTimeField(null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(
        max_length=200, blank=True, help_text=_("Who claimed it last: name@machine.")
    )

    preview = models.CharField(
        max_length=200, blank=True, help_text=_("Plays while the ladder is made.")
    )
    is_changing = models.BooleanField(
        default=False, help_text=_("A new version is made; the former one is shown.")
    )
    shows_unseen = models.BooleanField(
        default=False, help_text=_("The new version has what nobody has reviewed.")
    )
    has_leftovers = models.BooleanField(
        default=False, help_text=_("An attempt ended that may have left files.")
    )

    class Meta:
        abstract = True

    @property
    def is_being_made(self):
        return self.status in {Status.UPLOADING, Status.UPLOADED, Status.PROCESSING}

    @property
    def is_watchable(self):
        """An output set is there: its own, or the former one while it changes."""
        return self.status == Status.READY or self.is_changing

    @property
    def can_be_canceled(self):
        return self.status in {Status.UPLOADED, Status.PROCESSING}

    @property
    def is_refused(self):
        """Another try would end in the same way: only another file helps."""
        return self.status == Status.FAILED and self.due_at is None

    def _rows(self):
        return type(self).objects.filter(pk=self.pk)

    def claim(self, worker=""):
        """Take it for transcoding; False when it is taken, done or tried too often.

        Compared with the attempt that was read: of two workers one wins.
        """
        is_mine = self._rows().waiting().filter(attempt=self.attempt).update(
            status=Status.PROCESSING,
            attempt=F("attempt") + 1,
            attempts_left=F("attempts_left") - 1,
            progress_percent=0,
            failure_reason="",
            preview="",
            claimed_at=Now(),
            lease_expires_at=Now() + LEASE,
            worker=worker,
        )  # fmt: skip
        if is_mine:
            self.refresh_from_db()
        return bool(is_mine)

    claim.alters_data = True  # never from a template

    def _settle(self, **fields):
        """Write as the holder of the lease, or raise LeaseLost."""
        held = self._rows().running().filter(attempt=self.attempt)
        if not held.update(**fields):
            raise LeaseLost(f"video {self.pk}, attempt {self.attempt}")

    def renew_lease(self, progress_percent):
        self._settle(
            progress_percent=progress_percent, lease_expires_at=Now() + LEASE
        )  # fmt: skip

    renew_lease.alters_data = True

    def show_preview(self, name, width, height):
        """Let the seller watch it already; nobody else does."""
        # What is still shown of a former version keeps its own size.
        size = {} if self.is_changing else {"width": width, "height": height}
        self._settle(preview=name, **size)
        self.refresh_from_db(fields=["preview", *size])

    show_preview.alters_data = True

    @transaction.atomic
    def mark_ready(self, renditions, **fields):
        """Publish a finished output set: one conditional UPDATE, then its rungs."""
        self._settle(
            status=Status.READY,
            progress_percent=100,
            lease_expires_at=None,
            failure_reason="",
            preview="",
            # Should this process die now, the sweep removes what was shown till now.
            has_leftovers=Case(
                When(preview="", then=F("has_leftovers")), default=Value(True)
            ),
            **fields,
        )
        self.renditions.all().delete()
        self.renditions.bulk_create(renditions)
        self.refresh_from_db()

    mark_ready.alters_data = True

    def mark_failed(self, reason, **fields):
        """No worker will try again; the seller may."""
        self._settle(
            status=Status.FAILED,
            failure_reason=reason,
            lease_expires_at=None,
            has_leftovers=True,
            **fields,
        )
        self.refresh_from_db()

    mark_failed.alters_data = True

    def refuse(self, reason):
        """The file itself is at fault, so its video is never due again."""
        self.mark_failed(reason, due_at=None)

    refuse.alters_data = True

    def release(self, reason):
        """The attempt failed: wait for the next, each time longer, or give up."""
        if not self.attempts_left:
            return self.mark_failed(reason)
        pause = FIRST_PAUSE * 4 ** (MAX_ATTEMPTS - 1 - self.attempts_left)
        self._settle(
            status=Status.UPLOADED,
            failure_reason=reason,
            due_at=Now() + pause,
            lease_expires_at=None,
            has_leftovers=True,
        )
        return self.refresh_from_db()

    release.alters_data = True

    def hand_back(self, reason="", pause=timedelta(0)):
        """This worker cannot do it now: that counts as no attempt."""
        self._settle(
            status=Status.UPLOADED,
            attempts_left=F("attempts_left") + 1,
            failure_reason=reason,
            due_at=Now() + pause,
            lease_expires_at=None,
            has_leftovers=True,
        )
        self.refresh_from_db()

    hand_back.alters_data = True

    def take_up(self, reason):
        """Its worker died: wait for another, or fail after the last attempt.

        False when the worker was only slow and has renewed its lease meanwhile.
        """
        left = {"status": Status.UPLOADED, "due_at": Now()}
        if not self.attempts_left:
            left = {"status": Status.FAILED, "failure_reason": reason}
        lapsed = self._rows().lapsed().filter(attempt=self.attempt)
        return bool(lapsed.update(lease_expires_at=None, has_leftovers=True, **left))

    take_up.alters_data = True

    def queue(self):
        """The source is complete: wait for a worker.  Also the retry of a failure."""
        if (
            not self._rows()
            .kept()
            .filter(Q(status=Status.UPLOADING) | Q(status=Status.FAILED))
            .update(
                status=Status.UPLOADED,
                attempts_left=MAX_ATTEMPTS,
                progress_percent=0,
                failure_reason="",
                due_at=Now(),
            )
        ):
            raise VideoConflict(f"video {self.pk} is not waiting for its source")
        self.refresh_from_db()

    queue.alters_data = True

    def cancel(self, reason):
        """Stop waiting, or take the lease away: the worker notices in seconds."""
        stoppable = self._rows().filter(
            Q(status=Status.UPLOADED) | Q(status=Status.PROCESSING)
        )
        if not stoppable.update(
            status=Status.FAILED,
            failure_reason=reason,
            lease_expires_at=None,
            has_leftovers=True,
        ):
            raise VideoConflict(f"video {self.pk} is not being processed")
        self.refresh_from_db()

    cancel.alters_data = True
