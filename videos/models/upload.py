import secrets
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sellers.models import Seller
from videos.models.video import Video, new_public_id

# A writer silent for longer may be replaced: its connection is believed dead.
BUSY = timedelta(seconds=5)


class UploadClosed(Exception):
    """Canceled, expired, or a video already: it takes no more bytes."""


class UploadConflict(Exception):
    """Bytes came for another place than the next one."""


class UploadBusy(Exception):
    """Another request is writing to it."""


def expiry():
    return timezone.now() + timedelta(hours=settings.VIDEO_UPLOAD_KEEP_HOURS)


class UploadQuerySet(models.QuerySet):
    def open(self):
        """Bytes of them lie here: under way, or waiting for their seller's word."""
        return self.filter(state__in=Upload.OPEN)

    def unfinished(self):
        return self.open().filter(expires_at__gt=timezone.now())

    def complete(self):
        """All bytes are here, but no video yet: whoever should have made it died."""
        return self.filter(state=Upload.State.RECEIVING, offset=F("length"))

    def expired(self):
        return self.open().filter(expires_at__lte=timezone.now())

    def direct(self):
        """Those that the browser sends straight into the bucket."""
        return self.exclude(object_name="")

    def silent(self, *, between):
        """Nothing was heard of them; the last part may have arrived all the same."""
        return self.unfinished().filter(
            state=Upload.State.RECEIVING, written_at__range=between
        )

    def forgettable(self):
        """Long enough closed for nobody to ask how it ended."""
        return self.exclude(state__in=Upload.OPEN).filter(
            expires_at__lte=timezone.now()
        )

    def bytes_promised(self):
        return self.aggregate(sum=Sum("length"))["sum"] or 0


