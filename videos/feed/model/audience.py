"""Who finishes a video, and who then opens a product: learnt as it happens.

The log-odds that a viewer finishes a video are

    base + the viewer's mood + the video's appeal + taste · theme

A viewer is (mood, taste), a video (appeal, theme); each is a small Bayesian logistic
regression on the mean of the other.  A new video starts from what its content lets
expect.  How unsure an estimate is, is known at any time: that is what a new video may
hope for.
"""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from videos.feed.model.kinds import Kinds

# No step is taken as if an outcome had been certain.
LEAST_CERTAINTY = 0.02
# Of Newton's, also from all that somebody saw: a third changes nothing.
STEPS = 2
# The spread of tastes goes by so many of the viewers met last.
MOST_COMPARED = 5000
# Of so many viewers at a time it is asked of which kind they are.
AT_ONCE = 500


@dataclass(frozen=True)
class AudienceSettings:
    # Spread, before anything is known, of moods, of a taste's and of a theme's parts,
    # of appeals, and of how much videos make people tap.
    mood: float = 0.5
    taste: float = 0.85
    theme: float = 0.14
    appeal: float = 1.0
    pull: float = 1.0
    # Opening a product, in finished views, where nothing else is known.
    tap_value: float = 4.0


# A shop is known by so many of its videos half as well as by all that it will make.
SHOP_VIDEOS = 4


def shop_appeals(sums, counts, usual):
    """What to expect of a shop's next video, from the appeals of those before."""
    return (sums + SHOP_VIDEOS * usual) / (counts + SHOP_VIDEOS)


def sigmoid(z):
    return 1 / (1 + np.exp(-np.clip(z, -30, 30)))


def variances(features, covariances):
    return np.einsum("ni,nij,nj->n", features, covariances, features)


@dataclass
class Bank:
    """Many small logistic regressions: means, precisions and covariances."""

    mean: np.ndarray
    precision: np.ndarray
    covariance: np.ndarray

    @classmethod
    def new(cls, count, spreads):
        variance = np.square(np.asarray(spreads, np.float32))
        return cls(
            np.zeros((count, len(spreads)), np.float32),
            np.tile(np.diag(1 / variance), (count, 1, 1)),
            np.tile(np.diag(variance), (count, 1, 1)),
        )

    @classmethod
    def of(cls, mean, precision):
        return cls(mean, precision, np.linalg.inv(precision))

    def learn(self, rows, features, outcomes, offsets, variances):
        """Newton steps for each row; what was known before is its prior.

        The features are estimates themselves: `variances` are those of the log-odds
        because of that.  What is unsure is learnt from less.
        """
        if not len(rows):
            return
        # The mean of a sigmoid over a normal is nearly one of a smaller slope.
        slopes = 1 / np.sqrt(1 + np.pi / 8 * variances)
        order = np.argsort(rows, kind="stable")
        rows, x, slope = rows[order], features[order], slopes[order]
        distinct, starts = np.unique(rows, return_index=True)
        parts = [slice(*ends) for ends in pairwise([*starts.tolist(), len(rows)])]
        before, sure = self.mean[distinct], self.precision[distinct]
        for _ in range(STEPS):
            chance = sigmoid(slope * (offsets[order] + (x * self.mean[rows]).sum(1)))
            certainty = np.maximum(chance * (1 - chance), LEAST_CERTAINTY)
            weighted = ((slope**2 * certainty)[:, None] * x).astype(x.dtype)
            information = np.stack([weighted[part].T @ x[part] for part in parts])
            surprise = (slope * (outcomes[order] - chance))[:, None] * x
            self.precision[distinct] = sure + information
            self.covariance[distinct] = np.linalg.inv(self.precision[distinct])
            back = np.einsum("nij,nj->ni", sure, before - self.mean[distinct])
            uphill = np.add.reduceat(surprise, starts) + back
            step = np.einsum("nij,nj->ni", self.covariance[distinct], uphill)
            self.mean[distinct] += step


@dataclass
class Taps:
    """Of those who finished: base + slope · fit + the video's own pull."""

    pull: np.ndarray
    weight: np.ndarray
    worth: np.ndarray  # of one, in finished views

    @classmethod
    def new(cls, count, spread, worth=AudienceSettings.tap_value):
        weight = np.full(count, spread**-2.0, np.float32)
        value = np.full(count, worth, np.float32)
        return cls(np.zeros(count, np.float32), weight, value)


