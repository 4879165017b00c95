"""A fair trial for every video: pools, each with a quota of impressions and a bar.

A video is shown to few, and to more when the figures are good.  It is judged by bounds:
stopped once even an optimist would not think it good enough, promoted as soon as a
pessimist must, and at the end of its quota by what an optimist hopes.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from scipy.special import ndtr

from videos.feed.model.audience import Audience


class Pool(IntEnum):
    TRIAL = 0
    SECOND = 1
    THIRD = 2
    OPEN = 3  # has passed all
    STOPPED = 4


@dataclass(frozen=True)
class ExposureSettings:
    quotas: tuple = (40, 150, 300)
    # To be passed: better than this share of the videos that have been tried.
    bars: tuple = (0.60, 0.75, 0.85)
    # So many have seen a video that counts as tried, whatever its pool.
    mature: int = 60
    # How many standard deviations below the bar there is no hope, and above it no
    # doubt; and what is hoped for at the end of a quota.
    hopeless: float = 1.5
    doubtless: float = 1.0
    hope: float = 0.5
    # In the merit places; and of what was stopped, which may still suit a few.
    optimism: float = 0.9
    stopped_optimism: float = 0.0
    # What has passed a trial counts for more in the merit places, the nearer it is to
    # its last quota: by this share of its worth where that is almost full.  So many
    # hours after it was published nothing is owed any more.
    owed: float = 0.4
    young: float = 24.0
    # Of all places, those for a first trial, and those for what has passed one; and
    # how many are before a video that has its turn a third as often as the newest.
    trial_share: float = 1 / 36
    trial_queue: float = 25
    support_share: float = 1 / 60
    support_queue: float = 5
    # A place is given up only for what is worth so much of what was there.
    worth_giving: float = 0.8


@dataclass
class Exposure:
    """Lists by merit, with places for what is on trial.

    Rows of `pools`, `shown` and `ages`, which are hours, are those of the audience's
    videos, the newest last.
    """

    audience: Audience
    pools: np.ndarray
    shown: np.ndarray
    ages: np.ndarray
    settings: ExposureSettings
    random: np.random.Generator

    def judge(self, videos):
        """Move these on.  The bar that each was held against, -inf without any."""
        estimates, spreads = self.audience.worth(videos)
        before, shown = self.pools[videos], self.shown[videos]
        after, bars = judged(before, shown, (estimates, spreads), self.settings)
        self.pools[videos] = after
        return estimates, spreads, bars

    def values(self, viewers, videos):
        """What each video is worth to each viewer: to be hoped, for most of them."""
        return self.audience.value(viewers, videos, self.optimism(videos))

    def chances(self, viewers, videos):
        """Of finishing and of then tapping, from which these values are made."""
        return self.audience.chances(viewers, videos, self.optimism(videos))

    def owed(self, videos):
        """How many times its value each counts where places go by merit.

        What is known to be good, and would wait long for its last viewers, so comes to
        those who like it nearly as much as what it displaces.
        """
        pools, shown = self.pools[videos], self.shown[videos]
        last = self.settings.quotas[-1]
        is_owed = (pools > Pool.TRIAL) & (pools <= Pool.OPEN) & (shown < last)
        is_owed &= self.ages[videos] < self.settings.young
        factors = 1 + self.settings.owed * is_owed * (shown / last)
        return factors.astype(np.float32)

    def optimism(self, videos):
        is_stopped = self.pools[videos] == Pool.STOPPED
        chosen = self.settings
        optimism = np.where(is_stopped, chosen.stopped_optimism, chosen.optimism)
        return optimism.astype(np.float32)

    def lists(self, values, videos, length):
        """For each row of values a list; places in `videos`, -inf is never shown."""
        merit = best_places(values * self.owed(videos), length)
        return self.explore(merit, values, videos, self.prospects(videos))

    def explore(self, lists, values, videos, prospects):
        """Give some of the lists' last places to videos that have a quota left."""
        lists, length = lists.copy(), lists.shape[1]
        pools = self.pools[videos]
        room = room_left(pools, self.shown[videos], self.settings)
        for place, (is_in, share, queue) in enumerate(self.queues(pools), 1):
            # As many places on average, whatever the length of a list.
            rows = np.flatnonzero(self.random.random(len(lists)) < share * length)
            columns = np.flatnonzero(is_in & (room > 0))
            if len(rows) and len(columns) and place < length:
                own = values[np.ix_(rows, columns)]
                own[(lists[rows][:, :, None] == columns).any(axis=1)] = -np.inf
                there = values[rows, lists[rows, -place]]
                own[own < (self.settings.worth_giving * there)[:, None]] = -np.inf
                turns = turns_of(videos[columns], queue) * prospects[columns]
                np.multiply(own, turns, out=own, where=own > 0)
                chosen = share_out(own, room[columns])
                given = chosen >= 0
                lists[rows[given], -place] = columns[chosen[given]]
        return lists

    def queues(self, pools):
        """Which videos wait for places, for how many of them, and how patiently."""
        chosen, has_passed = self.settings, (pools > Pool.TRIAL) & (pools <= Pool.OPEN)
        return [
            (pools == Pool.TRIAL, chosen.trial_share, chosen.trial_queue),
            (has_passed, chosen.support_share, chosen.support_queue),
        ]

    def prospects(self, videos):
        """By what the worth to a viewer counts more where places are given.

        It counts in shares of the usual.  Else what everybody likes somewhat would take
        all the places, and what few like very much would never find them.  And by how
        likely the bar is passed: what has hardly a chance need not be looked at often.
        """
        usual, spreads = estimated = self.audience.worth(videos)
        pools, shown = self.pools[videos], self.shown[videos]
        _, bars = judged(pools, shown, estimated, self.settings)
        return ndtr((usual - bars) / spreads) / usual


