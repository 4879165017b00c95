"""Experiments as tests begin them, and viewers who were exposed to an arm."""

from datetime import timedelta

from django.core.cache import cache
from django.utils import timezone

from tests.factories import make_video
from videos.feed import experimenting
from videos.models import Experiment, ExperimentExposure, WatchEvent

SITE = {"visit": 3.0, "taste": 2.0, "content": 0.5, "followed": 1.0, "trending": 0.5}


def make_experiment(
    *, name="More of the visit", changes=None, is_started=True, **fields
):
    experiment = Experiment.objects.create(name=name, **fields)
    experiment.arms.create(name="control", is_control=True)
    changes = {"FEED_PARTS": {"visit": 9}} if changes is None else changes
    experiment.arms.create(name="other", changes=changes)
    if is_started:
        experimenting.start(experiment)
        cache.delete(experimenting.RUNNING)
    return experiment


def expose(arm, count, share, *, days=0, ordered=0, reported=0):
    """So many viewers, of whom that share watches a video to the end."""
    now = timezone.now() - timedelta(days=days)
    video = make_video(duration_ms=1000)
    rows = ExperimentExposure.objects.bulk_create(
        ExperimentExposure(
            experiment=arm.experiment,
            arm=arm,
            viewer=f"{arm.pk} {days} {number}",
            created_at=now,
            ordered_at=now if number < ordered else None,
            reported_at=now if number < reported else None,
        )
        for number in range(count)
    )
    events = WatchEvent.objects.bulk_create(
        WatchEvent(
            video=video,
            viewer=row.viewer,
            watched_ms=900 if number < share * count else 100,
        )
        for number, row in enumerate(rows)
    )
    pks = [event.pk for event in events]
    WatchEvent.objects.filter(pk__in=pks).update(created_at=now)


def begun(**fields):
    experiment = make_experiment(**fields)
    began = timezone.now() - timedelta(days=9)
    Experiment.objects.filter(pk=experiment.pk).update(started_at=began)
    experiment.refresh_from_db()
    return experiment, *experiment.arms.all()
