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


class Impression(models.Model):
    """A video came on somebody's screen.  Append-only, written in bulk."""

    video = models.ForeignKey(Video, models.CASCADE, related_name="impressions")
    viewer = models.CharField(
        max_length=40, help_text=_("Pseudonym of the browser session.")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    position = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(fields=["video", "created_at"]),
            # What this browser has seen already, when the feed is opened.
            models.Index(fields=["viewer", "video"], name="impressions_of_viewer"),
            models.Index(fields=["created_at"], name="impressions_lately"),
        ]


class WatchEvent(models.Model):
    """How long one was watched, or what was tapped.  Append-only, in bulk."""

    class Kind(models.TextChoices):
        WATCH = "watch", _("Watched")
        SHARE = "share", _("Shared")
        TAG = "tag", _("Opened a product")
        CART = "cart", _("Added to the cart")

    video = models.ForeignKey(Video, models.CASCADE, related_name="watch_events")
    viewer = models.CharField(max_length=40)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    kind = models.CharField(max_length=6, choices=Kind.choices, default=Kind.WATCH)
    watched_ms = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(fields=["video", "created_at"]),
            models.Index(fields=["created_at"], name="watch_events_lately"),
            # What this browser did with what it was shown.
            models.Index(fields=["viewer", "video"], name="watch_events_of_viewer"),
        ]
