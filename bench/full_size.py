"""A model as large as that of a large catalogue gets, without what it is learnt from.

Every list is as long as the limits of `videos/feed/model` allow, as after so much
history that all of them are reached; what is in them goes by the subjects of the
catalogue, so that answers are looked for all over the files as a real model's are.
"""

import numpy as np

from bench.catalogue import EVENTS_A_VISIT
from videos.feed.model.content import BUCKETS, Content, Shelves
from videos.feed.model.recommender import DIMENSIONS, Recommender
from videos.feed.model.sparse import Neighbours, starts_of
from videos.feed.model.subjects import Subjects
from videos.feed.model.taste import Taste, TasteSettings
from videos.feed.model.visits import Visits, VisitSettings, newest_of_each

ROWS_AT_ONCE = 100_000
# How far a video is from the middle of its subject.
APART = 0.3


def full_size(catalogue):
    """The recommender, and the items of its visits one after the other."""
    count = len(catalogue.keys)
    visits, items = visits_of(catalogue, count)
    taste = TasteSettings.for_size(count)
    vectors = vectors_of(catalogue)
    return Recommender(
        catalogue.keys,
        visits,
        Taste(taste, neighbours(catalogue, taste.kept)),
        Content(
            np.ones(BUCKETS, np.float32),
            np.zeros((BUCKETS, DIMENSIONS), np.float32),
        ),
        vectors,
        Shelves.of(vectors),
        Subjects.of(vectors),
    ), catalogue.keys[items]


def visits_of(catalogue, count):
    """Each item is in as many visits as are listed of it, with its subject's others."""
    settings = VisitSettings.for_size(count)
    rounds = [
        np.lexsort((catalogue.random.random(count), catalogue.subjects))
        for _ in range(settings.newest)
    ]
    a_round = -(-count // EVENTS_A_VISIT)
    items = np.concatenate(rounds).astype(np.int32)
    within = np.arange(count) // EVENTS_A_VISIT
    visits = np.concatenate([within + nth * a_round for nth in range(settings.newest)])
    starts = starts_of(visits, visits[-1] + 1)
    places = np.arange(len(items)) - starts[visits]
    return Visits(
        settings,
        starts,
        items,
        *newest_of_each(items, visits, places, count, settings.newest),
        np.ones(count, np.float32),
        neighbours(catalogue, settings.followers),
    ), items


def neighbours(catalogue, kept):
    """For each item so many others of its subject."""
    order, starts = catalogue.by_subject()
    order, count = order.astype(np.int32), len(catalogue.keys)
    items = np.empty((count, kept), np.int32)
    weights = np.empty((count, kept), np.float32)
    for start in range(0, count, ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        subjects = catalogue.subjects[rows]
        sizes = (starts[subjects + 1] - starts[subjects])[:, None]
        chance = catalogue.random.random(items[rows].shape, np.float32)
        at = starts[subjects][:, None] + (chance * sizes).astype(np.int64)
        items[rows] = order[np.minimum(at, len(order) - 1)]
        weights[rows] = catalogue.random.random(items[rows].shape, np.float32)
    return Neighbours(np.arange(count + 1) * kept, items.ravel(), weights.ravel())


def vectors_of(catalogue):
    shape = (catalogue.subjects.max() + 1, DIMENSIONS)
    middles = catalogue.random.standard_normal(shape).astype(np.float32)
    own = catalogue.random.standard_normal(
        (len(catalogue.keys), DIMENSIONS), np.float32
    )
    vectors = middles[catalogue.subjects] + APART * own
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
