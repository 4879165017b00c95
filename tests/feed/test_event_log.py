"""From the stream to the table: at least once, counted once."""

import threading
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.utils import timezone

from marketplace.accounts.privacy import erase
from tests.factories import make_user, make_video
from tests.feed.telling import (
    SECOND,
    VIEWER,
    tell,
    token_of,
    told,
    waiting,
    write,
)
from tests.races import at_once, together_after, wait_until_somebody_waits
from videos.feed import (
    counting,
    event_log,
    event_stream,
    serving,
    tokens,
    trials,
    wishing,
)
from videos.feed.counting import add_up_events
from videos.feed.event_log import Batch, Event
from videos.models import (
    Experiment,
    ExperimentExposure,
    Impression,
    RankingLog,
    VideoTrial,
    WatchEvent,
)
from videos.models.event import event_id
from videos.periodic import write_events

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def each_time_counts(settings):
    """Most of these show a video many times; whether it counts is another question."""
    settings.FEED_IMPRESSION_MINUTES = 0


def some_events(video, count=20):
    return [
        Event("impression", video.pk, place, 1_800_000_000_000)
        for place in range(count)
    ]


@pytest.fixture
def taken_over_at_once(monkeypatch):
    monkeypatch.setattr(event_stream, "TAKEN_OVER_AFTER_MS", 0)


def test_a_token_that_is_replayed_counts_once(viewer):
    video = make_video()
    batch = [
        told(video),
        told(video, "watch", watched_ms=4000),
        told(video, "share"),
    ]
    again = batch[1] | {"watched_ms": 8000}

    for events in (batch, batch, [again]):
        assert tell(viewer, *events).status_code == 202

    assert write() == 3
    assert Impression.objects.count() == 1
    assert sorted(WatchEvent.objects.values_list("kind", "watched_ms")) == [
        ("share", 0),
        ("watch", 4000),
    ]
    tell(viewer, *batch)
    assert write() == 0


def test_who_comes_back_to_a_video_has_watched_it_again_up_to_a_cap(viewer):
    video = make_video()
    token = token_of(video)
    watches = [
        told(video, "watch", token=token, watched_ms=5000, nth=nth) for nth in range(9)
    ]

    answer = tell(viewer, *watches, *watches)

    assert answer.json() == {"recorded": 8, "refused": {"absurd": 10}}
    assert write() == 4


def test_replayed_events_change_no_rank(viewer, monkeypatch):
    monkeypatch.setattr(serving, "current_recommender", lambda: None)
    monkeypatch.setattr(trials, "SETTLES", timedelta(0))
    video = make_video()
    events = [told(video), told(video, "watch", watched_ms=8000)]

    for _ in range(3):
        tell(viewer, *events)
        write()
        trials.fold_views()
        add_up_events()

    trial = VideoTrial.objects.get()
    assert (trial.shown, trial.finished) == (1, 1)
    video.refresh_from_db()
    assert video.view_count == 1


def test_a_worker_that_is_killed_before_it_could_say_so_has_written_once(
    viewer, monkeypatch, taken_over_at_once
):
    tell(viewer, told(make_video()), told(make_video(), "share"))

    def killed(batches):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(event_stream, "settle", killed)
        with pytest.raises(KeyboardInterrupt):
            write()
    assert (waiting(), Impression.objects.count()) == (1, 1)

    assert write() == 0
    assert (waiting(), Impression.objects.count()) == (0, 1)
    assert WatchEvent.objects.count() == 1


def test_a_worker_that_fails_to_write_leaves_it_to_the_next(
    viewer, monkeypatch, taken_over_at_once
):
    tell(viewer, told(make_video()))
    with monkeypatch.context() as patched:
        patched.setattr(event_log, "copy_in", no_room)
        with pytest.raises(OSError, match="no room"):
            write()
    assert Impression.objects.exists() is False

    assert write() == 1
    assert waiting() == 0


def no_room(*args):
    raise OSError("no room")