def turns_of(videos, queue):
    """How much each counts for when it came: the newest come first."""
    before = np.argsort(np.argsort(-videos))
    return np.exp(-before / queue)


def judged(pools, shown, estimated, settings):
    """The pools in which these videos are next, and the bars they were held against."""
    estimates, spreads = estimated
    known = estimates[(pools > Pool.TRIAL) | (shown >= settings.mature)]
    bars = np.full(len(Pool), -np.inf)
    if not len(known):
        return pools, bars[pools]
    bars[: len(settings.bars)] = np.quantile(known, settings.bars)
    quotas = np.array([*settings.quotas, np.inf, np.inf])
    is_tried, bar = pools < Pool.OPEN, bars[pools]
    is_over = shown >= quotas[pools]
    has_hope = estimates + settings.hope * spreads >= bar
    is_good = estimates - settings.doubtless * spreads > bar
    is_bad = estimates + settings.hopeless * spreads < bar
    passes = is_tried & (is_good | (is_over & has_hope))
    fails = is_tried & (is_bad | (is_over & ~has_hope))
    return np.select([passes, fails], [pools + 1, Pool.STOPPED], pools), bar


def room_left(pools, shown, settings):
    """How many more impressions each is promised; who has passed all, the last."""
    quotas = np.array([*settings.quotas, settings.quotas[-1], 0])
    return np.maximum(quotas[pools] - shown, 0)


def best_places(values, length):
    """Of each row the places of the highest values, the highest first."""
    kept = np.argpartition(-values, length - 1, axis=1)[:, :length]
    order = np.argsort(-np.take_along_axis(values, kept, 1), axis=1, kind="stable")
    return np.take_along_axis(kept, order, 1)


def share_out(values, room):
    """One column for each row and no more rows than its room; -1 where none is left.

    Rows for which something is worth most choose first.
    """
    chosen, room = np.full(len(values), -1), room.copy()
    values = np.where(room > 0, values, -np.inf)
    for row in np.argsort(-values.max(axis=1), kind="stable"):
        column = int(values[row].argmax())
        if values[row, column] == -np.inf:
            continue
        chosen[row] = column
        room[column] -= 1
        if room[column] <= 0:
            values[:, column] = -np.inf
    return chosen
