"""Two trainings that end at the same time."""

from functools import partial

import pytest
from django.db import IntegrityError
from django.utils import timezone

from tests.factories import make_video
from tests.feed.test_training import walk
from tests.races import at_once, together_after, together_before
from videos.feed import serving, training
from videos.models import FeedModel
from videos.models.feed_model import FeedModelQuerySet

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def own_models(settings, tmp_path, monkeypatch):
    settings.FEED_MODEL_ROOT = tmp_path / "models"
    monkeypatch.setattr(serving, "holder", serving.Holder())


def make_models(*statuses):
    return [
        FeedModel.objects.create(version=f"model-{number}", status=status)
        for number, status in enumerate(statuses)
    ]


def statuses():
    return sorted(FeedModel.objects.values_list("status", flat=True))


def test_of_two_trainings_at_once_one_serves_and_the_other_is_at_hand(monkeypatch):
    walk([make_video() for _ in range(4)])
    before = training.train()
    together_before(monkeypatch, FeedModel, "put_in_service", 2)

    models = at_once(training.train, training.train)

    assert {type(model) for model in models} == {FeedModel}
    assert statuses() == ["retired", "retired", "serving"]
    before.refresh_from_db()
    assert before.status == FeedModel.Status.RETIRED
    found = serving.load_current()
    assert found.version in {model.version for model in models}


@pytest.mark.parametrize("round", range(5))
def test_models_put_in_service_at_once_take_turns(round):
    serves, *new = make_models("serving", "trained", "trained", "trained")

    results = at_once(*(model.put_in_service for model in new))

    assert results == [None] * 3
    assert statuses() == ["retired", "retired", "retired", "serving"]
    serves.refresh_from_db()
    assert serves.status == FeedModel.Status.RETIRED


def test_without_the_lock_one_of_two_would_fail(monkeypatch):
    _, *new = make_models("serving", "trained", "trained")
    monkeypatch.setattr(FeedModelQuerySet, "select_for_update", FeedModelQuerySet.all)
    together_after(monkeypatch, FeedModelQuerySet, "serving", 2)

    results = at_once(*(partial(model.put_in_service) for model in new))

    assert sum(isinstance(result, IntegrityError) for result in results) == 1


def test_a_model_that_is_put_in_service_meanwhile_is_not_forgotten(monkeypatch):
    (stored,) = make_models("trained")
    FeedModel.objects.update(made_at=timezone.now() - 2 * training.ABOUT_TO_SERVE)
    looked = training.of_no_use

    def look():
        found = looked()
        stored.put_in_service()
        return found

    monkeypatch.setattr(training, "of_no_use", look)
    training.forget_old()

    assert FeedModel.objects.get().status == FeedModel.Status.SERVING


def test_a_model_that_another_training_has_just_stored_is_not_forgotten():
    stored, *_ = make_models("trained")

    training.forget_old()

    assert FeedModel.objects.get() == stored
