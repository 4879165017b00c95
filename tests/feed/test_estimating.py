"""What another policy would have earned, from a log of which the truth is known."""

from datetime import timedelta

import numpy as np
import pytest
from django.urls import reverse
from django.utils import timezone

from marketplace.accounts.models import User
from tests.factories import make_staff, make_video
from videos.feed import estimating, matching, ranking_logs, serving, sessions
from videos.feed.estimating import Candidate, chances_by, read_places
from videos.feed.gates import public_videos
from videos.feed.listing import Listed
from videos.feed.matching import Draw
from videos.feed.model.exposure import Pool
from videos.feed.sources import Source
from videos.feed.trials import load_trials, save_trials
from videos.feed.watchers import Watcher
from videos.models import Impression, RankingLog, VideoTrial, WatchEvent

pytestmark = pytest.mark.django_db

CHANCE = 1 / 3
# How likely a viewer finishes the video on trial, and the one that stays else.
ON_TRIAL, STAYS = 0.8, 0.3
DAY = timedelta(days=1)


@pytest.fixture
def numbers(settings):
    settings.FEED_VALUES = {"tap": 1.0, "cart": 3.0, "purchase": 12.0, "refund": 12.0}
    settings.FEED_EXPOSURE = {"trial_share": CHANCE / 10, "support_share": 0.08}
    return settings


def candidate(settings, **exposure):
    return Candidate(settings.FEED_VALUES, settings.FEED_EXPOSURE | exposure)


def pair(on_trial=(0.5, 0.0), stays=(0.5, 0.0)):
    """Of both: finishing, tapping, and that opening a product is worth a cart."""
    return [[*on_trial, 1, 1, 0, 0], [*stays, 1, 1, 0, 0]]


def log_places(count, *, seed=1, draw=None, ago=timedelta(0), **fields):
    """So many viewers, each with one place that chance decided about."""
    random = np.random.default_rng(seed)
    trial, known = make_video(), make_video()
    at = timezone.now() - ago
    rows, shown, watched = [], [], []
    for number in range(count):
        is_given = random.random() < CHANCE
        video = trial if is_given else known
        viewer = f"viewer {seed} {number}"
        mine = {"video": video, "viewer": viewer}
        rows.append(
            RankingLog(
                visit="v",
                place=9,
                sources=Source.TRIAL if is_given else Source.NEWEST,
                propensity=CHANCE if is_given else 1 - CHANCE,
                features={"draw": draw or grounds()},
                **(mine | fields),
            )
        )
        shown.append(Impression(position=9, created_at=at, **mine))
        if random.random() < (ON_TRIAL if is_given else STAYS):
            watched.append(WatchEvent(created_at=at, watched_ms=7900, **mine))
    RankingLog.objects.bulk_create(rows)
    RankingLog.objects.filter(pk__in=[row.pk for row in rows]).update(created_at=at)
    Impression.objects.bulk_create(shown)
    WatchEvent.objects.bulk_create(watched)


def grounds(**pairs):
    return {"share": "trial_share", "places": 10, "pair": pair(**pairs)}


@pytest.mark.parametrize("chance", [0.0, 0.6, 1.0])
def test_the_intervals_hold_what_another_share_would_have_earned(numbers, chance):
    log_places(900)

    answer = estimating.estimate(candidate(numbers, trial_share=chance / 10), 7)

    truth = chance * ON_TRIAL + (1 - chance) * STAYS
    worth, finished, *_ = answer.lines
    assert (answer.places, answer.viewers) == (900, 900)
    for found in (finished.plain, finished.normalised, worth.plain):
        assert found.low < truth < found.high
        assert found.high - found.low < 0.25
    # What it served earned something else.
    assert abs(finished.served.value - (ON_TRIAL + 2 * STAYS) / 3) < 0.06


