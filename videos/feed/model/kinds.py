"""Kinds of viewers: who likes the same, and what that says of each of them.

Tastes do not spread about one middle: people like a subject or two, and little else.
So a viewer is expected to be of one of some kinds, a mixture of normal distributions;
what they saw says of which.  It is learnt from all viewers, by a step of
expectation–maximisation with every batch of them (stepwise EM; Liang and Klein 2009).
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

# The kinds go by about so many of the viewers met last, and begin as if so many of each
# had been met, which like one subject this much, with so much spread of every part.
MET = 5000
BEGUN, LIKING, SPREAD = 20.0, 2.5, 0.6


@dataclass(frozen=True)
class Kinds:
    counts: np.ndarray  # (kinds,) of viewers met
    means: np.ndarray  # (kinds, size) of mood and taste
    spread: np.ndarray  # (size, size) covariance about them, the same for all

    @classmethod
    def liking(cls, subjects):
        """A kind for each subject, rows of directions, before anybody was met."""
        count, dimensions = subjects.shape
        lengths = np.linalg.norm(subjects, axis=1, keepdims=True)
        tastes = LIKING * subjects / np.maximum(lengths, 1e-9)
        means = np.c_[np.zeros(count), tastes]
        return cls(np.full(count, BEGUN), means, SPREAD**2 * np.eye(dimensions + 1))

    @cached_property
    def precision(self):
        return np.linalg.inv(self.spread)

    def posterior(self, bank, rows, usual):
        """Of viewers, by kind, from what they saw.

        `usual` is what was expected of each of them before.
        """
        before = usual.precision[0]
        found = np.einsum("nij,nj->ni", bank.precision[rows], bank.mean[rows])
        found -= before @ usual.mean[0]
        expected = self.means @ self.precision
        covariances = np.linalg.inv(bank.precision[rows] - before + self.precision)
        sums = found[:, None] + expected
        means = np.einsum("nij,nkj->nki", covariances, sums)
        lengths = (means * sums).sum(axis=2) - (expected * self.means).sum(axis=1)
        odds = np.log(self.counts) + lengths / 2
        responsibilities = np.exp(odds - odds.max(axis=1, keepdims=True))
        responsibilities /= responsibilities.sum(axis=1, keepdims=True)
        return Posterior(responsibilities, means, covariances)

    def learnt(self, posterior):
        """The kinds after these viewers were met as well."""
        responsibilities, met = posterior.responsibilities, posterior.means
        counts = self.counts + responsibilities.sum(axis=0)
        sums = self.counts[:, None] * self.means
        found = np.einsum("nk,nki->ki", responsibilities, met)
        means = (sums + found) / counts[:, None]
        squares = self.counts.sum() * self.spread + sums.T @ self.means
        squares += posterior.covariances.sum(axis=0)
        squares += np.einsum("nk,nki,nkj->ij", responsibilities, met, met)
        spread = (squares - (counts[:, None] * means).T @ means) / counts.sum()
        return Kinds(counts * min(1, MET / counts.sum()), means, spread)


@dataclass
class Posterior:
    """Some viewers: of which kind each may be, and what they are like if they are."""

    responsibilities: np.ndarray  # (viewers, kinds)
    means: np.ndarray  # (viewers, kinds, size)
    covariances: np.ndarray  # (viewers, size, size), the same for each kind

    def moments(self):
        """Over all kinds: means and covariances."""
        means = np.einsum("nk,nki->ni", self.responsibilities, self.means)
        apart = self.means - means[:, None]
        spread = np.einsum("nk,nki,nkj->nij", self.responsibilities, apart, apart)
        return means, self.covariances + spread
