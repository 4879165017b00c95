"""Which videos suit a viewer, and how well: everything that is personal about a feed.

Asked with what this browser was shown and how that ended.  Without a model, and for
somebody of whom nothing is known, the answer is that all suit equally.
"""

import time
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace

import numpy as np

from videos.feed import serving
from videos.feed.experimenting import tuned
from videos.feed.interests import counted
from videos.feed.model.audience import Audience
from videos.feed.model.exposure import Exposure, room_left, turns_of
from videos.feed.model.recommender import DIMENSIONS, Recommender
from videos.feed.ranking import Candidate
from videos.feed.remembering import past_of
from videos.feed.sources import Found, found_by_model, trending
from videos.feed.trials import LIMITS, known_trials
from videos.feed.viewing import NO_PAST, Past, Views
from videos.feed.watchers import Watcher

# The one viewer of the audience that a match is.
VIEWER = np.array([0])
# Of the videos that wait for a place of a page, so many have a chance to be the next.
OF_EACH_QUEUE = 20
HOUR = 3600


# By which share of all places the last one is given away, and by which the one before.
SHARES = ["trial_share", "support_share"]


class Replay:
    """In place of a random generator: says again what is known."""

    def __init__(self, said):
        self.said = iter(said)

    def random(self, count):
        return np.full(count, next(self.said))


@dataclass(frozen=True)
class Draw:
    """What chance did with one of the last places of a page."""

    from_end: int
    # On trial; and whether it gets the place of a better known one, which else stays.
    key: int
    is_given: bool
    # Of its getting it.
    chance: float
    # What that came from; kept in the ranking log.
    grounds: dict