def test_what_served_would_have_earned_what_it_did(numbers):
    log_places(300)

    line = estimating.estimate(candidate(numbers), 7).lines[1]

    assert line.plain.value == pytest.approx(line.served.value)
    assert line.plain.value == pytest.approx(WatchEvent.objects.count() / 300)


def test_other_weights_keep_places_from_what_is_not_worth_them(numbers):
    """A video on trial that is only opened, against one that is only finished."""
    log_places(900, draw=grounds(on_trial=(0.1, 1.0), stays=(0.5, 0.0)))
    plain = candidate(numbers)
    nothing_sold = Candidate(dict.fromkeys(plain.values, 0.0), plain.exposure)

    chosen = chances_by(plain, read_places(timezone.now() - DAY))
    answer = estimating.estimate(nothing_sold, 7)

    assert set(chosen.round(6)) == {round(CHANCE, 6), round(1 - CHANCE, 6)}
    finished = answer.lines[1].plain
    assert finished.low < STAYS < finished.high
    assert answer.lines[1].served.low > STAYS


def test_a_thin_log_says_nothing(numbers):
    # Of 120 places about 40 were given.
    log_places(120)
    log_places(500, seed=2, ago=timedelta(days=8))

    found = estimating.estimate(candidate(numbers, trial_share=0.1), 7)

    assert found.places == 120
    assert 20 < found.effective < 60
    assert found.lines == []
    assert estimating.estimate(candidate(numbers, trial_share=0.1), 28).lines


def test_many_places_of_few_viewers_say_nothing(numbers):
    log_places(300, viewer="one")
    Impression.objects.update(viewer="one")

    found = estimating.estimate(candidate(numbers), 7)

    assert (found.places, found.viewers, found.lines) == (300, 1, [])


def test_an_empty_log_says_nothing(numbers):
    assert estimating.estimate(candidate(numbers), 7).places == 0


@pytest.mark.parametrize(
    "changed",
    [{"propensity": 1.0}, {"viewer": ""}, {"place": 8}, {"features": {"pool": 1}}],
)
def test_only_places_that_chance_decided_about_and_that_were_seen(numbers, changed):
    log_places(5)

    RankingLog.objects.filter(viewer__endswith=" 4").update(**changed)

    assert len(read_places(timezone.now() - DAY)) == 4


def test_what_was_seen_on_another_day_is_another_impression(numbers):
    log_places(5)
    Impression.objects.update(created_at=timezone.now() - timedelta(hours=1))

    assert len(read_places(timezone.now() - DAY)) == 0


class Rigged:
    """A random generator that says the same always."""

    def __init__(self, said):
        self.said = said

    def random(self, count):
        return np.full(count, self.said)


@pytest.fixture
def contested(monkeypatch):
    """A page with an unknown video that may come, and one that has passed a trial."""
    monkeypatch.setattr(serving, "current", lambda: None)
    known = [make_video() for _ in range(20)]
    late = {"published_at": timezone.now() - timedelta(days=20)}
    new, passed = make_video(**late), make_video(**late)
    videos = [video.pk for video in [*known, passed]]
    save_trials(load_trials(videos, None), range(len(videos)))
    VideoTrial.objects.update(pool=Pool.OPEN, shown=400)
    VideoTrial.objects.filter(video=passed).update(pool=Pool.SECOND, shown=50)
    return new, passed


@pytest.mark.parametrize("said", [0.0, 0.9])
def test_the_log_has_what_the_draw_went_by(
    contested, numbers, said, settings, monkeypatch
):
    settings.FEED_LOG_PERCENT = 100
    monkeypatch.setattr(matching.np.random, "default_rng", lambda: Rigged(said))
    watcher = Watcher("w" * 22)

    page = sessions.open_feed(public_videos(), watcher)
    ranking_logs.note(page, watcher)
    for place in page.places:
        Impression.objects.create(
            video_id=place.key, viewer=watcher.viewer, position=place.at
        )

    found = read_places(timezone.now() - DAY)
    assert sorted(found.shares) == ["support_share", "trial_share"]
    assert found.is_given.tolist() == [said == 0] * 2
    given = {row.video_id for row in RankingLog.objects.drawn()}
    assert (given == {video.pk for video in contested}) is (said == 0)
    # By the site's own numbers each is as likely as it was.
    assert chances_by(candidate(numbers), found) == pytest.approx(
        found.propensities, abs=1e-5
    )
    other = candidate(numbers, trial_share=0.05, support_share=0.05)
    assert chances_by(other, found) == pytest.approx([0.5, 0.5])