def test_another_workers_batch_is_left_to_it_while_it_may_be_at_work(viewer):
    tell(viewer, told(make_video()))
    event_stream.take_new(10)

    assert write() == 0
    assert waiting() == 1


def test_redis_may_lose_everything(viewer, stream):
    tell(viewer, told(make_video()))
    write()
    stream.delete(event_stream.STREAM)

    tell(viewer, told(make_video()))

    assert write() == 1
    assert Impression.objects.count() == 2


def test_replays_count_once_although_redis_lost_everything(viewer, stream):
    events = [told(make_video()), told(make_video(), "watch", watched_ms=4000)]
    tell(viewer, *events)
    write()
    stream.delete(event_stream.STREAM)

    tell(viewer, *events)

    assert write() == 0
    assert (Impression.objects.count(), WatchEvent.objects.count()) == (1, 1)


def test_what_waits_outlives_a_cleared_cache(viewer):
    tell(viewer, told(make_video()))
    cache.clear()

    assert write() == 1


def test_a_batch_that_cannot_be_read_holds_up_no_other(viewer, stream, caplog):
    stream.xadd(event_stream.STREAM, {"batch": b"{"})
    stream.xadd(event_stream.STREAM, {"batch": b'["v", null, [[1]]]'})
    tell(viewer, told(make_video()))

    assert write() == 1
    assert waiting() == 0
    assert "cannot be read" in caplog.text


def test_the_clock_has_it_written(viewer):
    tell(viewer, told(make_video()))

    write_events()

    assert Impression.objects.count() == 1


def test_a_thousand_batches_take_few_queries(viewer, django_assert_max_num_queries):
    video = make_video()
    batches = [
        Batch(f"{number:022}", None, some_events(video, 5)) for number in range(1000)
    ]

    with django_assert_max_num_queries(10):
        assert event_log.store(batches) == 5000


def test_an_event_keeps_its_key_and_shares_it_with_no_other():
    one = Event("watch", 1, 2, 3)
    others = [one._replace(**{name: 9}) for name in ("video", "position", "nth")]
    keys = {event.key(VIEWER) for event in (one, one._replace(watched_ms=7))}

    assert keys == {event_id(one.at, VIEWER, 1, 2, "watch", 0, None)}
    assert len({event.key(VIEWER) for event in (one, *others)}) == 4
    assert one.key("w" * 22) not in keys


def test_with_the_account_goes_what_told_its_events_from_others(viewer):
    user, video = make_user(), make_video()
    viewer.force_login(user)
    tell(viewer, told(video), told(video, "share"))
    write()
    keys = set(Impression.objects.values_list("pk", flat=True))
    tell(viewer, told(video, token=token_of(video, ago=61 * SECOND)))

    erase(user)

    write()
    assert not Impression.objects.filter(pk__in=keys).exists()
    for model, count in ((Impression, 2), (WatchEvent, 1)):
        whose = model.objects.values_list("viewer", "user")
        assert list(whose) == [("", None)] * count


def test_with_the_account_its_pseudonyms_go_from_the_ranking_log_too(viewer):
    user, video = make_user(), make_video()
    experiment = Experiment.objects.create(name="one")
    arm = experiment.arms.create(name="control", is_control=True)
    for name in (VIEWER, "other"):
        RankingLog.objects.create(
            visit="v", viewer=name, video=video, place=0, sources=1
        )
        ExperimentExposure.objects.create(experiment=experiment, arm=arm, viewer=name)
    viewer.force_login(user)
    tell(viewer, told(video, "share"))
    write()

    erase(user)

    names = RankingLog.objects.order_by("pk").values_list("viewer", flat=True)
    assert list(names) == ["", "other"]
    of_account, others = ExperimentExposure.objects.order_by("pk")
    assert of_account.viewer not in ("", VIEWER)
    assert others.viewer == "other"


