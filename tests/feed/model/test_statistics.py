"""Known values, and simulated experiments of which the truth is known."""

import math

import numpy as np
import pytest

from videos.feed.model.statistics import (
    LEAST_VIEWERS,
    Difference,
    Sample,
    Verdict,
    compare,
    decide,
    half_width,
    normal,
    p_value,
    sample_size,
)


def test_the_interval_of_the_formula_by_hand():
    # V = s = 1: sqrt(1 · 2 · (ln 2 + 2 ln 20)).
    assert half_width(1, 1, 0.05) == pytest.approx(3.6563, abs=1e-4)


@pytest.mark.parametrize("variance", [1e-6, 1e-4, 0.01])
@pytest.mark.parametrize("level", [0.05, 0.01])
def test_at_the_edge_of_the_interval_the_p_value_is_the_level(variance, level):
    edge = half_width(variance, 0.02, level)

    assert p_value(edge, variance, 0.02) == pytest.approx(level)
    assert p_value(0, variance, 0.02) == 1


def test_it_is_wider_than_that_of_a_single_look():
    for variance in np.geomspace(1e-7, 1, 20):
        once = normal.inv_cdf(0.975) * math.sqrt(variance)
        assert half_width(variance, 0.02, 0.05) > once


@pytest.mark.parametrize(
    ("spread", "effect", "expected"),
    [(0.5, 0.05, 1570), (math.sqrt(0.1 * 0.9), 0.02, 3532), (1, 1, 16)],
)
def test_viewers_for_a_test_that_looks_once(spread, effect, expected):
    assert sample_size(spread, effect) == expected


def test_samples_from_sums_add_up():
    values = np.array([0, 0, 1, 1, 1, 0.5])
    halves = [
        Sample(len(part), part.sum(), (part**2).sum())
        for part in (values[:2], values[2:])
    ]

    both = Sample(len(values), values.sum(), (values**2).sum())

    assert (both.mean, both.variance) == pytest.approx((values.mean(), values.var()))
    assert halves[0] + halves[1] == both


def test_nobody_who_did_it_is_not_certainty():
    none = Sample(1000, 0, 0)

    found = compare(none, none, scale=0.002)

    assert found.estimate == 0
    assert 0.002 < found.high < 0.02


def test_few_viewers_say_nothing():
    few = Sample(LEAST_VIEWERS - 1, LEAST_VIEWERS - 1, LEAST_VIEWERS - 1)
    many = Sample(10_000, 0, 0)

    found = compare(many, few, scale=0.02)

    assert (found.low, found.high, found.p_value) == (-1, 1, 1)


def difference(low, high):
    return Difference((low + high) / 2, low, high, 1)


@pytest.mark.parametrize(
    ("goal", "guard", "is_full", "verdict"),
    [
        ((-1, 1), (-1, 1), False, Verdict.RUNNING),
        ((-1, 1), (-1, 1), True, Verdict.NO_DIFFERENCE),
        ((0.1, 1), (-1, 1), False, Verdict.BETTER),
        ((-1, -0.1), (-1, 1), True, Verdict.WORSE),
        ((0.1, 1), (-1, -0.1), False, Verdict.HARMFUL),
    ],
)
def test_the_rule(goal, guard, is_full, verdict):
    guards = {"reports": difference(*guard)}

    assert decide(difference(*goal), guards, is_full) == verdict


def run(random, shares, looks, each):
    """Whether, at any of so many looks, the sequential and the naive test see one."""
    done = random.binomial(each, shares, size=(looks, 2)).cumsum(axis=0)
    sequential = naive = False
    for look, counts in enumerate(done.tolist(), start=1):
        control, arm = (Sample(look * each, n, n) for n in counts)
        found = compare(control, arm, scale=0.03)
        sequential |= found.is_above or found.is_below
        spread = math.sqrt((control.variance + arm.variance) / (look * each))
        naive |= abs(found.estimate) > 1.96 * spread
    return sequential, naive


def share_seen(shares, runs=400, looks=40, each=200):
    random = np.random.default_rng(5)
    seen = [run(random, shares, looks, each) for _ in range(runs)]
    return np.mean(seen, axis=0)


def test_of_equal_arms_one_in_twenty_at_most_seems_better_however_often_one_looks():
    sequential, naive = share_seen([0.3, 0.3])

    # Three standard errors of 400 runs above the level.
    assert sequential <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 400)
    # The same looks at an interval of a single look: what the formula is there for.
    assert naive > 0.2


def test_a_difference_is_found():
    sequential, _naive = share_seen([0.3, 0.34])

    assert sequential > 0.95
