from django.db import models
from django.utils.translation import gettext_lazy as _

from marketplace.video_addresses import address_of
from videos.models.video import Video


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


def caption_folder(public_id):
    """Beside the folders of the attempts: captions outlive a new version."""
    return f"videos/{public_id}/captions"


class CaptionTrack(models.Model):
    video = models.ForeignKey(Video, models.CASCADE, related_name="captions")
    language = models.CharField(_("language"), max_length=12, default="en")
    label = models.CharField(_("label"), max_length=40, default="English")
    file = models.CharField(
        max_length=100, help_text=_("Its name in the storage of videos.")
    )

    class Meta:
        ordering = ["language"]
        constraints = [
            models.UniqueConstraint(
                fields=["video", "language"], name="one_caption_track_per_language"
            ),
        ]

    @property
    def url(self):
        """Signed, like those of the video itself: a draft's captions are a draft's."""
        return address_of(self.file, is_shared=self.video.is_published)
