"""What another ranking would have earned, from the log of the one that served.  Pure.

Each row says what was shown, how likely the logger was to show it there, what it
earned, and whether the new policy would have shown it (or how likely it would).  What
the logger showed rarely counts for more: inverse propensity scoring (Horvitz and
Thompson 1952), and its self-normalised form, which is biased by a little and varies
less (A. Swaminathan and T. Joachims, "The Self-Normalized Estimator for Counterfactual
Learning", NIPS 2015).  The intervals are normal ones, with the variance of the ratio
by the delta method (A. Owen, "Monte Carlo theory, methods and examples", chapter 9).

Both assume that the logger could have shown whatever the new policy would: where it
never does, no log can tell.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
    value: float
    low: float
    high: float
    rows: int
    # So many rows of the new policy's own would say as much.
    effective: float


def ips(rewards, propensities, chosen, groups=None, level: float = LEVEL) -> Estimate:
    """Reward of a row by the new policy, unbiased; rows of one group go together."""
    rewards, weights = weigh(rewards, propensities, chosen)
    value = float(np.mean(weights * rewards))
    residuals = (weights * rewards - value) / len(rewards)
    return estimate(value, residuals, weights, groups, level)


def snips(rewards, propensities, chosen, groups=None, level: float = LEVEL) -> Estimate:
    """The same, divided by the weights' own mean; needs one row that was chosen."""
    rewards, weights = weigh(rewards, propensities, chosen)
    total = weights.sum()
    if not total:
        raise ValueError("The new policy would have shown none of these rows.")
    value = float((weights * rewards).sum() / total)
    residuals = weights * (rewards - value) / total
    return estimate(value, residuals, weights, groups, level)


def weigh(rewards, propensities, chosen):
    arrays = [np.asarray(part, float) for part in (rewards, propensities, chosen)]
    rewards, propensities, chosen = arrays
    if len({array.shape for array in arrays}) > 1 or rewards.ndim != 1:
        raise ValueError("Rewards, propensities and choices are lists of one length.")
    if not len(rewards):
        raise ValueError("There are no rows.")
    if not (np.all(propensities > 0) and np.all(propensities <= 1)):
        raise ValueError("A propensity is above 0 and at most 1.")
    if not (np.all(chosen >= 0) and np.all(chosen <= 1)):
        raise ValueError("A choice is yes, no, or a probability.")
    return rewards, chosen / propensities


def estimate(value, residuals, weights, groups, level) -> Estimate:
    """By the spread of the sums of groups: rows of one visit go together."""
    if groups is not None:
        numbers = np.unique(groups, return_inverse=True)[1]
        residuals = np.bincount(numbers, residuals)
    half = NormalDist().inv_cdf((1 + level) / 2) * float(np.sqrt((residuals**2).sum()))
    squares = (weights**2).sum()
    return Estimate(
        value=value,
        low=value - half,
        high=value + half,
        rows=len(weights),
        effective=float(weights.sum() ** 2 / squares) if squares else 0.0,
    )
