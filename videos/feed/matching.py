"""Which videos suit a viewer, and how well: everything that is personal about a feed.

Asked with what this browser was shown and how that ended.  Without a model, and for
somebody of whom nothing is known, the answer is that all suit equally.
"""

from dataclasses import dataclass

import numpy as np
from django.conf import settings
from django.utils import timezone

from videos.feed import serving
from videos.feed.model.audience import Audience, Bank
from videos.feed.model.exposure import Exposure
from videos.feed.model.recommender import Recommender
from videos.feed.model.sparse import add_up
from videos.feed.trials import LIMITS, VIEWER_SPREADS, known_common, load_trials
from videos.feed.viewing import Views, learn_tastes, views_before

# Of each part of the model, the best so many.
OF_EACH_PART = 150
# So far somebody may look in one sitting.
PAGES_WITH_TRIALS = 5
# The one viewer of the audience that a match is.
VIEWER = np.array([0])


@dataclass
class Match:
    """One viewer and some videos, for as long as a list is made."""

    views: Views
    found: tuple[np.ndarray, np.ndarray]  # by the model: keys and scores
    recommender: Recommender | None

    @property
    def keys(self):
        return self.found[0]

    def affinities(self, keys: list[int]) -> dict[int, float]:
        """How many times its usual worth each of these is to the viewer."""
        if not keys:
            return {}
        self.meet(keys)
        usual = self.exposure.audience.value(VIEWER, self.rows).mean()
        worth = self.exposure.values(VIEWER, self.rows)[0] / usual
        found = dict(zip(*(part.tolist() for part in self.found), strict=True))
        return {
            key: times * (1 + found.get(key, 0))
            for key, times in zip(keys, worth.tolist(), strict=True)
        }

    def meet(self, keys):
        """Bring the viewer's taste and what is known of these videos together."""
        trials = load_trials(np.r_[keys, self.views.videos], self.recommender)
        self.trials = trials
        common = known_common()
        taste = Bank.new(1, VIEWER_SPREADS)
        seen = trials.rows(self.views.videos)
        learn_tastes(taste, self.views, trials.bank.mean[seen], common.base)
        self.rows = trials.rows(keys)
        self.exposure = Exposure(
            Audience(taste, trials.bank, trials.taps, common),
            trials.pools,
            trials.shown,
            LIMITS,
            np.random.default_rng(),
        )

    def with_trials(self, order: list[int], page_size: int) -> list[int]:
        """Some places at the end of the first pages go to videos that are on trial."""
        pages = min(len(order) // page_size, PAGES_WITH_TRIALS)
        # Until anything has been shown, all videos are alike in that.
        if not pages or not self.exposure.shown.any():
            return order
        keys = self.trials.keys[self.rows]
        first = order[: pages * page_size]
        values = self.exposure.values(VIEWER, self.rows)
        values[:, np.isin(keys, self.views.videos)] = -np.inf
        place = {key: place for place, key in enumerate(keys.tolist())}
        lists = np.array([place[key] for key in first]).reshape(pages, page_size)
        repeated = np.tile(values, (pages, 1))
        given = self.exposure.explore(lists, repeated, self.rows, is_one_viewers=True)
        first = keys[given.ravel()].tolist()
        return first + [key for key in order if key not in set(first)]


def match(viewer: str) -> Match:
    views = views_before([viewer], timezone.now()) if viewer else NOTHING
    liked = views.videos[(views.finished > 0) | (views.tapped > 0)]
    found = serving.current()
    recommender = found.recommender if found else None
    return Match(views, found_by_model(recommender, liked), recommender)


NOTHING = Views(*np.empty((2, 0), np.int64), *np.empty((2, 0)))


def found_by_model(recommender, liked):
    """Keys and scores; a video that several parts find has the sum."""
    if recommender is None or not len(liked):
        return np.empty(0, np.int64), np.empty(0)
    weights = settings.FEED_PARTS
    parts = [
        (recommender.after(liked, OF_EACH_PART), weights["visit"]),
        (recommender.for_taste(liked, OF_EACH_PART), weights["taste"]),
        (recommender.alike(liked, OF_EACH_PART), weights["content"]),
    ]
    keys = np.concatenate([keys for (keys, _), _ in parts])
    scores = np.concatenate([scores * weight for (_, scores), weight in parts])
    return add_up(keys, scores)
