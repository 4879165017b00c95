"""Trying another setting of the feed on some of the viewers, and what came of it."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _


class ExperimentConflict(Exception):
    """It cannot be started or stopped from where it is."""


class ExperimentQuerySet(models.QuerySet):
    def running(self):
        return self.filter(status=Experiment.Status.RUNNING)


class Experiment(models.Model):
    """Its arms are fixed once it runs; only `start` and `stop` change `status`."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        RUNNING = "running", _("Running")
        STOPPED = "stopped", _("Stopped")

    class Goal(models.TextChoices):
        COMPLETION = "completion", _("Videos watched to the end")
        TAPS = "taps", _("Viewers who opened a product")
        ORDERS = "orders", _("Viewers who ordered")

    name = models.CharField(_("name"), max_length=60, unique=True)
    question = models.CharField(
        _("what is to be found out"), max_length=200, blank=True
    )
    goal = models.CharField(
        _("goal"), max_length=12, choices=Goal.choices, default=Goal.COMPLETION
    )
    least_effect = models.FloatField(
        _("least difference worth having"),
        default=0.02,
        validators=[MinValueValidator(0.0001), MaxValueValidator(0.5)],
        help_text=_("As a share: 0.02 is two of a hundred."),
    )
    viewers_planned = models.PositiveIntegerField(
        _("viewers of each arm"),
        default=20_000,
        validators=[MinValueValidator(100)],
        help_text=_("When each arm has had so many, it ends without a difference."),
    )
    status = models.CharField(
        max_length=8, choices=Status.choices, default=Status.DRAFT
    )
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True)
    why_stopped = models.CharField(max_length=200, blank=True)
    # Once it is over: its sums by arm and day.  Then its viewers are forgotten.
    kept = models.JSONField(default=list)

    objects = ExperimentQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status="draft") | models.Q(started_at__isnull=False),
                name="started_experiment_has_a_time",
            ),
        ]

    def __str__(self):
        return self.name

    @transaction.atomic
    def start(self):
        """One after the other: two may not change the same setting at once."""
        rows = Experiment.objects.select_for_update().order_by("pk")
        mine = next((row for row in rows if row.pk == self.pk), None)
        if mine is None or mine.status != self.Status.DRAFT:
            raise ExperimentConflict(_t("It is no draft any more."))
        arms = list(mine.arms.all())
        if len(arms) < 2 or sum(arm.is_control for arm in arms) != 1:
            raise ExperimentConflict(_t("It needs a control and an arm or more."))
        others = ExperimentArm.objects.filter(experiment__in=self._running())
        taken = {key for arm in others for key in arm.keys}
        if taken & {key for arm in arms for key in arm.keys}:
            raise ExperimentConflict(_t("A running one changes the same setting."))
        mine.status, mine.started_at = self.Status.RUNNING, timezone.now()
        mine.save(update_fields=["status", "started_at"])
        self.refresh_from_db()

    start.alters_data = True

    def _running(self):
        return Experiment.objects.running().values("pk")

    def stop(self, reason: str):
        """From the next page on all viewers have the site's own settings."""
        running = Experiment.objects.running().filter(pk=self.pk)
        changes = {"stopped_at": timezone.now(), "why_stopped": reason[:200]}
        if not running.update(status=self.Status.STOPPED, **changes):
            raise ExperimentConflict(_t("It does not run."))
        self.refresh_from_db()

    stop.alters_data = True


class ExperimentArm(models.Model):
    """Some of the viewers, and what of the feed's settings is different for them."""

    experiment = models.ForeignKey(Experiment, models.CASCADE, related_name="arms")
    name = models.CharField(_("name"), max_length=40)
    is_control = models.BooleanField(_("control"), default=False)
    weight = models.PositiveSmallIntegerField(
        _("weight"), default=50, validators=[MinValueValidator(1)]
    )
    changes = models.JSONField(
        _("changes"),
        default=dict,
        blank=True,
        help_text=_('Such as {"FEED_PARTS": {"visit": 4}}; see docs/feed.md.'),
    )

    class Meta:
        ordering = ["-is_control", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["experiment", "name"], name="one_arm_of_a_name"
            ),
            models.CheckConstraint(
                condition=models.Q(weight__gt=0), name="arm_has_a_weight"
            ),
            models.CheckConstraint(
                condition=models.Q(is_control=False) | models.Q(changes={}),
                name="control_changes_nothing",
            ),
        ]

    def __str__(self):
        return f"{self.experiment}: {self.name}"

    @property
    def keys(self):
        return {(name, key) for name, change in self.changes.items() for key in change}

    def clean(self):
        if self.is_control and self.changes:
            raise ValidationError({"changes": _t("The control changes nothing.")})
        if not is_change(self.changes):
            words = _t("Only numbers of the settings that may be tried: %(settings)s.")
            said = words % {"settings": what_may_be_tried()}
            raise ValidationError({"changes": said})


def is_change(changes) -> bool:
    """Numbers, from 0 on, of keys that the tried settings have."""
    tried = settings.FEED_TRIED
    if not isinstance(changes, dict) or not changes.keys() <= tried.keys():
        return False
    return all(
        isinstance(change, dict) and has_numbers(change, name, tried[name])
        for name, change in changes.items()
    )


def has_numbers(change: dict, name: str, most: float) -> bool:
    return all(
        key in getattr(settings, name)
        and isinstance(number, (int, float))
        and not isinstance(number, bool)
        and 0 <= number <= most
        for key, number in change.items()
    )


def what_may_be_tried() -> str:
    """In words for whoever tried something else."""
    lines = (
        f"{name} (0–{most}): {', '.join(getattr(settings, name))}"
        for name, most in settings.FEED_TRIED.items()
    )
    return "; ".join(lines)


class ExperimentExposure(models.Model):
    """A viewer was served by an arm, the first time; and what that viewer did once."""

    experiment = models.ForeignKey(
        Experiment, models.CASCADE, related_name="exposures", db_index=False
    )
    arm = models.ForeignKey(
        ExperimentArm, models.CASCADE, related_name="+", db_index=False
    )
    viewer = models.CharField(max_length=40)
    created_at = models.DateTimeField(default=timezone.now)
    ordered_at = models.DateTimeField(null=True)
    reported_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["experiment", "viewer"], name="one_exposure_of_a_viewer"
            ),
        ]
