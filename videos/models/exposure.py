"""The trial that each video gets: how far it has come, and why."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from videos.models.video import Video


class VideoTrial(models.Model):
    """What is known of a video from those who were shown it; folded in by a job."""

    class Pool(models.IntegerChoices):
        TRIAL = 0, _("First trial")
        SECOND = 1, _("Second pool")
        THIRD = 2, _("Third pool")
        OPEN = 3, _("Open to all")
        STOPPED = 4, _("Stopped")

    video = models.OneToOneField(
        Video, models.CASCADE, primary_key=True, related_name="trial"
    )
    pool = models.PositiveSmallIntegerField(choices=Pool.choices, default=Pool.TRIAL)
    shown = models.PositiveIntegerField(default=0)
    finished = models.PositiveIntegerField(default=0)
    tapped = models.PositiveIntegerField(default=0)
    # Counted anew by a job: they come long after the video was shown.
    carted = models.PositiveIntegerField(default=0, db_default=0)
    purchased = models.PositiveIntegerField(default=0, db_default=0)
    refunded = models.PositiveIntegerField(default=0, db_default=0)
    appeal = models.FloatField(default=0, db_default=0)
    # Of the online model: appeal and theme, and their covariance; 32-bit floats.
    mean = models.BinaryField()
    covariance = models.BinaryField()
    pull = models.FloatField(default=0)
    pull_weight = models.FloatField(default=1)
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(
                fields=["video"],
                condition=models.Q(pool__lt=3),
                name="videos_on_trial",
            ),
        ]

    def __str__(self):
        return f"trial of video {self.video_id}"


class PoolDecision(models.Model):
    """A video was promoted or stopped, on these figures.  Append-only."""

    video = models.ForeignKey(Video, models.CASCADE, related_name="pool_decisions")
    pool_before = models.PositiveSmallIntegerField(choices=VideoTrial.Pool.choices)
    pool = models.PositiveSmallIntegerField(choices=VideoTrial.Pool.choices)
    shown = models.PositiveIntegerField()
    finished = models.PositiveIntegerField()
    tapped = models.PositiveIntegerField()
    # Value of an impression to a viewer whom it suits: with its bounds, and the bar.
    estimate = models.FloatField()
    spread = models.FloatField()
    bar = models.FloatField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["video", "created_at"])]

    def __str__(self):
        return f"{self.video_id}: {self.pool_before} → {self.pool}"


class AudienceState(models.Model):
    """One row: up to when events were folded in, and what all videos have in common."""

    folded_until = models.DateTimeField()
    common = models.JSONField(default=dict)

    def __str__(self):
        return f"up to {self.folded_until}"
