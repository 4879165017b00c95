import numpy as np
import pytest

from videos.feed.model.audience import Bank, Common
from videos.feed.model.kinds import MET, Kinds

SUBJECTS = 3 * np.eye(3)
USUAL = Bank.new(1, [0.5, 1.5, 1.5, 1.5])


@pytest.fixture
def random():
    return np.random.default_rng(1)


@pytest.fixture
def tastes(random):
    """Mood and taste of 400 viewers, each of whom likes one of three subjects."""
    likes = SUBJECTS[random.integers(0, 3, 400)]
    spread = 0.3 * random.standard_normal((400, 4))
    return np.c_[np.zeros(400), likes] + spread


def seen_by(random, tastes, certainty):
    """What is concluded from views, that say of each part as much as this."""
    noise = random.standard_normal(tastes.shape) / np.sqrt(certainty)
    precision = USUAL.precision + certainty * np.eye(4)
    towards = USUAL.precision[0] @ USUAL.mean[0] + certainty * (tastes + noise)
    mean = np.einsum("nij,nj->ni", np.linalg.inv(precision), towards)
    return Bank.of(mean, np.tile(precision, (len(tastes), 1, 1)))


def learnt(random, tastes, rounds=10):
    kinds = Kinds.liking(np.eye(3))
    for _ in range(rounds):
        bank = seen_by(random, tastes, 1.0)
        kinds = kinds.learnt(kinds.posterior(bank, np.arange(len(tastes)), USUAL))
    return kinds


def test_kinds_are_learnt_from_viewers(random, tastes):
    kinds = learnt(random, tastes)

    assert np.allclose(kinds.means[:, 1:], SUBJECTS, atol=0.4)
    assert np.abs(kinds.counts / kinds.counts.sum() - 1 / 3).max() < 0.1


def test_a_viewer_hardly_known_is_told_better_by_their_kind(random, tastes):
    kinds, bank = learnt(random, tastes), seen_by(random, tastes, 0.5)

    found, _ = kinds.posterior(bank, np.arange(400), USUAL).moments()

    assert ((found - tastes) ** 2).mean() < 0.6 * ((bank.mean - tastes) ** 2).mean()


def test_who_was_seen_often_is_taken_for_what_was_seen(random, tastes):
    kinds, bank = learnt(random, tastes), seen_by(random, tastes, 1000.0)

    found, covariances = kinds.posterior(bank, np.arange(400), USUAL).moments()

    assert np.allclose(found, bank.mean, atol=0.05)
    assert np.allclose(covariances, np.eye(4) / 1000, atol=2e-4)


def test_of_whom_nothing_was_seen_all_kinds_are_as_likely_as_they_are_frequent():
    kinds = Kinds(np.array([10.0, 30.0]), np.zeros((2, 4)), np.eye(4))

    posterior = kinds.posterior(USUAL, [0], USUAL)

    assert np.allclose(posterior.responsibilities, [[0.25, 0.75]])


def test_the_mixture_is_as_wide_as_its_kinds_are_apart():
    means = np.array([[0.0, -2, 0, 0], [0, 2, 0, 0]])
    kinds = Kinds(np.array([5.0, 5.0]), means, np.eye(4))

    mean, covariance = kinds.posterior(USUAL, [0], USUAL).moments()

    assert np.allclose(mean, 0)
    assert np.allclose(covariance[0], np.diag([1, 5, 1, 1]))


def test_the_kinds_follow_those_who_come_now(random, tastes):
    kinds = learnt(random, tastes, rounds=30)

    assert kinds.counts.sum() == pytest.approx(MET)


def test_without_subjects_there_are_no_kinds():
    common = Common()

    common.begin_kinds(np.empty((0, 3)))

    assert common.kinds is None