def test_what_waits_when_somebody_starts_afresh_is_not_put_beside_their_name(viewer):
    user, video = make_user(), make_video()
    viewer.force_login(user)
    tell(viewer, told(video), told(video, "share"))
    viewer.cookies["viewer"] = "w" * 22  # as another browser of theirs
    of_other = token_of(video, viewer="w" * 22)
    tell(viewer, told(video, token=of_other))

    wishing.forget(user.pk, VIEWER)
    write()
    tell(viewer, told(video, "share", token=of_other))
    now = token_of(video, viewer="w" * 22, ago=0)
    tell(viewer, told(video, token=now))
    write()

    named = Impression.objects.exclude(user=None)
    assert (Impression.objects.count(), WatchEvent.objects.count()) == (3, 2)
    assert not WatchEvent.objects.exclude(user=None).exists()
    assert named.get().user == user
    shown = tokens.read(now, "w" * 22, tokens.now_ms())
    assert named.get().created_at.timestamp() * 1000 == pytest.approx(
        shown.at_ms, abs=1
    )


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_waited_for", [True, False])
def test_what_is_being_written_when_somebody_starts_afresh_is_forgotten(
    monkeypatch, is_waited_for
):
    """The worker has looked before; the control does not wait for it."""
    if not is_waited_for:
        monkeypatch.setattr(wishing, "written_until", timezone.now)
    user, video = make_user(), make_video()
    has_written, has_forgotten = threading.Event(), threading.Event()
    shown = Event("impression", video.pk, 0, tokens.now_ms() - SECOND)

    def write_slowly():
        with transaction.atomic():
            event_log.store([Batch(VIEWER, user.pk, [shown])])
            has_written.set()
            if is_waited_for:
                wait_until_somebody_waits()
            else:
                assert has_forgotten.wait(20)

    def start_afresh():
        assert has_written.wait(20)
        wishing.forget(user.pk, VIEWER)
        has_forgotten.set()

    assert at_once(write_slowly, start_afresh) == [None, None]

    assert Impression.objects.get().user == (None if is_waited_for else user)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_once", [True, False])
def test_two_workers_that_write_the_same_write_it_once(monkeypatch, is_once):
    """Each has copied it before either inserts; the control leaves the rule out."""
    if not is_once:
        monkeypatch.setattr(event_log, "ONCE", "")
    together_after(monkeypatch, event_log, "copy_to", 2)
    video = make_video()
    events = some_events(video)

    results = at_once(
        lambda: event_log.store([Batch(VIEWER, None, events)]),
        lambda: event_log.store([Batch(VIEWER, None, events[::-1])]),
    )

    if is_once:
        assert sorted(results) == [0, 20]
    else:
        assert any(isinstance(result, IntegrityError) for result in results)
    assert Impression.objects.count() == 20


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_workers_share_what_waits(stream):
    video = make_video()
    for place, event in enumerate(some_events(video, 40)):
        event_stream.push(event_log.pack(Batch(f"{place:022}", None, [event])))

    results = at_once(event_log.drain, event_log.drain)

    assert sum(results) == 40
    assert (waiting(), Impression.objects.count()) == (0, 40)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_waited_for", [True, False])
def test_what_is_being_written_is_counted_later(monkeypatch, is_waited_for):
    """Though it bears an earlier time than the count; the control does not wait."""
    if not is_waited_for:
        monkeypatch.setattr(counting, "written_until", timezone.now)
    video, has_written, has_counted = make_video(), threading.Event(), threading.Event()

    def write_slowly():
        with transaction.atomic():
            event_log.store([Batch(VIEWER, None, some_events(video))])
            has_written.set()
            if is_waited_for:
                wait_until_somebody_waits()
            else:
                assert has_counted.wait(20)

    def count():
        assert has_written.wait(20)
        add_up_events()
        has_counted.set()

    assert at_once(write_slowly, count) == [None, None]

    add_up_events()
    video.refresh_from_db()
    assert video.view_count == (20 if is_waited_for else 0)
