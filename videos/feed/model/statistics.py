"""Is one arm of an experiment better than another?  Pure; of values from 0 to 1.

The intervals hold at every moment at once, so one may look every day and stop when the
answer is clear.  They come from the mixture sequential probability ratio test with a
normal mixture: R. Johari, P. Koomen, L. Pekelis and D. Walsh, "Peeking at A/B Tests:
Why it matters, and what to do about it" (KDD 2017), section 4, and "Always Valid
Inference" (Operations Research 70, 2022).  With an estimate d of variance V and a
mixture N(0, s²) the likelihood ratio against "no difference" is

    sqrt(V / (V + s²)) · exp(s² d² / (2 V (V + s²)))
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from statistics import NormalDist

normal = NormalDist()

# Until each arm has so many viewers, the normal distribution says too much.
LEAST_VIEWERS = 100
LEVEL, POWER = 0.05, 0.8


@dataclass(frozen=True)
class Sample:
    """Of one arm: how many viewers, the sum of their values and of the squares."""

    count: int = 0
    total: float = 0
    squares: float = 0

    @property
    def mean(self) -> float:
        return self.total / self.count if self.count else 0.0

    @property
    def variance(self) -> float:
        """Never less than if one viewer more had differed: none is not never."""
        if not self.count:
            return 0.25
        one_more = 1 / (self.count + 1)
        found = self.squares / self.count - self.mean**2
        return max(found, one_more * (1 - one_more))

    def __add__(self, other: "Sample") -> "Sample":
        return Sample(
            self.count + other.count,
            self.total + other.total,
            self.squares + other.squares,
        )


@dataclass(frozen=True)
class Difference:
    """An arm less the control: the estimate, and what holds at every moment."""

    estimate: float
    low: float
    high: float
    p_value: float

    @property
    def is_above(self) -> bool:
        return self.low > 0

    @property
    def is_below(self) -> bool:
        return self.high < 0


def compare(control: Sample, arm: Sample, scale: float, level=LEVEL) -> Difference:
    """`scale`: how large a difference one expects, said before anything is seen."""
    if min(control.count, arm.count) < LEAST_VIEWERS:
        return Difference(arm.mean - control.mean, -1.0, 1.0, 1.0)
    estimate = arm.mean - control.mean
    variance = control.variance / control.count + arm.variance / arm.count
    half = half_width(variance, scale, level)
    return Difference(
        estimate, estimate - half, estimate + half, p_value(estimate, variance, scale)
    )


def half_width(variance: float, scale: float, level: float) -> float:
    """Where the likelihood ratio reaches 1 / level."""
    total = variance + scale**2
    odds = math.log(total / variance) - 2 * math.log(level)
    return math.sqrt(variance * total / scale**2 * odds)


def p_value(estimate: float, variance: float, scale: float) -> float:
    """Of this moment; the least of all moments so far is valid too."""
    total = variance + scale**2
    exponent = scale**2 * estimate**2 / (2 * variance * total)
    return min(1.0, math.sqrt(total / variance) * math.exp(-exponent))


def sample_size(spread: float, least_effect: float, level=LEVEL, power=POWER) -> int:
    """Viewers of each arm for a test that looks once, at the end."""
    z = normal.inv_cdf(1 - level / 2) + normal.inv_cdf(power)
    return math.ceil(2 * (z * spread / least_effect) ** 2)


class Verdict(StrEnum):
    RUNNING = "running"
    BETTER = "better"
    WORSE = "worse"
    HARMFUL = "harmful"
    NO_DIFFERENCE = "no_difference"


def decide(goal: Difference, guards: dict[str, Difference], is_full: bool) -> Verdict:
    """Differences turned so that more is better; `is_full`: as many as were planned."""
    if any(guard.is_below for guard in guards.values()):
        return Verdict.HARMFUL
    if goal.is_above:
        return Verdict.BETTER
    if goal.is_below:
        return Verdict.WORSE
    return Verdict.NO_DIFFERENCE if is_full else Verdict.RUNNING