def test_a_place_that_is_always_given_says_nothing_of_its_share(
    contested, numbers, settings
):
    """One in nine, on a page of ten."""
    settings.FEED_LOG_PERCENT = 100
    settings.FEED_EXPOSURE = numbers.FEED_EXPOSURE | {"support_share": 1 / 9}
    _, passed = contested
    for number in range(3):
        watcher = Watcher(f"{number}" * 22)
        page = sessions.open_feed(public_videos(), watcher)
        ranking_logs.note(page, watcher)
        Impression.objects.bulk_create(
            Impression(video_id=key, viewer=watcher.viewer, position=at)
            for at, key in enumerate(page.keys)
        )

    answer = estimating.estimate(candidate(numbers, support_share=0.01), 7)

    assert RankingLog.objects.get(viewer="0" * 22, video=passed).propensity == 1
    assert (answer.places, answer.silent) == (3, ["support_share"])


@pytest.mark.parametrize("is_given", [True, False])
def test_what_would_break_a_rule_was_not_drawn_whatever_chance_said(is_given):
    """Else videos that stay would be logged for draws of which the others are not."""
    listed = {n: Listed(n, min(n, 8), is_fresh=True) for n in range(11)}
    chosen = [listed[n] for n in range(10)]
    draw = Draw(1, 10, is_given, 0.3, {})

    touched = sessions.place_trials(list(chosen), [draw], listed, [])
    allowed = {**listed, 10: Listed(10, 99, is_fresh=True)}
    fair = sessions.place_trials(list(chosen), [draw], allowed, [])

    assert touched == {}
    assert fair == {10 if is_given else 9: draw}


@pytest.fixture
def operator(client):
    client.force_login(make_staff(User.Role.OPERATOR))
    return client


def ask(client, **numbers):
    url = reverse("admin:videos_experiment_estimate")
    filled = {
        "FEED_VALUES-tap": 1, "FEED_VALUES-cart": 3, "FEED_VALUES-purchase": 12,
        "FEED_VALUES-refund": 12, "FEED_EXPOSURE-trial_share": 0.06,
        "FEED_EXPOSURE-support_share": 0.1, "days": 7,
    }  # fmt: skip
    return client.get(url, filled | numbers)


def test_an_operator_asks_on_a_page(operator, numbers):
    log_places(600)

    html = ask(operator).content.decode()
    thin = ask(operator, **{"FEED_EXPOSURE-trial_share": 1}).content.decode()

    assert "No place was left to chance by support_share" in html
    assert "Watched to the end" in html
    assert "Effective sample" in html
    assert html.count("none seen") == 6
    assert "says too little" not in html
    assert "Watched to the end" in thin
    RankingLog.objects.all().delete()
    assert "says too little" in ask(operator).content.decode()


@pytest.mark.parametrize("number", ["-1", "1.5", "much", ""])
def test_nonsense_is_refused(operator, number):
    html = ask(operator, **{"FEED_EXPOSURE-trial_share": number}).content.decode()

    assert "errorlist" in html
    assert "What the log says" not in html


def test_the_page_is_for_operators(client, operator):
    url = reverse("admin:videos_experiment_estimate")
    changelist = operator.get(reverse("admin:videos_experiment_changelist"))
    assert "What other numbers would have earned" in changelist.content.decode()
    assert operator.get(url).status_code == 200

    client.force_login(make_staff(User.Role.MODERATOR))

    assert client.get(url).status_code == 403
