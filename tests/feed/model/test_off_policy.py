"""Against a simulated logger, of whose world the truth is known."""

import numpy as np
import pytest

from videos.feed.model.off_policy import ips, snips

# Of five videos: how likely the logger shows each, what each earns, what the new
# policy would show.
LOGGED = np.array([0.4, 0.3, 0.15, 0.1, 0.05])
WORTH = np.array([0.1, 0.2, 0.3, 0.15, 0.5])
NEW = np.array([0.0, 0.0, 0.7, 0.0, 0.3])
TRUTH = float(NEW @ WORTH)


def logged(random, rows):
    """Rewards, propensities, and what the new policy would have done: a log."""
    shown = random.choice(len(LOGGED), size=rows, p=LOGGED)
    rewards = (random.random(rows) < WORTH[shown]).astype(float)
    return rewards, LOGGED[shown], NEW[shown]


@pytest.mark.parametrize("estimator", [ips, snips])
def test_the_interval_holds_the_truth_as_often_as_it_says(estimator):
    random = np.random.default_rng(11)

    found = [estimator(*logged(random, 1500)) for _ in range(600)]

    held = np.mean([one.low <= TRUTH <= one.high for one in found])
    assert 0.92 <= held <= 0.975
    # Neither is off by more than chance.
    error = np.std([one.value for one in found]) / np.sqrt(len(found))
    assert abs(np.mean([one.value for one in found]) - TRUTH) < 4 * error


def test_the_log_s_own_mean_is_another_thing():
    rewards, _propensities, _chosen = logged(np.random.default_rng(1), 20_000)

    assert abs(rewards.mean() - TRUTH) > 0.1


def test_the_same_policy_earns_what_the_log_says():
    random = np.random.default_rng(2)
    rewards, propensities, _chosen = logged(random, 500)

    found = ips(rewards, propensities, propensities)

    assert found.value == pytest.approx(rewards.mean())
    assert found.effective == pytest.approx(500)
    spread = rewards.std() / np.sqrt(500)
    assert found.high - found.low == pytest.approx(2 * 1.96 * spread, rel=1e-3)


def test_self_normalised_does_not_care_from_where_rewards_are_counted():
    rewards, propensities, chosen = logged(np.random.default_rng(3), 800)
    moved = snips(rewards + 10, propensities, chosen)

    assert moved.value == pytest.approx(snips(rewards, propensities, chosen).value + 10)
    spread = moved.high - moved.low
    assert spread == pytest.approx(np.subtract(*bounds(rewards, propensities, chosen)))


def bounds(*log):
    found = snips(*log)
    return found.high, found.low


@pytest.mark.parametrize("estimator", [ips, snips])
def test_rows_of_one_visit_do_not_say_more_than_the_visit(estimator):
    log = logged(np.random.default_rng(4), 300)
    thrice = [np.tile(part, 3) for part in log]
    visits = np.tile(np.arange(300), 3)

    once, apart = estimator(*log), estimator(*thrice)
    together = estimator(*thrice, groups=visits)

    assert together.high == pytest.approx(once.high)
    assert apart.high < together.high


def test_a_choice_may_be_a_plain_yes_or_no():
    found = snips([1, 0, 1], [0.5, 0.5, 0.25], [True, False, True])

    assert found.value == 1
    assert found.effective == pytest.approx(36 / 20)


@pytest.mark.parametrize(
    "log",
    [
        ([], [], []),
        ([1], [0.5, 0.5], [1]),
        ([1], [0], [1]),
        ([1], [1.1], [1]),
        ([1], [0.5], [2]),
        ([1], [float("nan")], [1]),
    ],
)
def test_what_is_no_log_is_refused(log):
    for estimator in (ips, snips):
        with pytest.raises(ValueError, match=r"\w"):
            estimator(*log)


def test_a_policy_that_shares_nothing_with_the_log_is_refused():
    with pytest.raises(ValueError, match="none of these rows"):
        snips([1, 0], [0.5, 0.5], [0, 0])
    assert ips([1, 0], [0.5, 0.5], [0, 0]).value == 0
