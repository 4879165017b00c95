import numpy as np
import pytest

from videos.feed.model.audience import Audience, Bank, sigmoid

TASTES, THEMES = 4, 3


def play(audience, chance, viewers, videos, seed=1):
    """Every viewer is shown every video once, and ends it with the chance given."""
    random = np.random.default_rng(seed)
    who, what = (
        np.repeat(np.arange(viewers), videos),
        np.tile(np.arange(videos), viewers),
    )
    order = random.permutation(len(who))
    for part in np.array_split(order, 20):
        finished = (random.random(len(part)) < chance(who[part], what[part])) * 1.0
        tapped = finished * (random.random(len(part)) < 0.1 * (what[part] % 2))
        audience.learn(who[part], what[part], finished, tapped)


def two_tastes(viewers, videos):
    """Even viewers like even videos, odd ones odd."""
    return np.where(viewers % 2 == videos % 2, 0.9, 0.1)


@pytest.fixture
def audience():
    content = np.zeros((20, 2))
    content[np.arange(20), np.arange(20) % 2] = 1
    audience = Audience.new(30, 20, 2)
    audience.admit(np.arange(20), content)
    return audience


def test_a_taste_is_learnt_from_how_impressions_end(audience):
    play(audience, two_tastes, 30, 20)

    value = audience.value(np.arange(30), np.arange(20))

    assert value[0, ::2].min() > value[0, 1::2].max()
    assert value[1, 1::2].min() > value[1, ::2].max()


def test_what_people_tap_in_is_worth_more(audience):
    play(audience, lambda viewers, videos: np.full(len(videos), 0.7), 30, 20)

    value = audience.value(np.arange(30), np.arange(20)).mean(axis=0)

    assert value[1::2].mean() > value[::2].mean()


def test_hope_is_greatest_for_what_few_have_seen(audience):
    for _ in range(4):
        audience.learn(
            np.arange(30), np.zeros(30, int), np.tile([0.0, 1.0], 15), np.zeros(30)
        )
    videos = np.array([0, 2])

    gain = audience.value([3], videos, 1.0) - audience.value([3], videos)
    _, spread = audience.worth(videos)

    assert gain[0, 1] > 2 * gain[0, 0]
    assert spread[1] > 2 * spread[0]


def test_a_bank_finds_the_regression_that_made_the_outcomes():
    random = np.random.default_rng(2)
    truth = np.array([0.5, -1.0, 0.8])
    features = np.c_[np.ones(3000), random.standard_normal((3000, 2))]
    outcomes = (random.random(3000) < sigmoid(features @ truth)) * 1.0
    bank = Bank.new(2, [3.0] * 3)

    for part in np.array_split(np.arange(3000), 30):
        rows, nought = np.ones(len(part), int), np.zeros(len(part))
        bank.learn(rows, features[part], outcomes[part], nought, nought)

    sure = np.sqrt(np.diag(bank.covariance[1]))
    assert (np.abs(bank.mean[1] - truth) < 4 * sure).all()
    assert not bank.mean[0].any()


def test_what_is_unsure_is_learnt_from_less():
    sure, unsure = Bank.new(1, [1.0, 1.0]), Bank.new(1, [1.0, 1.0])
    rows, features = np.zeros(5, int), np.ones((5, 2))

    # About as many ended well as was expected: what is learnt is to be sure of that.
    outcomes = np.array([1.0, 0, 1, 0, 1])
    sure.learn(rows, features, outcomes, np.zeros(5), np.zeros(5))
    unsure.learn(rows, features, outcomes, np.zeros(5), np.full(5, 9.0))

    before = Bank.new(1, [1.0, 1.0]).precision[0, 0, 0]
    gained = [bank.precision[0, 0, 0] - before for bank in (sure, unsure)]
    assert gained[0] > 4 * gained[1] > 0


