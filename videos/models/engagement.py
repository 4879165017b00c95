from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from videos.models.video import Video


class Engagement(models.Model):
    """What a signed-in person thinks of a video; undone by deleting the row."""

    class Kind(models.TextChoices):
        LIKE = "like", _("Like")
        SAVE = "save", _("Save")

    video = models.ForeignKey(Video, models.CASCADE, related_name="engagements")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="engagements"
    )
    kind = models.CharField(max_length=6, choices=Kind.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["video", "user", "kind"], name="one_engagement_of_a_kind"
            ),
        ]
