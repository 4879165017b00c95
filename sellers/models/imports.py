from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from sellers.models.seller import Seller


class CatalogImport(models.Model):
    """One CSV file on its way into a catalogue: read, previewed, then imported."""

    class Status(models.TextChoices):
        READING = "reading", _("Being read")
        PREVIEWED = "previewed", _("Ready to import")
        IMPORTING = "importing", _("Being imported")
        DONE = "done", _("Imported")
        FAILED = "failed", _("Failed")

    seller = models.ForeignKey(Seller, models.CASCADE, related_name="imports")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    file = models.FileField(upload_to="imports")
    file_name = models.CharField(max_length=255)
    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.READING
    )
    failure_reason = models.TextField(blank=True)
    encoding = models.CharField(max_length=20, blank=True)
    delimiter = models.CharField(max_length=1, blank=True)
    products_total = models.PositiveIntegerField(default=0)
    products_done = models.PositiveIntegerField(default=0)
    products_refused = models.PositiveIntegerField(default=0)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]


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
