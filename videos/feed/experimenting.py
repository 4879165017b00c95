"""Which arms of the running experiments a viewer is in, and what that changes.

The arm follows from the experiment and the viewer's pseudonym alone.  Whatever the
feed's modules ask `tuned` for is the site's setting with the arms' changes, while a
page is made; when an experiment is stopped the next page has the site's own again.
"""

import hashlib
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.db import Error, transaction
from django.utils import timezone

from videos.models import Experiment, ExperimentExposure

logger = logging.getLogger(__name__)

RUNNING, RUNNING_SECONDS = "feed:experiments", 60
EXPOSED_SECONDS = 3600


@dataclass(frozen=True)
class Arm:
    pk: int
    experiment: int
    name: str
    weight: int
    changes: dict

    @property
    def gauge(self) -> str:
        """Under which its pages are timed."""
        return f"arm{self.pk}"


current: ContextVar[tuple[Arm, ...]] = ContextVar("arms", default=())


def tuned(name: str) -> dict:
    """A setting of the feed, as the page that is made has it."""
    value = getattr(settings, name)
    for arm in current.get():
        value = value | arm.changes.get(name, {})
    return value


@contextmanager
def arms_for(viewer: str) -> Iterator[tuple[Arm, ...]]:
    """While a page for this viewer is made; without a pseudonym nobody takes part."""
    arms = assigned(running(), viewer) if viewer else ()
    for arm in arms:
        note_exposure(arm, viewer)
    token = current.set(arms)
    try:
        yield arms
    finally:
        current.reset(token)


def assigned(experiments: Sequence[Sequence[Arm]], viewer: str) -> tuple[Arm, ...]:
    return tuple(
        arm_at(arms, place_of(arms[0].experiment, viewer)) for arms in experiments
    )


def place_of(experiment: int, viewer: str) -> float:
    """From 0 to 1, the same whenever it is asked, and unlike in each experiment."""
    digest = hashlib.sha256(f"{experiment}:{viewer}".encode()).digest()
    return int.from_bytes(digest[:7]) / 2**56


def arm_at(arms: Sequence[Arm], place: float) -> Arm:
    """Arms lie one after the other, each as long as its weight."""
    left = place * sum(arm.weight for arm in arms)
    for arm in arms:
        left -= arm.weight
        if left < 0:
            return arm
    raise ValueError(place)


def running() -> list[list[Arm]]:
    """For pages, without a query; at once as it is after a start or a stop."""
    return cache.get_or_set(RUNNING, read_running, RUNNING_SECONDS)


def read_running() -> list[list[Arm]]:
    experiments = Experiment.objects.running().order_by("pk").prefetch_related("arms")
    return [
        [
            Arm(arm.pk, experiment.pk, arm.name, arm.weight, arm.changes)
            for arm in experiment.arms.all()
        ]
        for experiment in experiments
    ]


def start(experiment: Experiment) -> None:
    experiment.start()
    forget()


def stop(experiment: Experiment, reason: str) -> None:
    experiment.stop(reason)
    forget()


def forget() -> None:
    """After the commit: a page in between would keep what was before."""
    transaction.on_commit(lambda: cache.delete(RUNNING))


def note_exposure(arm: Arm, viewer: str) -> None:
    """Once; asked of the database about once an hour and viewer."""
    if not cache.add(f"feed:exposed:{arm.pk}:{viewer}", 1, EXPOSED_SECONDS):
        return
    exposure = ExperimentExposure(
        experiment_id=arm.experiment, arm_id=arm.pk, viewer=viewer
    )
    try:
        ExperimentExposure.objects.bulk_create([exposure], ignore_conflicts=True)
    except Error:
        # A page is worth more than the note that it was served.
        logger.exception("An exposure was not written down.")


def note_order(viewer: str) -> None:
    """This viewer has ordered; the first time counts."""
    note(viewer, "ordered_at")


def note_report(viewer: str) -> None:
    note(viewer, "reported_at")


def note(viewer: str, field: str) -> None:
    experiments = [arms[0].experiment for arms in running()] if viewer else []
    if experiments:
        mine = ExperimentExposure.objects.filter(
            experiment__in=experiments, viewer=viewer, **{field: None}
        )
        mine.update(**{field: timezone.now()})