@dataclass
class Common:
    """What is the same for all videos: each with the weight of what it rests on."""

    base: float = -1.0
    base_weight: float = 20.0
    usual_fit: float = 0.0
    # Of all videos that were shown, also to the few who sufficed to stop them: what
    # is shown most is better than what comes next.
    usual_appeal: float = 0.0
    tap: np.ndarray = field(default_factory=lambda: np.array([-2.5, 0.3]))
    tap_information: np.ndarray = field(default_factory=lambda: np.diag([20.0, 20.0]))
    # Of viewers' moods and tastes, the mean and how they spread about it; None as long
    # as nobody was met.
    liking: np.ndarray | None = None
    likings: np.ndarray | None = None
    likings_weight: float = 500.0
    # None as long as no subjects are known.
    kinds: Kinds | None = None

    def newcomers(self, count, dimensions):
        """Viewers of whom nothing is known but what all of them have in common."""
        chosen = AudienceSettings()
        bank = Bank.new(count, [chosen.mood] + [chosen.taste] * dimensions)
        if self.likings is not None:
            bank.covariance[:] = self.likings
            bank.precision[:] = np.linalg.inv(self.likings)
        if self.liking is not None:
            bank.mean[:] = self.liking
        return bank

    def begin_kinds(self, subjects):
        """Before anybody was met: those who like one of these directions each."""
        if self.kinds is None and len(subjects):
            self.kinds = Kinds.liking(subjects)

    def compare(self, means, covariances):
        """What is liked, and how far it spreads, by viewers who have just been met.

        A step of expectation–maximisation: who is hardly known changes hardly anything.
        """
        count, size = means.shape
        if self.likings is None:
            self.likings = self.newcomers(1, size - 1).covariance[0].astype(float)
        if self.liking is None:
            self.liking = np.zeros(size)
        self.likings_weight = min(self.likings_weight + count, MOST_COMPARED)
        share = 1 / max(self.likings_weight, count)
        self.liking = self.liking + share * (means - self.liking).sum(axis=0)
        apart = means - self.liking
        found = apart.T @ apart + covariances.sum(axis=0)
        self.likings = self.likings + share * (found - count * self.likings)


