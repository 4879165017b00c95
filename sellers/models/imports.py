from datetime import timedelta
from secrets import token_hex

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.states import StatefulModel
from marketplace.user_files import private_files
from sellers.models.product import Product
from sellers.models.seller import Seller

# A worker that says nothing for this long is taken for dead.
LEASE = timedelta(minutes=2)


class ImportConflict(Exception):
    """The import cannot move to that status from where it is."""


def import_path(catalog_import, filename):
    """Generated: nothing of the uploader's file name reaches the disk."""
    return f"imports/{token_hex(16)}.csv"


class CatalogImportQuerySet(models.QuerySet):
    def claimable(self):
        """Waiting for a worker, or left by one that died."""
        free = Q(lease_expires_at=None) | Q(lease_expires_at__lt=timezone.now())
        return self.filter(free, status__in=CatalogImport.AT_WORK)


class CatalogImport(StatefulModel):
    """One CSV file on its way into a catalogue: read, previewed, then imported."""

    class Status(models.TextChoices):
        READING = "reading", _("Being read")
        PREVIEWED = "previewed", _("Ready to import")
        IMPORTING = "importing", _("Being imported")
        DONE = "done", _("Imported")
        FAILED = "failed", _("Failed")
        CANCELED = "canceled", _("Canceled")

    AT_WORK = [Status.READING, Status.IMPORTING]

    # What may follow what.  Only `advance` changes `status`.
    NEXT = {
        Status.READING: {Status.PREVIEWED, Status.FAILED, Status.CANCELED},
        Status.PREVIEWED: {Status.READING, Status.IMPORTING, Status.CANCELED},
        Status.IMPORTING: {Status.DONE, Status.FAILED, Status.CANCELED},
        Status.FAILED: {Status.READING},
        Status.DONE: set(),
        Status.CANCELED: set(),
    }
    Conflict = ImportConflict

    seller = models.ForeignKey(Seller, models.CASCADE, related_name="imports")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    file = models.FileField(upload_to=import_path, storage=private_files)
    file_name = models.CharField(max_length=255)
    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.READING
    )
    failure_reason = models.TextField(blank=True)
    chosen_encoding = models.CharField(
        max_length=20, blank=True, help_text=_("By the seller; empty: found out.")
    )
    encoding = models.CharField(max_length=20, blank=True)
    delimiter = models.CharField(max_length=1, blank=True)
    format = models.CharField(max_length=20, blank=True)
    rows_total = models.PositiveIntegerField(default=0)
    preview = models.JSONField(default=dict, blank=True)
    default_stock = models.PositiveIntegerField(
        _("stock of products whose number the file does not say"),
        default=0,
        validators=[MaxValueValidator(100_000)],
    )
    products_total = models.PositiveIntegerField(
        default=0, help_text=_("Products of the file that can be imported.")
    )
    products_done = models.PositiveIntegerField(
        default=0, help_text=_("How far the worker is: the next one's index.")
    )
    products_created = models.PositiveIntegerField(default=0)
    products_updated = models.PositiveIntegerField(default=0)
    products_refused = models.PositiveIntegerField(default=0)
    lease = models.CharField(max_length=32, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = CatalogImportQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(
                fields=["lease_expires_at"],
                condition=models.Q(status__in=["reading", "importing"]),
                name="imports_at_work",
            ),
        ]

    def __str__(self):
        return self.file_name

    def get_absolute_url(self):
        return reverse("sellers:catalog_import", args=[self.pk])

    @property
    def is_at_work(self):
        return self.status in self.AT_WORK

    @property
    def percent(self):
        if not self.products_total:
            return 0
        return 100 * self.products_done // self.products_total

    def advance(self, status, **fields):
        """See `StatefulModel.advance`; whoever worked on it lets go."""
        super().advance(status, **fields, lease="", lease_expires_at=None)

    advance.alters_data = True

    def claim(self, status):
        """Take the work for this worker; False when it is taken, moved on or done."""
        lease = {"lease": token_hex(16), "lease_expires_at": timezone.now() + LEASE}
        free = CatalogImport.objects.claimable().filter(pk=self.pk, status=status)
        if not free.update(**lease):
            return False
        self.refresh_from_db()
        return self.lease == lease["lease"]

    claim.alters_data = True


class ImportProblem(models.Model):
    """Why a row of the file was refused or changed."""

    catalog_import = models.ForeignKey(
        CatalogImport, models.CASCADE, related_name="problems"
    )
    row = models.PositiveIntegerField(help_text=_("As a spreadsheet counts: from 1."))
    handle = models.CharField(max_length=255, blank=True)
    column = models.CharField(max_length=80, blank=True)
    message = models.CharField(max_length=300)
    is_refusal = models.BooleanField(
        default=True, help_text=_("False: imported all the same, but read this.")
    )

    class Meta:
        ordering = ["row", "pk"]

    def __str__(self):
        return self.message


class ImportPicture(models.Model):
    """A picture that a file names by its address, fetched apart from the rows."""

    class Status(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        FETCHED = "fetched", _("Fetched")
        FAILED = "failed", _("Failed")

    catalog_import = models.ForeignKey(
        CatalogImport, models.CASCADE, related_name="pictures"
    )
    product = models.ForeignKey(
        Product, models.CASCADE, related_name="imported_pictures"
    )
    url = models.CharField(max_length=2000)
    alt = models.CharField(max_length=200, blank=True)
    row = models.PositiveIntegerField()
    position = models.PositiveSmallIntegerField(default=0)
    status = models.CharField(
        max_length=8, choices=Status.choices, default=Status.WAITING
    )
    message = models.CharField(max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    media = models.ForeignKey(
        "sellers.ProductMedia", models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["row", "position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["product", "url"], name="one_picture_per_product_and_address"
            ),
        ]
