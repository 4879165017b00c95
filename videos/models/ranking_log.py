"""Why a video stood where it did on a page that was served."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone

from videos.models.video import Video


class RankingLogQuerySet(models.QuerySet):
    def outdated(self):
        keep = timedelta(days=settings.FEED_LOG_KEEP_DAYS)
        return self.filter(created_at__lt=timezone.now() - keep)

    def named_too_long(self):
        """No pseudonym is kept here when it is not in the events any more."""
        keep = timedelta(days=settings.FEED_EVENTS_PERSONAL_DAYS)
        named = self.filter(viewer__gt="")
        return named.filter(created_at__lt=timezone.now() - keep)

    def drawn(self):
        """Places about which chance decided, with what it went by."""
        return self.filter(propensity__lt=1, features__has_key="draw")


class RankingLog(models.Model):
    """One row for each place served, of a sample of the visits.  Append-only, in bulk.

    No account is named; the pseudonym is empty in a feed without a profile.
    """

    visit = models.CharField(max_length=16)
    viewer = models.CharField(max_length=40, blank=True)
    video = models.ForeignKey(Video, models.CASCADE, related_name="+")
    place = models.PositiveIntegerField()
    # `videos.feed.candidates.Source`, added up; and the video that led to this one.
    sources = models.PositiveSmallIntegerField()
    because = models.BigIntegerField(null=True)
    features = models.JSONField(default=dict)
    model = models.CharField(max_length=32, blank=True)
    # How likely it was to get this place, with all that was known.
    propensity = models.FloatField(default=1)
    # Null: no experiment ran.
    arm = models.CharField(max_length=40, null=True)  # noqa: DJ001
    created_at = models.DateTimeField(auto_now_add=True)

    objects = RankingLogQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["visit", "video"], name="ranking_of_visit"),
            models.Index(fields=["created_at"], name="rankings_lately"),
            # Whoever starts afresh is forgotten here.
            models.Index(
                fields=["viewer"],
                condition=models.Q(viewer__gt=""),
                name="rankings_of_viewer",
            ),
            models.Index(
                fields=["created_at"],
                condition=models.Q(propensity__lt=1),
                name="rankings_drawn",
            ),
        ]

    def __str__(self):
        return f"{self.visit}: video {self.video_id} at {self.place}"
