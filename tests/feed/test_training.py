import os
import threading
from datetime import timedelta

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from marketplace.user_files import private_files
from tests.factories import (
    make_product,
    make_seller,
    make_tag,
    make_user,
    make_video,
)
from videos.feed import history, serving, training
from videos.feed.gates import public_videos
from videos.feed.sessions import open_feed
from videos.feed.watchers import Watcher
from videos.models import (
    Engagement,
    FeedModel,
    Impression,
    ModelConflict,
    WatchEvent,
)
from videos.periodic import train_feed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_models(settings, tmp_path, monkeypatch):
    settings.FEED_MODEL_ROOT = tmp_path / "models"
    monkeypatch.setattr(serving, "holder", serving.Holder())


def watch(video, viewer, *, share=1.0, at=None, **fields):
    WatchEvent.objects.create(
        video=video,
        viewer=viewer,
        watched_ms=int(8000 * share),
        created_at=at or timezone.now(),
        **fields,
    )


def walk(videos, count=12):
    """So many visits, each of which watches these videos in this order."""
    now = timezone.now()
    for visit in range(count):
        for place, video in enumerate(videos):
            at = now - timedelta(hours=count - visit, seconds=-place)
            watch(video, f"visit {visit}", at=at)


def test_a_model_is_trained_stored_and_serves():
    videos = [make_video() for _ in range(4)]
    walk(videos)

    model = training.train()

    assert model.status == FeedModel.Status.SERVING
    assert model.figures["found"] == 1
    found = serving.load_current()
    assert found.version == model.version
    keys, _ = found.recommender.after([videos[0].pk, videos[1].pk], 9)
    assert keys[0] == videos[2].pk


def test_a_worse_model_is_kept_out_of_service(monkeypatch):
    walk([make_video() for _ in range(4)])
    serves = training.train()
    shares = iter([0.4, 0.6])
    monkeypatch.setattr(training, "share_found", lambda model, cases: next(shares))

    worse = training.train()

    assert worse.status == FeedModel.Status.WORSE
    assert FeedModel.objects.serving().get() == serves
    with pytest.raises(ModelConflict):
        worse.put_in_service()
    assert FeedModel.objects.serving().get() == serves


def test_one_command_goes_back_to_the_previous_model(capsys):
    walk([make_video() for _ in range(3)])
    first, second = training.train(), training.train()
    assert FeedModel.objects.serving().get() == second

    call_command("feed_model", previous=True)

    assert FeedModel.objects.serving().get() == first
    assert serving.load_current().version == first.version
    assert f"{first.version} serving" in capsys.readouterr().out


def test_going_back_without_a_previous_model_is_refused():
    walk([make_video() for _ in range(3)])
    only = training.train()

    with pytest.raises(CommandError):
        call_command("feed_model", previous=True)
    with pytest.raises(CommandError):
        call_command("feed_model", use="another")

    assert FeedModel.objects.serving().get() == only


def test_nothing_is_trained_before_anybody_watched():
    make_video()

    train_feed()

    assert FeedModel.objects.exists() is False
    with pytest.raises(CommandError):
        call_command("feed_model", train=True)


def test_a_damaged_file_is_not_served_and_not_kept(settings):
    walk([make_video() for _ in range(3)])
    model = training.train()
    name = f"{model.folder}/recommender.vectors.npy"
    with private_files().open(name, "r+b") as file:
        file.write(b"damage")

    with pytest.raises(serving.artefacts.BrokenArtefact):
        serving.load(model.version)

    assert not (settings.FEED_MODEL_ROOT / model.version).exists()


def test_the_model_at_hand_goes_on_serving_when_a_new_one_cannot_be_read(caplog):
    walk([make_video() for _ in range(3)])
    good = training.train()
    serving.load_current()
    broken = training.train()
    private_files().delete(f"{broken.folder}/manifest.json")

    serving.holder.looking.acquire()
    serving.look()

    assert serving.holder.serving.version == good.version
    assert "was not loaded" in caplog.text
    assert serving.holder.looking.locked() is False


def test_old_models_and_their_files_are_forgotten(monkeypatch, settings):
    monkeypatch.setattr(training, "KEPT_MODELS", 2)
    walk([make_video() for _ in range(3)])

    models = [training.train() for _ in range(3)]

    assert set(FeedModel.objects.all()) == set(models[1:])
    assert private_files().listdir(models[0].folder)[1] == []
    assert not (settings.FEED_MODEL_ROOT / models[0].version).exists()


def test_a_machine_that_only_serves_forgets_copies_of_models_that_are_gone(settings):
    walk([make_video() for _ in range(3)])
    former = training.train()
    serving.load_current()
    killed = settings.FEED_MODEL_ROOT / "tmpkilled"
    copying = settings.FEED_MODEL_ROOT / "tmpcopying"
    for folder in (killed, copying):
        folder.mkdir()
    os.utime(killed, (0, 0))
    model = training.train()
    FeedModel.objects.filter(pk=former.pk).delete()

    serving.load_current()

    names = {folder.name for folder in settings.FEED_MODEL_ROOT.iterdir()}
    assert names == {model.version, "tmpcopying"}


def test_only_what_was_liked_is_learnt_from():
    video, user = make_video(), make_user()
    watch(video, "a", share=0.2)
    watch(video, "a", share=0.9)
    watch(video, "b", kind=WatchEvent.Kind.CART)
    watch(video, "c", user=user)
    watch(video, "d", user=user, at=timezone.now() - timedelta(days=400))
    Engagement.objects.create(video=video, user=user, kind=Engagement.Kind.SAVE)

    found = history.read_history()

    assert np.allclose(sorted(found.worth), [0.9, 1, 2, 3])
    assert len(set(found.people.tolist())) == 3
    assert len(set(found.visits.tolist())) == 4


def test_a_video_is_described_by_its_products_too():
    video = make_video(title="Breakfast")
    tag = make_tag(video=video, product=make_product(title="Blue bowl"))
    make_tag(video=video, product=tag.product, starts_ms=4000, ends_ms=5000)

    keys, documents = training.read_catalogue()

    assert keys == [video.pk]
    texts = [text for text, _ in documents[0]]
    assert texts[0] == "Breakfast"
    assert texts.count("Blue bowl") == 1


def test_a_page_gets_what_is_loaded_while_another_thread_looks(settings, monkeypatch):
    settings.FEED_LOOKS_EVERY_SECONDS = 3600
    may_end, looks = threading.Event(), []

    def look():
        looks.append(threading.current_thread())
        may_end.wait(10)
        serving.holder.serving = "new"
        serving.holder.looking.release()

    monkeypatch.setattr(serving, "look", look)
    serving.holder.serving = "old"

    assert [serving.current(), serving.current()] == ["old", "old"]
    may_end.set()
    looks[0].join(10)

    assert serving.current() == "new"
    assert len(looks) == 1


def test_what_the_model_finds_comes_first_for_whom_it_suits():
    videos = [make_video(seller=make_seller()) for _ in range(12)]
    walk(videos[:3])
    training.train()
    serving.load_current()
    viewer = "v" * 22
    Impression.objects.create(video=videos[0], viewer=viewer)
    watch(videos[0], viewer)

    order = open_feed(public_videos(), Watcher(viewer)).keys

    assert order[0] == videos[1].pk
    assert order[1] == videos[2].pk
    assert open_feed(public_videos(), Watcher("w" * 22)).keys[0] == videos[-1].pk
