from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from sellers.models import Product, Seller
from videos.models import Video

# What no person says, but a look at the pictures.
AUTOMATIC_REASONS = ["copied", "nudity"]


class ReportConflict(Exception):
    """The report has been decided already."""


class ReportQuerySet(models.QuerySet):
    def open(self):
        return self.filter(status=Report.Status.OPEN)


class Report(models.Model):
    """A shopper says that something should not be here."""

    class Status(models.TextChoices):
        OPEN = "open", _("Waiting")
        UPHELD = "upheld", _("Upheld")
        DISMISSED = "dismissed", _("Dismissed")

    class Reason(models.TextChoices):
        COUNTERFEIT = "counterfeit", _("Counterfeit or stolen")
        MISLEADING = "misleading", _("Misleading or not as described")
        DANGEROUS = "dangerous", _("Dangerous or illegal")
        OFFENSIVE = "offensive", _("Hateful, violent or sexual")
        RIGHTS = "rights", _("Infringes my rights")
        OTHER = "other", _("Something else")
        COPIED = "copied", _("Looks like another shop’s video")
        NUDITY = "nudity", _("May show nudity")

    video = models.ForeignKey(
        Video, models.CASCADE, null=True, blank=True, related_name="reports"
    )
    product = models.ForeignKey(
        Product, models.CASCADE, null=True, blank=True, related_name="reports"
    )
    seller = models.ForeignKey(
        Seller, models.CASCADE, null=True, blank=True, related_name="reports"
    )
    reporter = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="reports",
    )
    email = models.EmailField(_("your email, to hear what we decided"), blank=True)
    reason = models.CharField(_("reason"), max_length=12, choices=Reason.choices)
    details = models.TextField(_("details"), max_length=2000, blank=True)
    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.OPEN
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ReportQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(
                fields=["created_at"],
                condition=models.Q(status="open"),
                name="open_reports_by_age",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=(
                    models.Q(video__isnull=False, product=None, seller=None)
                    | models.Q(video=None, product__isnull=False, seller=None)
                    | models.Q(video=None, product=None, seller__isnull=False)
                ),
                name="report_on_one_thing",
            ),
            models.UniqueConstraint(
                fields=["video", "reason"],
                condition=models.Q(status="open", reason__in=AUTOMATIC_REASONS),
                name="one_open_automatic_report",
            ),
        ]

    def __str__(self):
        return f"{self.get_reason_display()}: {self.subject}"

    @property
    def subject(self):
        return self.video or self.product or self.seller

    def same_subject(self):
        """All reports of the same thing."""
        return Report.objects.filter(
            video=self.video_id, product=self.product_id, seller=self.seller_id
        )

    def close(self, status):
        """Decide it, or raise ReportConflict: of two moderators, one wins."""
        if not Report.objects.open().filter(pk=self.pk).update(status=status):
            raise ReportConflict(f"report {self.pk} has been decided")
        self.status = status

    close.alters_data = True  # never from a template


class LookAlike(models.Model):
    """Two videos that share pictures; the later is taken for the copy."""

    copy = models.ForeignKey(Video, models.CASCADE, related_name="look_alikes")
    original = models.ForeignKey(Video, models.CASCADE, related_name="copies")
    percent = models.PositiveSmallIntegerField(
        _("alike"), help_text=_("Of the shorter one's pictures, found in the other.")
    )
    found_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-percent", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["copy", "original"], name="one_look_alike_per_pair"
            ),
        ]

    def __str__(self):
        return f"{self.copy_id} looks like {self.original_id}"


class NudityFinding(models.Model):
    """The picture of a video that looks most like nudity, where one does."""

    video = models.OneToOneField(
        Video, models.CASCADE, primary_key=True, related_name="nudity"
    )
    label = models.CharField(max_length=40)
    percent = models.PositiveSmallIntegerField()
    picture = models.CharField(
        max_length=200, help_text=_("Name of the frame, or of the storyboard.")
    )
    at_ms = models.PositiveIntegerField(null=True)
    found_at = models.DateTimeField(auto_now=True)

    def __str__(self):
        return f"{self.label} {self.percent} %"


class ModerationDecision(models.Model):
    """What a moderator decided, with the reason the person concerned can read."""

    class Action(models.TextChoices):
        APPROVE = "approve", _("Approved")
        REJECT = "reject", _("Rejected")
        SUSPEND = "suspend", _("Suspended")
        REINSTATE = "reinstate", _("Reinstated")
        REMOVE = "remove", _("Removed")
        DISMISS = "dismiss", _("Report dismissed")

    action = models.CharField(max_length=10, choices=Action.choices)
    reason = models.TextField(_("reason"), blank=True)
    seller = models.ForeignKey(Seller, models.CASCADE, related_name="decisions")
    video = models.ForeignKey(
        Video, models.SET_NULL, null=True, blank=True, related_name="decisions"
    )
    product = models.ForeignKey(
        Product, models.SET_NULL, null=True, blank=True, related_name="decisions"
    )
    report = models.ForeignKey(
        Report, models.SET_NULL, null=True, blank=True, related_name="decisions"
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="decisions"
    )
    decided_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-decided_at"]

    def __str__(self):
        return self.get_action_display()
