"""Trained models of the feed: which there are, and which one serves."""

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ModelConflict(Exception):
    """There is no such model to put in service."""


class FeedModelQuerySet(models.QuerySet):
    def serving(self):
        return self.filter(status=FeedModel.Status.SERVING)

    def previous(self):
        """The one that served before, for the way back."""
        retired = self.filter(status=FeedModel.Status.RETIRED)
        return retired.order_by("-served_at", "-pk").first()


class FeedModel(models.Model):
    class Status(models.TextChoices):
        TRAINED = "trained", _("Trained")
        SERVING = "serving", _("Serving")
        RETIRED = "retired", _("Retired")
        WORSE = "worse", _("Worse than the one that serves")

    version = models.CharField(max_length=32, unique=True)
    status = models.CharField(
        max_length=8, choices=Status.choices, default=Status.TRAINED
    )
    made_at = models.DateTimeField(default=timezone.now)
    served_at = models.DateTimeField(null=True)
    figures = models.JSONField(
        default=dict, help_text=_("What it was trained on, and how good it is.")
    )

    objects = FeedModelQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["status"],
                condition=models.Q(status="serving"),
                name="one_feed_model_serves",
            ),
        ]

    def __str__(self):
        return self.version

    @property
    def is_usable(self):
        """Has files, and was not worse than the one it would have replaced."""
        return self.status in (self.Status.SERVING, self.Status.RETIRED)

    def is_just_trained(self, since):
        """Stored since then, and neither in service yet nor refused."""
        return self.status == self.Status.TRAINED and self.made_at > since

    @property
    def folder(self):
        """In the private storage."""
        return f"feed/{self.version}"

    @transaction.atomic
    def put_in_service(self):
        """In place of the one that serves, which stays at hand."""
        # All of them: of two at once, one waits for the other.
        rows = FeedModel.objects.select_for_update().order_by("pk")
        found = {row.pk: row for row in rows}
        mine = found.get(self.pk)
        if mine is None or mine.status == self.Status.WORSE:
            raise ModelConflict(f"model {self.version} cannot serve")
        if mine.status != self.Status.SERVING:
            FeedModel.objects.serving().update(status=self.Status.RETIRED)
            FeedModel.objects.filter(pk=self.pk).update(
                status=self.Status.SERVING, served_at=timezone.now()
            )
        self.refresh_from_db()

    put_in_service.alters_data = True
