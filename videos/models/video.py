import secrets
from datetime import timedelta

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.core.files.storage import default_storage
from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.user_files import private_files
from sellers.models import Seller

# A worker renews its lease every few seconds; one that died loses it.
LEASE = timedelta(seconds=60)
# After this a message that nobody took is believed lost, and sent again.
REQUEUE_AFTER = timedelta(seconds=60)
MAX_ATTEMPTS = 3


class VideoConflict(Exception):
    """The video cannot move to that state from where it is."""


class LeaseLost(Exception):
    """Another worker has taken the video, or it is gone: stop, and touch nothing."""


def new_public_id():
    """An unguessable, short name for addresses and folders (66 bits)."""
    return secrets.token_urlsafe(8)


def clock(milliseconds):
    """83,400 is 1:23."""
    minutes, seconds = divmod(milliseconds // 1000, 60)
    return f"{minutes}:{seconds:02}"


def source_path(video, filename):
    """Generated: nothing of the uploader's file name reaches the disk."""
    return f"sources/{video.public_id}/{secrets.token_hex(16)}"


class VideoQuerySet(models.QuerySet):
    def published(self):
        """What the public may watch: by an open shop, approved and transcoded."""
        return self.filter(
            publication=Video.Publication.PUBLISHED,
            status=Video.Status.READY,
            seller__status=Seller.Status.APPROVED,
        )

    def in_review(self):
        return self.filter(publication=Video.Publication.IN_REVIEW)

    def lapsed(self):
        """Left by a worker that died, or by a message that got lost."""
        return self.filter(
            status__in=[Video.Status.UPLOADED, Video.Status.PROCESSING],
            lease_expires_at__lt=timezone.now(),
        )

    def transcodable(self):
        """Waiting for a worker, or left by one that died; not tried too often."""
        return self.filter(
            models.Q(status=Video.Status.UPLOADED)
            | models.Q(
                status=Video.Status.PROCESSING, lease_expires_at__lt=timezone.now()
            ),
            attempts_left__gt=0,
        )


class Video(models.Model):
    class Status(models.TextChoices):
        """How far the bytes are."""

        UPLOADING = "uploading", _("Uploading")
        UPLOADED = "uploaded", _("Waiting to be processed")
        PROCESSING = "processing", _("Processing")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")

    class Publication(models.TextChoices):
        """Who may see it."""

        DRAFT = "draft", _("Draft")
        IN_REVIEW = "in_review", _("In review")
        PUBLISHED = "published", _("Published")
        REJECTED = "rejected", _("Rejected")

    # What may follow what.  Only `move_to` changes `publication`.
    NEXT = {
        Publication.DRAFT: {Publication.IN_REVIEW},
        Publication.IN_REVIEW: {
            Publication.PUBLISHED,
            Publication.REJECTED,
            Publication.DRAFT,
        },
        Publication.PUBLISHED: {Publication.DRAFT, Publication.REJECTED},
        Publication.REJECTED: {Publication.IN_REVIEW, Publication.DRAFT},
    }

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id)
    seller = models.ForeignKey(Seller, models.PROTECT, related_name="videos")
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    title = models.CharField(_("title"), max_length=140)
    description = models.TextField(_("description"), max_length=2200, blank=True)

    source = models.FileField(upload_to=source_path, storage=private_files, blank=True)
    source_name = models.CharField(max_length=255, blank=True)
    source_bytes = models.PositiveBigIntegerField(default=0)

    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.UPLOADING
    )
    failure_reason = models.TextField(blank=True)
    progress_percent = models.PositiveSmallIntegerField(default=0)
    attempt = models.PositiveIntegerField(
        default=0, help_text=_("Only grows: names the worker that holds the lease.")
    )
    attempts_left = models.PositiveSmallIntegerField(default=MAX_ATTEMPTS)
    lease_expires_at = models.DateTimeField(null=True, blank=True)

    publication = models.CharField(
        max_length=10, choices=Publication.choices, default=Publication.DRAFT
    )
    rejection_reason = models.TextField(blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)

    # Of the picture as it is shown: rotation and pixel aspect applied.
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    duration_ms = models.PositiveIntegerField(default=0)
    has_audio = models.BooleanField(default=False)
    folder = models.CharField(
        max_length=100,
        blank=True,
        help_text=_("Storage folder of the published output set."),
    )
    poster = models.CharField(max_length=200, blank=True)
    colour = models.CharField(max_length=7, blank=True)

    # Added up from the events by a periodic job, never written per view.
    view_count = models.PositiveIntegerField(default=0)
    like_count = models.PositiveIntegerField(default=0)
    save_count = models.PositiveIntegerField(default=0)
    share_count = models.PositiveIntegerField(default=0)

    created_at = models.DateTimeField(auto_now_add=True)
    search = models.GeneratedField(
        expression=SearchVector("title", weight="A", config="english")
        + SearchVector("description", weight="C", config="english"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = VideoQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            GinIndex(fields=["search"], name="video_search"),
            models.Index(fields=["publication", "-published_at"]),
            models.Index(
                fields=["lease_expires_at"],
                condition=models.Q(status="processing"),
                name="leased_videos",
            ),
        ]

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse("videos:video", args=[self.public_id])

    @property
    def playlist_url(self):
        """The HLS multivariant playlist."""
        return default_storage.url(f"{self.folder}/index.m3u8") if self.folder else ""

    @property
    def mp4_url(self):
        """The progressive rendition, for players without HLS and for sharing."""
        return default_storage.url(f"{self.folder}/video.mp4") if self.folder else ""

    @property
    def poster_url(self):
        return default_storage.url(self.poster) if self.poster else ""

    @property
    def length(self):
        return clock(self.duration_ms)

    @property
    def is_being_made(self):
        return self.status in {
            self.Status.UPLOADING,
            self.Status.UPLOADED,
            self.Status.PROCESSING,
        }

    @property
    def is_published(self):
        return self.publication == self.Publication.PUBLISHED

    def move_to(self, publication, **fields):
        """Change who may see it, or raise VideoConflict: one conditional UPDATE."""
        previous = [p for p, following in self.NEXT.items() if publication in following]
        movable = Video.objects.filter(pk=self.pk, publication__in=previous)
        if publication in (self.Publication.IN_REVIEW, self.Publication.PUBLISHED):
            movable = movable.filter(status=self.Status.READY)
        if not movable.update(publication=publication, **fields):
            raise VideoConflict(f"video {self.pk} cannot become {publication}")
        self.refresh_from_db(fields=["publication", *fields])

    move_to.alters_data = True  # never from a template

    def claim(self):
        """Take it for transcoding; False when it is taken, done or tried too often.

        Compared with the attempt that was read: of two workers one wins.
        """
        free = Video.objects.transcodable().filter(pk=self.pk, attempt=self.attempt)
        is_mine = free.update(
            status=self.Status.PROCESSING,
            attempt=self.attempt + 1,
            attempts_left=models.F("attempts_left") - 1,
            progress_percent=0,
            failure_reason="",
            lease_expires_at=timezone.now() + LEASE,
        )
        if is_mine:
            self.refresh_from_db()
        return bool(is_mine)

    claim.alters_data = True

    def _settle(self, **fields):
        """Write as the holder of the lease, or raise LeaseLost."""
        held = Video.objects.filter(
            pk=self.pk, status=self.Status.PROCESSING, attempt=self.attempt
        )
        if not held.update(**fields):
            raise LeaseLost(f"video {self.pk}, attempt {self.attempt}")

    def renew_lease(self, progress_percent):
        self._settle(
            progress_percent=progress_percent,
            lease_expires_at=timezone.now() + LEASE,
        )

    renew_lease.alters_data = True

    @transaction.atomic
    def mark_ready(self, renditions, **fields):
        """Publish a finished output set: one conditional UPDATE, then its rungs."""
        self._settle(
            status=self.Status.READY,
            progress_percent=100,
            lease_expires_at=None,
            failure_reason="",
            **fields,
        )
        self.renditions.all().delete()
        Rendition.objects.bulk_create(renditions)
        self.refresh_from_db()

    mark_ready.alters_data = True

    def mark_failed(self, reason):
        """No worker will try again; the seller may."""
        self._settle(
            status=self.Status.FAILED, failure_reason=reason, lease_expires_at=None
        )
        self.refresh_from_db()

    mark_failed.alters_data = True

    def release(self, retry_at):
        """Put it back for a later attempt; the sweep sends it again."""
        self._settle(status=self.Status.UPLOADED, lease_expires_at=retry_at)

    release.alters_data = True

    def queue(self):
        """The source is complete: wait for a worker.  Also the retry of a failure."""
        waiting = Video.objects.filter(
            pk=self.pk, status__in=[self.Status.UPLOADING, self.Status.FAILED]
        )
        if not waiting.update(
            status=self.Status.UPLOADED,
            attempts_left=MAX_ATTEMPTS,
            progress_percent=0,
            failure_reason="",
            lease_expires_at=timezone.now() + REQUEUE_AFTER,
        ):
            raise VideoConflict(f"video {self.pk} is not waiting for its source")
        self.refresh_from_db()

    queue.alters_data = True

    def submit(self):
        self.move_to(
            self.Publication.IN_REVIEW,
            submitted_at=timezone.now(),
            rejection_reason="",
        )

    submit.alters_data = True

    def approve(self):
        self.move_to(self.Publication.PUBLISHED, published_at=timezone.now())

    approve.alters_data = True

    def reject(self, reason):
        self.move_to(self.Publication.REJECTED, rejection_reason=reason)

    reject.alters_data = True

    def unpublish(self):
        self.move_to(self.Publication.DRAFT)

    unpublish.alters_data = True


class Rendition(models.Model):
    """One rung of a video's ladder, as it was made."""

    video = models.ForeignKey(Video, models.CASCADE, related_name="renditions")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    bandwidth = models.PositiveIntegerField(help_text=_("Peak bits per second."))
    codecs = models.CharField(max_length=60)

    class Meta:
        ordering = ["height"]
        constraints = [
            models.UniqueConstraint(
                fields=["video", "height"], name="one_rendition_per_rung"
            ),
        ]


class CaptionTrack(models.Model):
    video = models.ForeignKey(Video, models.CASCADE, related_name="captions")
    language = models.CharField(_("language"), max_length=12, default="en")
    label = models.CharField(_("label"), max_length=40, default="English")
    file = models.FileField(upload_to="captions")

    class Meta:
        ordering = ["language"]
        constraints = [
            models.UniqueConstraint(
                fields=["video", "language"], name="one_caption_track_per_language"
            ),
        ]