def test_a_taste_is_recalled_from_what_is_known_of_the_videos_by_now(audience):
    play(audience, two_tastes, 30, 20)
    fresh = Audience(
        Bank.new(2, [0.5, 0.7, 0.7]), audience.videos, audience.taps, audience.common
    )
    viewers, videos = np.repeat([0, 1], 20), np.tile(np.arange(20), 2)

    fresh.recall(viewers, videos, (viewers == videos % 2) * 1.0)

    value = fresh.value(np.arange(2), np.arange(20))
    assert value[0, ::2].min() > value[0, 1::2].max()
    assert value[1, 1::2].min() > value[1, ::2].max()


def test_of_newcomers_is_expected_what_viewers_have_in_common(audience):
    before = audience.common.newcomers(1, 2).covariance[0]
    for seed in range(4):
        play(audience, two_tastes, 30, 20, seed)

    newcomer = audience.common.newcomers(1, 2)

    # Who likes the one sort dislikes the other: nobody likes both.
    assert newcomer.covariance[0, 1, 2] < 0 == before[1, 2]
    assert np.allclose(
        newcomer.precision[0] @ newcomer.covariance[0], np.eye(3), atol=0.01
    )
    known = Audience(newcomer, audience.videos, audience.taps, audience.common)
    known.recall(np.array([0]), np.array([0]), np.array([1.0]))
    assert newcomer.mean[0, 1] > 0 > newcomer.mean[0, 2]


def test_of_newcomers_is_expected_what_most_viewers_like(audience):
    for seed in range(4):
        play(audience, lambda _, videos: 0.9 - 0.8 * (videos % 2), 30, 20, seed)

    newcomer = audience.common.newcomers(1, 2).mean[0]

    assert newcomer[1] > newcomer[2] + 0.1


def test_the_usual_worth_is_to_a_viewer_of_the_usual_mood(audience):
    for seed in range(8):
        play(audience, lambda _, videos: np.full(len(videos), 0.05), 30, 20, seed)
    every = np.arange(20)
    value = audience.value(np.arange(30), every).mean(axis=0)
    worth, _ = audience.worth(every)

    audience.common.liking = None

    moodless, _ = audience.worth(every)
    assert np.abs(worth - value).mean() < np.abs(moodless - value).mean()


def test_who_is_hardly_known_hardly_changes_what_is_expected(audience):
    likings = audience.common.newcomers(1, 2).covariance[0]

    audience.learn(np.arange(30), np.arange(30) % 20, np.ones(30), np.zeros(30))

    assert np.allclose(audience.common.likings, likings, rtol=0.02, atol=0.02)


def test_to_be_lucky_in_both_is_not_hoped_for(audience):
    viewers, videos = np.array([3]), np.array([0])
    odds, spread = audience.log_odds(viewers, videos)
    fit = audience.viewers.mean[viewers, 1:] @ audience.videos.mean[videos, 1:].T
    tap_odds, tap_spread = audience.tap_odds(videos, fit)

    hoped = audience.value(viewers, videos, 1.0)

    both = sigmoid(odds + spread) * (1 + 4 * sigmoid(tap_odds + tap_spread))
    by_one = sigmoid(odds + spread) * (1 + 4 * sigmoid(tap_odds))
    by_other = sigmoid(odds) * (1 + 4 * sigmoid(tap_odds + tap_spread))
    assert max(by_one, by_other) < hoped < both


def test_outcomes_that_were_certain_do_not_run_away(audience):
    for _ in range(50):
        audience.learn(np.arange(30), np.zeros(30, int), np.ones(30), np.ones(30))

    value = audience.value(np.arange(30), np.arange(20), 1.0)

    assert np.isfinite(value).all()
    assert np.abs(audience.videos.mean).max() < 10


def test_without_impressions_nothing_is_learnt(audience):
    before = audience.videos.mean.copy()

    audience.learn(*np.empty((2, 0), int), *np.empty((2, 0)))

    assert np.array_equal(audience.videos.mean, before)