class Upload(models.Model):
    """One file on its way in, in as many pieces as the network makes of it.

    `offset` bytes of it are safe on the disk; what lies behind them in the part file
    is nobody's and will be written over.  Of a direct one they are the parts that S3
    had when it was last asked.
    """

    class State(models.TextChoices):
        RECEIVING = "receiving", _("Receiving")
        DUPLICATE = "duplicate", _("Uploaded before")
        FINISHED = "finished", _("Finished")
        CANCELED = "canceled", _("Canceled")
        EXPIRED = "expired", _("Expired")

    OPEN = [State.RECEIVING, State.DUPLICATE]

    # Also of the video that it becomes: two can never be made of one upload.
    public_id = models.CharField(max_length=16, unique=True, default=new_public_id)
    seller = models.ForeignKey(Seller, models.CASCADE, related_name="uploads")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="uploads"
    )
    length = models.PositiveBigIntegerField()
    offset = models.PositiveBigIntegerField(default=0)
    metadata = models.TextField(
        blank=True, help_text=_("The header Upload-Metadata as it came.")
    )
    file_name = models.CharField(max_length=255)
    title = models.CharField(_("title"), max_length=140)
    description = models.TextField(_("description"), max_length=2200, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    object_name = models.CharField(
        max_length=100, blank=True, help_text=_("Of a direct one, in the bucket.")
    )
    multipart_id = models.CharField(
        max_length=1024, blank=True, help_text=_("S3's name of its parts.")
    )
    etag = models.CharField(
        max_length=100, blank=True, help_text=_("S3's sum over all parts.")
    )
    state = models.CharField(
        max_length=10, choices=State.choices, default=State.RECEIVING
    )
    video = models.OneToOneField(
        Video, models.SET_NULL, null=True, blank=True, related_name="upload"
    )
    twin = models.ForeignKey(
        Video,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("The seller's video of the same bytes."),
    )
    replaces = models.ForeignKey(
        Video,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="replacements",
        help_text=_("The video that gets this file, instead of a new one."),
    )
    writer = models.CharField(
        max_length=22, blank=True, help_text=_("Names the request that is writing.")
    )
    written_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(default=expiry, db_index=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = UploadQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(offset__lte=F("length"), length__gt=0),
                name="upload_offset_within_length",
            ),
        ]

    def __str__(self):
        return self.file_name

    @property
    def is_complete(self):
        return self.offset == self.length

    @property
    def is_direct(self):
        return bool(self.object_name)

    @property
    def is_gone(self):
        is_over = self.state in self.OPEN and self.expires_at <= timezone.now()
        return is_over or self.state in (self.State.CANCELED, self.State.EXPIRED)

    @property
    def percent(self):
        return 100 * self.offset // self.length

    def claim(self, offset):
        """Become the one that writes from `offset`, or raise why not.

        One conditional UPDATE: of two requests one wins.
        """
        now = timezone.now()
        free = Upload.objects.unfinished().filter(
            Q(writer="") | Q(written_at__lt=now - BUSY),
            pk=self.pk,
            state=self.State.RECEIVING,
            offset=offset,
        )
        writer = secrets.token_urlsafe(16)
        is_mine = free.update(writer=writer, written_at=now, expires_at=expiry())
        self.refresh_from_db()
        if not is_mine:
            self.refuse(offset)
        self.writer = writer

    claim.alters_data = True

    def refuse(self, offset):
        """Say why bytes for `offset` are not taken."""
        if self.is_gone:
            raise UploadClosed(f"upload {self.pk} is {self.state}")
        if self.offset != offset or self.state != self.State.RECEIVING:
            raise UploadConflict(f"upload {self.pk} goes on at {self.offset}")
        raise UploadBusy(f"upload {self.pk} is being written")

    def lock_for_writing(self):
        """Inside a transaction: nobody else can write until it ends.

        A second look as well: who was replaced, or canceled, must not touch the file.
        """
        held = Upload.objects.select_for_update().filter(
            pk=self.pk,
            writer=self.writer,
            offset=self.offset,
            state=self.State.RECEIVING,
        )
        if not list(held.values_list("pk")):
            self.refresh_from_db(fields=["state", "expires_at"])
            if self.is_gone:
                raise UploadClosed(f"upload {self.pk} is {self.state}")
            raise UploadConflict(f"upload {self.pk} was taken over")

    def move_on(self, count):
        """`count` more bytes are safe; called under the lock."""
        self.offset += count
        self.written_at, self.expires_at = timezone.now(), expiry()
        self.save(update_fields=["offset", "written_at", "expires_at"])

    move_on.alters_data = True

    def release(self):
        Upload.objects.filter(pk=self.pk, writer=self.writer).update(writer="")

    release.alters_data = True

    def _receiving(self):
        rows = Upload.objects.unfinished()
        return rows.filter(pk=self.pk, state=self.State.RECEIVING)

    def begin_multipart(self, multipart_id):
        """False where another request was quicker, or its seller has canceled it."""
        new = self._receiving().filter(multipart_id="")
        is_mine = new.update(multipart_id=multipart_id)
        self.refresh_from_db()
        return bool(is_mine)

    begin_multipart.alters_data = True

    def count_parts(self, offset):
        """So many bytes are in the bucket."""
        self._receiving().update(offset=offset)
        self.refresh_from_db()

    count_parts.alters_data = True

    def go_on(self):
        """Its browser was here: it is not abandoned."""
        if not self._receiving().update(written_at=timezone.now(), expires_at=expiry()):
            self.refresh_from_db()
            raise UploadClosed(f"upload {self.pk} is {self.state}")

    go_on.alters_data = True

    def close(self, state):
        """Cancel or expire: one conditional UPDATE; refused once it is a video."""
        going = Upload.objects.open().filter(pk=self.pk)
        if state == self.State.EXPIRED:
            going = Upload.objects.expired().filter(pk=self.pk)
        if not going.update(state=state, writer="", expires_at=expiry()):
            self.refresh_from_db()
            raise UploadClosed(f"upload {self.pk} is {self.state}")
        self.refresh_from_db()

    close.alters_data = True
