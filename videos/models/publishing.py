"""Who may see a video: drafts, review, the public, and what was deleted."""

import math
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sellers.models import Seller
from videos.models.processing import Status, VideoConflict


class Publication(models.TextChoices):
    """Who may see it."""

    DRAFT = "draft", _("Draft")
    IN_REVIEW = "in_review", _("In review")
    SCHEDULED = "scheduled", _("Scheduled")
    PUBLISHED = "published", _("Published")
    REJECTED = "rejected", _("Rejected")


def deleted_keep():
    return timedelta(days=settings.VIDEO_DELETED_KEEP_DAYS)


class PublishingQuerySet(models.QuerySet):
    def kept(self):
        """Not deleted by their seller."""
        return self.filter(deleted_at=None)

    def deleted(self):
        return self.filter(deleted_at__isnull=False)

    def purgeable(self):
        """Deleted so long ago that nobody can have them back."""
        return self.filter(deleted_at__lte=Now() - deleted_keep())

    def published(self):
        """What the public may watch: by an open shop, approved and transcoded."""
        return self.kept().filter(
            Q(status=Status.READY) | Q(is_changing=True),
            publication=Publication.PUBLISHED,
            seller__status=Seller.Status.APPROVED,
        )

    def soon(self):
        """What the public may watch once a worker has made it."""
        return self.kept().filter(
            publication=Publication.PUBLISHED,
            status__in=[Status.UPLOADED, Status.PROCESSING],
            seller__status=Seller.Status.APPROVED,
        )

    def in_review(self):
        return self.kept().filter(publication=Publication.IN_REVIEW)

    def publish_due(self):
        """Approved, and its time has come: one conditional UPDATE; how many."""
        approved = self.kept().filter(publication=Publication.SCHEDULED)
        due = approved.filter(status=Status.READY, publish_at__lte=Now())
        return due.update(publication=Publication.PUBLISHED, published_at=Now())


class Publishing(models.Model):
    """The part of a video that its seller and the moderators decide."""

    Publication = Publication

    # What may follow what.  Only `move_to` changes `publication`.
    NEXT = {
        Publication.DRAFT: {Publication.IN_REVIEW},
        Publication.IN_REVIEW: {
            Publication.SCHEDULED,
            Publication.PUBLISHED,
            Publication.REJECTED,
            Publication.DRAFT,
        },
        Publication.SCHEDULED: {
            Publication.PUBLISHED,
            Publication.REJECTED,
            Publication.DRAFT,
        },
        Publication.PUBLISHED: {Publication.DRAFT, Publication.REJECTED},
        Publication.REJECTED: {Publication.IN_REVIEW, Publication.DRAFT},
    }

    publication = models.CharField(
        max_length=10, choices=Publication.choices, default=Publication.DRAFT
    )
    rejection_reason = models.TextField(blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    publish_at = models.DateTimeField(
        null=True, blank=True, help_text=_("Approved earlier, it waits until then.")
    )
    publish_zone = models.CharField(
        max_length=64, blank=True, help_text=_("In which the seller chose the time.")
    )
    deleted_at = models.DateTimeField(
        null=True, blank=True, help_text=_("From then on nobody sees it.")
    )

    class Meta:
        abstract = True

    @property
    def is_published(self):
        is_kept = self.deleted_at is None
        return is_kept and self.publication == Publication.PUBLISHED

    @property
    def is_scheduled(self):
        is_kept = self.deleted_at is None
        return is_kept and self.publication == Publication.SCHEDULED

    @property
    def days_left(self):
        """In which a deleted video can still be restored."""
        left = self.deleted_at + deleted_keep() - timezone.now()
        return max(0, math.ceil(left / timedelta(days=1)))

    def move_to(self, publication, **fields):
        """Change who may see it, or raise VideoConflict: one conditional UPDATE."""
        previous = [p for p, following in self.NEXT.items() if publication in following]
        movable = self._rows().kept().filter(publication__in=previous)
        if publication in (Publication.IN_REVIEW, Publication.PUBLISHED):
            movable = movable.filter(status=Status.READY)
        if not movable.update(publication=publication, **fields):
            raise VideoConflict(f"video {self.pk} cannot become {publication}")
        self.refresh_from_db(fields=["publication", *fields])

    move_to.alters_data = True  # never from a template

    def submit(self):
        self.move_to(
            Publication.IN_REVIEW, submitted_at=timezone.now(), rejection_reason=""
        )

    submit.alters_data = True

    def approve(self):
        """To the public: now, or when the time that its seller chose has come."""
        is_early = Q(publish_at__gt=Now())
        waiting = self._rows().in_review().filter(status=Status.READY)
        if not waiting.update(
            publication=Case(
                When(is_early, then=Value(Publication.SCHEDULED)),
                default=Value(Publication.PUBLISHED),
            ),
            published_at=Case(When(is_early, then=F("published_at")), default=Now()),
        ):
            raise VideoConflict(f"video {self.pk} is not in review")
        self.refresh_from_db()

    approve.alters_data = True

    def reject(self, reason):
        self.move_to(Publication.REJECTED, rejection_reason=reason)

    reject.alters_data = True

    def unpublish(self):
        self.move_to(Publication.DRAFT)

    unpublish.alters_data = True

    def schedule(self, publish_at, zone=""):
        """Choose when it appears; None is as soon as it is approved.

        One that was approved keeps its approval, and is published where it is None.
        """
        was_approved = Q(publication=Publication.SCHEDULED)
        at_once = {}
        if publish_at is None:
            at_once = {
                "publication": Case(
                    When(was_approved, then=Value(Publication.PUBLISHED)),
                    default=F("publication"),
                ),
                "published_at": Case(
                    When(was_approved, then=Now()), default=F("published_at")
                ),
            }
        unpublished = self._rows().kept().exclude(publication=Publication.PUBLISHED)
        if not unpublished.update(publish_at=publish_at, publish_zone=zone, **at_once):
            raise VideoConflict(f"video {self.pk} is published already")
        self.refresh_from_db()

    schedule.alters_data = True

    @property
    def is_timed(self):
        """Whether its time is still to come."""
        return self.publish_at is not None and self.publish_at > timezone.now()

    def mark_deleted(self):
        """Hide it from everybody; a worker that has it loses its lease.

        What was not made yet waits as a complete source, as `restore` finds it.
        """
        is_in_work = Q(status__in=[Status.UPLOADED, Status.PROCESSING])
        if (
            not self._rows()
            .kept()
            .update(
                deleted_at=Now(),
                status=Case(
                    When(is_in_work, then=Value(Status.UPLOADING)), default=F("status")
                ),
                has_leftovers=Case(
                    When(is_in_work, then=Value(True)), default=F("has_leftovers")
                ),
                lease_expires_at=None,
            )
        ):
            raise VideoConflict(f"video {self.pk} is deleted already")
        self.refresh_from_db()

    mark_deleted.alters_data = True

    def restore(self):
        """Bring it back as it was, unless it is removed for good already."""
        if not self._rows().deleted().update(deleted_at=None):
            raise VideoConflict(f"video {self.pk} is not deleted")
        self.refresh_from_db()

    restore.alters_data = True
