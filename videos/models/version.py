"""What is shown while a new version of a video is being made."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from videos.models.video import Video


class FormerVersion(models.Model):
    """The source of the output set that is still shown; gone once it is replaced."""

    video = models.OneToOneField(Video, models.CASCADE, related_name="former")
    source = models.CharField(
        max_length=100, blank=True, help_text=_("Name in the private storage.")
    )
    source_name = models.CharField(max_length=255, blank=True)
    source_bytes = models.PositiveBigIntegerField(default=0)
    source_sha256 = models.CharField(max_length=64, blank=True)
    source_etag = models.CharField(max_length=100, blank=True)
    trim_starts_ms = models.PositiveIntegerField(default=0)
    trim_ends_ms = models.PositiveIntegerField(null=True, blank=True)

    def __str__(self):
        return self.source_name
