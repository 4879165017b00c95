"""What a process remembers of trials is what the last fold left, whoever folds when."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import numpy as np
import pytest
from django.core.cache import cache
from django.utils import timezone

from tests.factories import make_video
from tests.feed.test_trials import SETTLED, show
from videos.feed import serving, trial_rows, trials
from videos.feed.trial_rows import Remembered, told_name
from videos.feed.trials import count_outcomes, fold_views, load_trials
from videos.models import WatchEvent

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_model(monkeypatch):
    monkeypatch.setattr(serving, "holder", serving.Holder())


@pytest.fixture
def seen(django_capture_on_commit_callbacks):
    """Somebody sees these videos, and it is folded in."""

    def see_and_fold(*videos):
        for video in videos:
            viewer = f"v{time.perf_counter_ns()}"
            show(video, viewer, watched=1, ago=timedelta())
        with django_capture_on_commit_callbacks(execute=True):
            assert fold_views(timezone.now() + SETTLED) == len(videos)
        return trials.known_common().base_weight

    return see_and_fold


@pytest.fixture
def process(monkeypatch):
    """Another one than those of other tests."""

    def start():
        monkeypatch.setattr(trial_rows, "remembered", Remembered())
        return trial_rows.remembered

    start()
    return start


@pytest.fixture
def asked(process, monkeypatch):
    """For which videos the database was, each time."""
    read, times = trial_rows.read_rows, []

    def note(keys):
        times.append(set(keys))
        return read(keys)

    monkeypatch.setattr(trial_rows, "read_rows", note)
    return times


def keys_of(videos):
    return {video.pk for video in videos}


def known(videos):
    """How often each was shown, as a page knows it."""
    return trials.known_trials(list(keys_of(videos)), None)[0].shown.tolist()


def test_between_folds_no_page_asks(seen, asked, django_assert_num_queries):
    videos = [make_video() for _ in range(2)]
    seen(videos[0])
    assert known(videos) == [1, 0]

    with django_assert_num_queries(0):
        assert known(videos) == [1, 0]


def test_what_a_fold_changed_is_asked_for_again_and_nothing_else(seen, asked):
    old, changed, new = videos = [make_video() for _ in range(3)]
    seen(old, changed)
    assert known(videos) == [1, 1, 0]

    seen(changed, new)

    assert known(videos) == [1, 2, 1]
    assert asked == [keys_of(videos), keys_of([changed, new])]


def test_a_process_that_slept_finds_what_several_folds_changed(seen, asked):
    old, *changed = videos = [make_video() for _ in range(3)]
    seen(*videos)
    known(videos)

    for video in changed:
        seen(video)

    assert known(videos) == [1, 2, 2]
    assert asked == [keys_of(videos), keys_of(changed)]


@pytest.mark.parametrize("lost", ["first fold", "second fold", "both are too many"])
def test_who_does_not_find_the_way_asks_for_everything(seen, asked, lost, monkeypatch):
    videos = [make_video() for _ in range(3)]
    seen(*videos)
    known(videos)
    first, second = seen(videos[0]), seen(videos[1])

    if lost == "both are too many":
        monkeypatch.setattr(trial_rows, "MOST_BEHIND", 1)
    else:
        cache.delete(told_name(first if lost == "first fold" else second))

    assert known(videos) == [2, 2, 1]
    assert asked == 2 * [keys_of(videos)]


def test_each_process_finds_its_own_way(seen, process, monkeypatch):
    videos = [make_video() for _ in range(2)]
    seen(*videos)
    first, second = process(), process()
    for remembered in (first, second):
        monkeypatch.setattr(trial_rows, "remembered", remembered)
        known(videos)

    seen(videos[0])
    assert known(videos) == [2, 1]
    seen(videos[1])

    for remembered in (first, second):
        monkeypatch.setattr(trial_rows, "remembered", remembered)
        assert known(videos) == [2, 2]


def test_a_row_read_before_a_fold_is_not_kept_as_if_it_were_read_after(
    seen, asked, monkeypatch
):
    video, other = make_video(), make_video()
    seen(video, other)
    note = trial_rows.read_rows

    def read_slowly(keys):
        rows = note(keys)
        monkeypatch.setattr(trial_rows, "read_rows", note)
        seen(video)
        # Another page of this process, which knows of it.
        known([other])
        return rows

    monkeypatch.setattr(trial_rows, "read_rows", read_slowly)
    known([video])

    assert known([video]) == [2]


def test_a_page_that_comes_late_makes_nobody_forget(seen, asked):
    videos = [make_video() for _ in range(2)]
    before = seen(*videos)
    known(videos)
    seen(videos[0])
    known(videos)
    asked.clear()

    late = trial_rows.remembered.read(sorted(keys_of(videos)), before)

    assert late["shown"].tolist() == known(videos) == [2, 1]
    assert asked == []


def test_of_two_pages_that_find_a_fold_at_once_one_makes_the_process_forget(
    seen, asked, monkeypatch
):
    video = make_video()
    seen(video)
    known([video])
    seen(video)
    find = trial_rows.changed_between

    def find_slowly(*folds):
        monkeypatch.setattr(trial_rows, "changed_between", find)
        known([video])
        return find(*folds)

    monkeypatch.setattr(trial_rows, "changed_between", find_slowly)

    assert known([video]) == [2]
    assert asked == 2 * [{video.pk}]


def test_another_state_of_the_database_makes_a_process_forget(seen, asked):
    """As after a backup was brought back: of its fold nobody has told anything."""
    video = make_video()
    seen(video)
    known([video])

    trial_rows.remembered.read([video.pk], 20.0)

    assert asked == 2 * [{video.pk}]


def test_a_cart_is_known_to_pages_with_the_fold_after_it_was_counted(seen, asked):
    video, other = videos = [make_video() for _ in range(2)]
    seen(*videos)
    often = []
    for _ in range(3):
        known_trials, _ = trials.known_trials(sorted(keys_of(videos)), None)
        often.append(known_trials.rates["cart"].tolist())
        WatchEvent.objects.create(video=video, viewer="v", kind="cart")
        count_outcomes()
        seen(other)
    asked.clear()
    known(videos)
    seen(other)
    known(videos)

    assert often[0][0] < often[1][0] < often[2][0]
    assert often[0][1] == often[1][1] == often[2][1]
    # It was counted no more, so it is not asked for again.
    assert asked == [keys_of(videos), keys_of([other])]


def test_the_first_fold_of_a_release_that_tells_looks_at_no_outcomes_of_years(
    seen, monkeypatch
):
    count_outcomes()
    monkeypatch.setattr(trials, "with_outcomes_since", None)

    seen(make_video())


def test_what_is_forgotten_takes_no_room_for_ever(seen, process, monkeypatch):
    monkeypatch.setattr(trial_rows, "MOST_REMEMBERED", 3)
    remembered, video = process(), make_video()
    for times in range(1, 8):
        seen(video)
        assert known([video]) == [times]
        assert remembered.count <= 4


def test_what_is_remembered_is_as_it_is_stored_with_what_is_read_beside_it(monkeypatch):
    monkeypatch.setattr(trial_rows, "MOST_REMEMBERED", 3)
    videos = [make_video() for _ in range(4)]
    for number, video in enumerate(videos[:3], 1):
        for viewer in range(number):
            show(video, f"v{viewer}", watched=viewer % 2)
    fold_views()
    keys = [video.pk for video in videos]
    remembered = Remembered()

    for some in (keys[1:2], keys[:2], keys, keys[2:], keys):
        read = partial(remembered.read, folded=1)
        known, stored = load_trials(some, None, read), load_trials(some, None)
        for name in ("shown", "finished", "tapped", "pools", "is_new"):
            assert getattr(known, name).tolist() == getattr(stored, name).tolist()
        assert np.array_equal(known.bank.mean, stored.bank.mean)
        assert np.array_equal(known.bank.covariance, stored.bank.covariance)
        assert len(remembered.places) <= 4

    assert stored.shown.tolist() == [1, 2, 3, 0]


def test_threads_that_remember_at_once_keep_each_row_with_its_video(monkeypatch):
    def read(keys):
        time.sleep(0.001)
        rows = np.zeros(len(keys), trial_rows.ROW)
        rows["video"] = rows["shown"] = keys
        return rows

    monkeypatch.setattr(trial_rows, "read_rows", read)
    monkeypatch.setattr(trial_rows, "MOST_REMEMBERED", 2000)
    remembered = Remembered()

    def ask(number):
        keys = np.random.default_rng(number).integers(0, 3000, 50)
        rows = remembered.read(np.unique(keys).tolist(), folded=1)
        return (
            sorted(rows["video"].tolist()) == np.unique(keys).tolist()
            and (rows["shown"] == rows["video"]).all()
        )

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(ask, range(200)))
