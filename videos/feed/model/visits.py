"""The session part: what people did next whose visits were like this one.

Nearest past visits (VMIS-kNN) blended with item-to-item transitions.  Nothing is
trained for a person: the last events of a visit are the whole question, so the next
page can follow from what was done on this one.
"""

from dataclasses import dataclass, replace

import numpy as np
import scipy

from videos.feed.model.sparse import Neighbours, add_up, best, places_in, starts_of

# Places in the index of visits (200 MB) and pairs of followers (240 MB) that are kept.
LARGEST_INDEX = 25_000_000
LARGEST_LISTS = 30_000_000


@dataclass(frozen=True)
class VisitSettings:
    # Of the visit at hand, so many of the latest items count.
    length: int = 10
    # How fast an item counts less the longer ago it was: 1 / place ** fading.
    fading: float = 1.5
    # Past visits that are looked at for each item, the newest.
    newest: int = 500
    neighbours: int = 200
    # How much less a long or an old visit counts.
    shortness: float = 0.5
    recency: float = 2.0
    # Within a past visit: items far from the one in common count less ...
    distance: float = 0.0
    # ... and those before it so much of those after it.
    before: float = 0.8
    # How much rare items are preferred to frequent ones.
    rarity: float = 1.5
    # Share of the transitions in the blend; how far one reaches, and the way back.
    transitions: float = 0.2
    reach: int = 5
    backwards: float = 0.8
    # People come back to what is in the visit already: so much of the whole beside the
    # blend, the latest the most; and of all that its very last item has, so much.
    again: float = 0.4
    same: float = 0.3
    # Of what follows an item, the most frequent.
    followers: int = 100

    @classmethod
    def for_size(cls, item_count):
        """So that a large catalogue takes a bounded amount of memory."""
        plain, count = cls(), max(item_count, 1)
        newest = min(plain.newest, max(20, LARGEST_INDEX // count))
        followers = min(plain.followers, max(20, LARGEST_LISTS // count))
        return replace(plain, newest=newest, followers=followers)


@dataclass(frozen=True)
class Visits:
    settings: VisitSettings
    # Items of each past visit, in their order; visits from the oldest to the newest.
    starts: np.ndarray
    items: np.ndarray
    # For each item, the newest visits with it, and its place there.
    visit_starts: np.ndarray
    visits: np.ndarray
    places: np.ndarray
    rarity: np.ndarray
    transitions: Neighbours

    @classmethod
    def fit(cls, visits, items, times, item_count, settings):
        """From one row for each event; times of any kind that can be ordered."""
        visits, items = in_order(visits, items, times)
        transitions = transitions_of(visits, items, item_count, settings)
        is_last = last_of_each(visits, items, item_count)
        visits, items = visits[is_last], items[is_last]
        starts = starts_of(visits, visits[-1] + 1 if len(visits) else 0)
        places = np.arange(len(items)) - starts[visits]
        index = newest_of_each(items, visits, places, item_count, settings.newest)
        # A visit that no item lists is never looked at.
        is_listed = np.isin(visits, index[1], kind="table")
        return cls(
            settings,
            starts_of(visits[is_listed], len(starts) - 1),
            items[is_listed].astype(np.int32),
            *index,
            rarity_of(visits, items, item_count, settings.rarity),
            transitions,
        )

    def scores(self, recent):
        """Candidates and scores for a visit with these items, the latest last."""
        items, weights = self.latest(np.asarray(recent, np.int64))
        if not len(items):
            return np.empty(0, np.int32), np.empty(0)
        near, near_scores = self.from_neighbours(items, weights)
        after, after_scores = self.transitions.scores(items, weights)
        share = self.settings.transitions
        parts = (
            (1 - share) * scaled(near_scores),
            share * scaled(after_scores),
            self.settings.again * scaled(weights),
        )
        ids, scores = add_up(np.r_[near, after, items], np.r_[parts])
        scores[ids == items[0]] *= self.settings.same
        return ids[scores > 0], scores[scores > 0]

    def latest(self, recent):
        """Each that is known, once, the latest first, with the weight of its place."""
        recent = recent[::-1][: self.settings.length]
        _, first = np.unique(recent, return_index=True)
        first.sort()
        first = first[self.is_known(recent[first])]
        return recent[first], 1 / (1.0 + first) ** self.settings.fading

    def is_known(self, items):
        """Did anybody come by these?"""
        return self.visit_starts[items + 1] > self.visit_starts[items]

    def from_neighbours(self, items, weights):
        at, lengths = places_in(self.visit_starts, items)
        visits = self.visits[at]
        near, first, which = np.unique(visits, return_index=True, return_inverse=True)
        alike = np.bincount(which, np.repeat(weights, lengths))
        if len(near) > self.settings.neighbours:
            # Of visits equally alike, the newer.
            alike += near * (1e-9 / max(len(self.starts), 1))
            kept = np.argpartition(-alike, self.settings.neighbours - 1)
            kept = kept[: self.settings.neighbours]
            near, first, alike = near[kept], first[kept], alike[kept]
        # Items are in order of their weight, so the first is the latest in common.
        age = 1 - near / max(len(self.starts) - 1, 1)
        alike = alike * np.exp(-self.settings.recency * age)
        return self.spread(near, self.places[at][first], alike)

    def spread(self, near, common, alike):
        """The neighbours' items, by their distance from the one in common."""
        at, lengths = places_in(self.starts, near)
        alike = alike / lengths**self.settings.shortness
        begins = np.repeat(self.starts[near] + common, lengths)
        distance = at - begins
        weight = 1 / (1.0 + np.abs(distance)) ** self.settings.distance
        weight[distance < 0] *= self.settings.before
        items = self.items[at]
        return add_up(items, np.repeat(alike, lengths) * weight * self.rarity[items])

    def next(self, recent, limit):
        """The likeliest next items, the likeliest first."""
        return best(*self.scores(recent), limit)[0]


def scaled(scores):
    """So that they add up to one: each part has its share whatever its units."""
    total = scores.sum()
    return scores / total if total else scores


def in_order(visits, items, times):
    """Visits numbered by their end, the newest last, and their items in order."""
    numbers, visits = np.unique(visits, return_inverse=True)
    ends = np.full(
        len(numbers), np.min(times, initial=0), dtype=np.asarray(times).dtype
    )
    np.maximum.at(ends, visits, times)
    rank = np.empty(len(numbers), np.int64)
    rank[np.argsort(ends, kind="stable")] = np.arange(len(numbers))
    visits = rank[visits]
    order = np.lexsort((times, visits))
    return visits[order], np.asarray(items)[order]


def last_of_each(visits, items, item_count):
    """An item twice in a visit is there once, at its last place."""
    cells = visits * item_count + items
    _, from_end = np.unique(cells[::-1], return_index=True)
    return np.sort(len(cells) - 1 - from_end)


def newest_of_each(items, visits, places, item_count, limit):
    """The inverted index: for each item its visits, the newest first."""
    order = np.lexsort((-places, -visits, items))
    items, visits, places = items[order], visits[order], places[order]
    rank = np.arange(len(items)) - starts_of(items, item_count)[items]
    kept = rank < limit
    return (
        starts_of(items[kept], item_count),
        visits[kept].astype(np.int32),
        places[kept].astype(np.int32),
    )


def rarity_of(visits, items, item_count, power):
    visit_count = len(np.unique(visits))
    frequency = np.bincount(items, minlength=item_count)
    return (np.log1p(visit_count / np.maximum(frequency, 1)) ** power).astype(
        np.float32
    )


def transitions_of(visits, items, item_count, settings):
    """How often one item follows another within `reach`, nearer ones more."""
    shape = (item_count, item_count)
    total = scipy.sparse.csr_array(shape)
    for step in range(1, settings.reach + 1):
        together = visits[step:] == visits[:-step]
        pairs = items[:-step][together], items[step:][together]
        weights = np.full(len(pairs[0]), 1 / step)
        total = total + scipy.sparse.csr_array((weights, pairs), shape=shape)
        back = weights * settings.backwards
        total = total + scipy.sparse.csr_array((back, pairs[::-1]), shape=shape)
    sums = np.maximum(total.sum(axis=1), 1e-9)
    return Neighbours.of(scipy.sparse.diags_array(1 / sums) @ total, settings.followers)
