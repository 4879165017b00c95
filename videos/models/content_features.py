from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now

from videos.models.video import Video


class ContentFeaturesQuerySet(models.QuerySet):
    def not_compared(self):
        return self.filter(compared_at=None)

    def not_checked(self):
        """For nudity."""
        return self.filter(nudity_checked_at=None)

    def likeliest(self, bands, limit):
        """Primary keys of those that share most parts of hashes, the most first.

        One look into the index for each part.  All in one condition, the planner would
        expect half of the table, and read the whole; OFFSET keeps it from joining so.
        """
        rows = self.raw(
            "SELECT video_id FROM unnest(%(bands)s::integer[]) AS band, LATERAL"
            f" (SELECT video_id FROM {self.model._meta.db_table}"
            "   WHERE bands @> ARRAY[band] OFFSET 0) AS alike"
            " GROUP BY video_id ORDER BY count(*) DESC, video_id LIMIT %(limit)s",
            {"bands": bands, "limit": limit},
        )
        return [row.pk for row in rows]


class ContentFeatures(models.Model):
    """What a video shows and sounds like, of the output set that is published."""

    video = models.OneToOneField(
        Video, models.CASCADE, primary_key=True, related_name="features"
    )
    hashes = ArrayField(models.BigIntegerField())
    bands = ArrayField(models.IntegerField())
    scenes = models.JSONField()
    loudness_lufs = models.FloatField(null=True)
    made_at = models.DateTimeField(db_default=Now())
    compared_at = models.DateTimeField(null=True)
    nudity_checked_at = models.DateTimeField(null=True)

    objects = ContentFeaturesQuerySet.as_manager()

    class Meta:
        indexes = [
            GinIndex(fields=["bands"], name="features_bands", fastupdate=False),
            models.Index(
                fields=["video"],
                condition=models.Q(compared_at=None),
                name="features_not_compared",
            ),
            models.Index(
                fields=["video"],
                condition=models.Q(nudity_checked_at=None),
                name="features_not_checked",
            ),
        ]

    def __str__(self):
        return f"features of video {self.video_id}"