@dataclass
class Match:
    """One viewer and some videos, for as long as a list is made."""

    views: Views
    found: Found
    recommender: Recommender | None
    version: str

    def affinities(self, many: Candidate) -> np.ndarray:
        """How many times its usual worth each of these is to the viewer."""
        if not len(many.pk):
            return np.empty(0)
        self.meet(many)
        self.expected = self.exposure.audience.value(VIEWER, self.rows)[0]
        self.expected /= (usual := self.expected.mean())
        self.hoped = self.exposure.values(VIEWER, self.rows)[0] / usual
        found = np.array([self.found.scores.get(key, 0.0) for key in self.places])
        self.gain = 1 + found + tuned("FEED_PARTS")["followed"] * many.is_followed
        self.owed = self.exposure.owed(self.rows)
        return self.hoped * self.gain * self.owed

    def meet(self, many):
        """Bring the viewer's taste and what is known of these videos together."""
        every = np.concatenate([many.pk, self.views.videos])
        trials, common = known_trials(every, self.recommender)
        taste = common.newcomers(1, DIMENSIONS)
        audience = Audience(taste, trials.bank, trials.taps, common)
        views, seen = self.views, trials.rows(self.views.videos)
        audience.recall(views.viewers, seen, views.finished)
        self.rows, self.rates = trials.rows(many.pk), trials.rates
        self.places = {key: place for place, key in enumerate(many.pk.tolist())}
        self.is_seen = many.is_seen
        # Nobody buys where there is nothing to buy.
        self.sells = many.has_products
        trials.taps.worth[self.rows] *= self.sells
        # What was only watched before is in no list.
        ages = np.full(len(trials.keys), np.inf)
        ages[self.rows] = (time.time() - many.published_seconds) / HOUR
        self.exposure = Exposure(
            audience,
            trials.pools,
            trials.shown,
            ages,
            replace(LIMITS, **tuned("FEED_EXPOSURE")),
            np.random.default_rng(),
        )
        self.prospects = self.exposure.prospects(self.rows)

    def figures_of(self, key: int) -> dict:
        """Why its affinity is what it is: the first four are its factors."""
        place = self.places[key]
        row = self.rows[place]
        return {
            "fits": round(float(self.expected[place]), 3),
            "hope": round(float(self.hoped[place] / self.expected[place]), 3),
            "gain": round(float(self.gain[place]), 3),
            "owed": round(float(self.owed[place]), 3),
            "pool": int(self.exposure.pools[row]),
            "shown": int(self.exposure.shown[row]),
            # Of so many that the viewer saw all this was judged.
            "known": len(self.views),
        }

    def on_trial(self, page: Sequence[int]) -> set[int]:
        """For which a place of a page like this may be given up, of each queue a few.

        Whether they may be shown is asked of no more than these.
        """
        if len(page) < 2 or not self.exposure.shown.any():
            return set()
        settings, pools = self.exposure.settings, self.exposure.pools[self.rows]
        room = room_left(pools, self.exposure.shown[self.rows], settings)
        keys, waiting = np.array(list(self.places)), set()
        for place, (is_in, _share, queue) in enumerate(self.exposure.queues(pools), 1):
            least = settings.worth_giving * self.hoped[self.places[page[-place]]]
            columns = np.flatnonzero(is_in & (room > 0))
            turns = turns_of(self.rows[columns], queue) * self.prospects[columns]
            worth = self.hoped[columns] * turns
            may_come = ~self.is_seen[columns] & (self.hoped[columns] >= least)
            first = np.argsort(-worth * may_come, kind="stable")
            waiting.update(keys[columns[first[:OF_EACH_QUEUE]]].tolist())
        return waiting

    def draws(self, page: Sequence[int], allowed: Container[int]) -> list[Draw]:
        """Which of the last places of this page chance gives to videos on trial."""
        # Until anything has been shown, all videos are alike in that.
        if not len(page) or not self.exposure.shown.any():
            return []
        values = self.hoped[None].copy()
        may_come = np.array([key in allowed for key in self.places])
        values[:, self.is_seen | ~may_come] = -np.inf
        merit = np.array([[self.places[key] for key in page]])

        def explored(said):
            exposure = replace(self.exposure, random=Replay(said))
            return exposure.explore(merit, values, self.rows, self.prospects)[0]

        said = self.exposure.random.random(len(SHARES)).tolist()
        given, keys, draws = explored(said), list(self.places), []
        for from_end, name in enumerate(SHARES[: len(page) - 1], 1):
            there, video = merit[0, -from_end], given[-from_end]
            if not (is_given := video != there):
                # As the places before were drawn, and as if this one had been.
                rest = [1.0] * (len(SHARES) - from_end)
                video = explored([*said[: from_end - 1], 0.0, *rest])[-from_end]
            if video != there:
                share = getattr(self.exposure.settings, name)
                chance = min(1.0, share * len(page))
                grounds = self.grounds(name, len(page), [video, there])
                draws.append(Draw(from_end, keys[video], is_given, chance, grounds))
        return draws

    def grounds(self, share: str, places: int, pair) -> dict:
        """From what it follows, by other weights too, that the first might come.

        Of both, how likely the viewer finishes it and then opens a product, and, where
        it sells any, what opening one is worth: itself, and how often what follows.
        """
        rows = self.rows[pair]
        finish, tap = (found[0] for found in self.exposure.chances(VIEWER, rows))
        follow = [np.ones(2), *(often[rows] for often in self.rates.values())]
        columns = [finish, tap, *(self.sells[pair] * often for often in follow)]
        return {
            "share": share,
            "places": places,
            "pair": np.stack(columns, 1).astype(float).round(6).tolist(),
        }


def match(watcher: Watcher) -> Match:
    past = known_past(watcher)
    views = counted(past.views, watcher)
    liked = views.videos[(views.finished > 0) | (views.tapped > 0)]
    serves = serving.current()
    recommender = serves.recommender if serves else None
    found = found_by_model(recommender, liked)
    found.add_trending(trending())
    found.seen = past.seen
    version = serves.version if serves else ""
    return Match(views, found, recommender, version)


def known_past(watcher: Watcher) -> Past:
    if not watcher.is_profiled:
        return NO_PAST
    return past_of(watcher.viewer, watcher.user_pk, watcher.began_afresh_at)


def seen_by(watcher: Watcher) -> Views:
    """What the feed goes by: without what the watcher said does not count."""
    return counted(known_past(watcher).views, watcher)