class Audience:
    """Viewers and videos are numbers of rows in their banks."""

    def __init__(self, viewers, videos, taps, common=None, settings=None):
        self.viewers, self.videos, self.taps = viewers, videos, taps
        self.common = common or Common()
        self.settings = settings or AudienceSettings()

    @classmethod
    def new(cls, viewer_count, video_count, dimensions, settings=None):
        s = settings or AudienceSettings()
        return cls(
            Bank.new(viewer_count, [s.mood] + [s.taste] * dimensions),
            Bank.new(video_count, [s.appeal] + [s.theme] * dimensions),
            Taps.new(video_count, s.pull, s.tap_value),
            settings=s,
        )

    def admit(self, videos, content, appeal=0.0):
        """New videos, of whom the content is known and nothing else."""
        self.videos.mean[videos, 0] = appeal
        self.videos.mean[videos, 1:] = content

    def features(self, viewers):
        x = self.viewers.mean[viewers].copy()
        x[:, 0] = 1
        return x

    def log_odds(self, viewers, videos):
        """Of finishing: a matrix, and how unsure it is because of the videos."""
        x = self.features(viewers)
        mood = self.viewers.mean[viewers, 0]
        odds = x @ self.videos.mean[videos].T + (self.common.base + mood)[:, None]
        squares = np.einsum("ni,nj->nij", x, x).reshape(len(x), -1)
        variance = squares @ self.videos.covariance[videos].reshape(len(videos), -1).T
        return odds, np.sqrt(np.maximum(variance, 0))

    def value(self, viewers, videos, optimism=0.0):
        """In finished views: a matrix, by as many standard deviations too high."""
        finish, tap = self.chances(viewers, videos, optimism)
        return finish * (1 + self.taps.worth[videos] * tap)

    def chances(self, viewers, videos, optimism=0.0):
        """Of finishing, and of then tapping.

        Of all chances that are as likely, those that make a video worth most: what is
        unknown of finishing and of tapping is not hoped for as if both had to come.
        """
        odds, spread = self.log_odds(viewers, videos)
        fit = self.viewers.mean[viewers, 1:] @ self.videos.mean[videos, 1:].T
        tap_odds, tap_spread = self.tap_odds(videos, fit)
        finish, tap = sigmoid(odds), sigmoid(tap_odds)
        weight = self.taps.worth[videos]
        if np.any(optimism):
            by_finish = finish * (1 - finish) * (1 + weight * tap) * spread
            by_tap = finish * weight * tap * (1 - tap) * tap_spread
            scale = optimism / np.maximum(np.hypot(by_finish, by_tap), 1e-9)
            finish = sigmoid(odds + scale * by_finish * spread)
            tap = sigmoid(tap_odds + scale * by_tap * tap_spread)
        return finish, tap

    def tap_odds(self, videos, fit):
        """Log-odds that who finishes taps, and how unsure they are."""
        base, slope = self.common.tap.tolist()
        odds = base + slope * fit + self.taps.pull[videos]
        return odds, 1 / np.sqrt(self.taps.weight[videos])

    def worth(self, videos):
        """To a viewer whom it suits as well as is usual: an estimate and its spread."""
        theme = self.videos.mean[videos, 1:]
        size = np.maximum((theme**2).sum(1), 0.25)[:, None]
        x = np.c_[np.ones(len(videos)), self.common.usual_fit * theme / size]
        mood = 0.0 if self.common.liking is None else float(self.common.liking[0])
        odds = self.common.base + mood + (x * self.videos.mean[videos]).sum(1)
        variance = variances(x, self.videos.covariance[videos])
        tap_odds, tap_spread = self.tap_odds(videos, self.common.usual_fit)
        finish, tap = sigmoid(odds), sigmoid(tap_odds)
        value = 1 + self.taps.worth[videos] * tap
        by_finish = finish * (1 - finish) * value
        by_tap = finish * self.taps.worth[videos] * tap * (1 - tap)
        spread = by_finish**2 * variance + (by_tap * tap_spread) ** 2
        return finish * value, np.sqrt(spread)

    def learn(self, viewers, videos, finished, tapped):
        """From impressions: who, what, and how each ended, as 0 or 1."""
        if not len(videos):
            return
        common = self.common
        x, y = self.features(viewers), self.videos.mean[videos].copy()
        mood, appeal = self.viewers.mean[viewers, 0].copy(), y[:, 0].copy()
        y[:, 0] = 1
        chance = sigmoid(common.base + mood + (x * self.videos.mean[videos]).sum(1))
        fit = (x[:, 1:] * y[:, 1:]).sum(1)
        pace = min(1e-5 * len(fit), 0.1)
        common.usual_fit += pace * (float(fit.mean()) - common.usual_fit)
        self.learn_taps(videos, fit, finished, tapped)
        by_viewer = variances(y, self.viewers.covariance[viewers])
        by_video = variances(x, self.videos.covariance[videos])
        self.videos.learn(videos, x, finished, common.base + mood, by_viewer)
        self.viewers.learn(viewers, y, finished, common.base + appeal, by_video)
        common.base_weight += float((chance * (1 - chance)).sum())
        common.base += float((finished - chance).sum()) / common.base_weight
        met = np.unique(viewers)
        common.compare(self.viewers.mean[met], self.viewers.covariance[met])

    def recall(self, viewers, videos, finished, teaches=False):
        """Viewers of whom nothing is known yet, from what they saw.

        With what is known of the videos by now, which is more than it was then.  Where
        it `teaches`, what is known of kinds of viewers goes by them as well.
        """
        y = self.videos.mean[videos].copy()
        offsets = self.common.base + y[:, 0]
        y[:, 0] = 1
        by_video = variances(self.features(viewers), self.videos.covariance[videos])
        self.viewers.learn(viewers, y, finished, offsets, by_video)
        if self.common.kinds:
            self.tell_kinds(np.unique(viewers), teaches)

    def tell_kinds(self, viewers, teaches):
        bank, common = self.viewers, self.common
        usual = common.newcomers(1, bank.mean.shape[1] - 1)
        for start in range(0, len(viewers), AT_ONCE):
            rows = viewers[start : start + AT_ONCE]
            posterior = common.kinds.posterior(bank, rows, usual)
            bank.mean[rows], bank.covariance[rows] = posterior.moments()
            bank.precision[rows] = np.linalg.inv(bank.covariance[rows])
            if teaches:
                common.kinds = common.kinds.learnt(posterior)

    def learn_taps(self, videos, fit, finished, tapped):
        seen = finished > 0
        videos, fit, tapped = videos[seen], fit[seen], tapped[seen]
        chance = sigmoid(self.tap_odds(videos, fit)[0])
        surprise, certainty = tapped - chance, chance * (1 - chance)
        x = np.c_[np.ones(len(fit)), fit]
        common, taps = self.common, self.taps
        common.tap_information = common.tap_information + (x.T * certainty) @ x
        step = np.linalg.solve(common.tap_information, x.T @ surprise)
        common.tap = common.tap + step
        distinct, which = np.unique(videos, return_inverse=True)
        taps.weight[distinct] += np.bincount(which, certainty)
        taps.pull[distinct] += np.bincount(which, surprise) / taps.weight[distinct]
