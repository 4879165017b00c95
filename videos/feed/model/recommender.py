"""The three parts under one roof, spoken to in the catalogue's own numbers."""

from dataclasses import dataclass

import numpy as np
import scipy

from videos.feed.model.content import Content, Shelves, most_alike
from videos.feed.model.sparse import add_up, best
from videos.feed.model.subjects import Subjects
from videos.feed.model.taste import Taste, TasteSettings
from videos.feed.model.visits import Visits, VisitSettings

DIMENSIONS = 16
# Of what somebody liked, the latest so many are asked about.
LIKED = 50
# More of one thing from one person says no more.
MOST = 5.0


@dataclass(frozen=True)
class History:
    """What people did, one row for each thing, in any order.

    `visits` and `people` are any numbers; `items` are keys of the catalogue; `worth` is
    how much it says that somebody liked it.  Where the rows come from is nothing to the
    model.
    """

    visits: np.ndarray
    people: np.ndarray
    items: np.ndarray
    worth: np.ndarray
    times: np.ndarray

    def __len__(self):
        return len(self.items)

    def where(self, rows):
        parts = (self.visits, self.people, self.items, self.worth, self.times)
        return History(*(part[rows] for part in parts))


@dataclass(frozen=True)
class Recommender:
    keys: np.ndarray  # of the items, in order
    visits: Visits
    taste: Taste
    content: Content
    vectors: np.ndarray
    # None in what was stored before there were any.
    shelves: Shelves = None
    subjects: Subjects = None

    @classmethod
    def fit(cls, keys, documents, history, former=None):
        """From the catalogue's keys, in order, its texts, and what people did."""
        visit_settings = VisitSettings.for_size(len(keys))
        taste_settings = TasteSettings.for_size(len(keys))
        keys = np.asarray(keys, np.int64)
        former_content = former.content if former else None
        content = Content.fit(documents, DIMENSIONS, former_content)
        known = history.where(np.isin(history.items, keys) & (history.worth > 0))
        rows = np.searchsorted(keys, known.items)
        numbers = np.unique(known.visits, return_inverse=True)[1]
        vectors = content.vectors(documents)
        return cls(
            keys,
            Visits.fit(numbers, rows, known.times, len(keys), visit_settings),
            Taste.fit(liked_matrix(known, rows, len(keys)), taste_settings),
            content,
            vectors,
            Shelves.of(vectors),
            Subjects.of(vectors),
        )

    def rows(self, keys):
        """Where these are, without those that came after the training."""
        rows, is_known = self.find(keys)
        return rows[is_known]

    def find(self, keys):
        """A row for each, and whether it is really there."""
        keys = np.asarray(keys, np.int64)
        if not len(self.keys):
            return keys, np.zeros(len(keys), bool)
        rows = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return rows, self.keys[rows] == keys

    def themes(self, rows):
        """What to expect of these before anybody has seen them."""
        vectors = self.vectors[rows]
        return self.subjects.expected(vectors) if self.subjects else vectors

    def after(self, recent, limit):
        """What follows from this visit and is new in it: keys and scores up to 1."""
        rows = self.rows(recent)
        ids, scores = self.visits.scores(rows)
        is_new = ~np.isin(ids, rows)
        return self.found((ids[is_new], scores[is_new]), limit)

    def for_taste(self, liked, limit):
        """What goes with all that somebody liked, the latest last."""
        rows = self.rows(liked)[-LIKED:]
        return self.found(self.taste.scores(rows, np.ones(len(rows))), limit)

    def alike(self, liked, limit):
        """Of like content, for what nobody has seen."""
        return self.towards(self.vectors[self.rows(liked)[-LIKED:]].sum(axis=0), limit)

    def like_text(self, document, limit):
        """Of like content as what came after the training."""
        return self.towards(self.content.vectors([document])[0], limit)

    def towards(self, wanted, limit):
        if self.shelves is None:
            rows, nearness = most_alike(self.vectors, wanted, limit)
        else:
            rows, nearness = self.shelves.most_alike(wanted, limit)
        return self.found((rows[nearness > 0], nearness[nearness > 0]), limit)

    def nearest(self, liked, keys):
        """For each of these the one of what somebody liked that is most like it."""
        mine = self.rows(liked)[-LIKED:]
        nearness = self.vectors[self.rows(keys)] @ self.vectors[mine].T
        return self.keys[mine[nearness.argmax(axis=1)]]

    def found(self, scored, limit):
        rows, scores = best(*scored, limit)
        top = scores.max(initial=0)
        return self.keys[rows], scores / top if top > 0 else scores


def liked_matrix(history, rows, item_count):
    """People and items, each entry how much was liked."""
    people = np.unique(history.people, return_inverse=True)[1]
    person_count = people.max(initial=-1) + 1
    cells, worth = add_up(people * item_count + rows, history.worth)
    entries = (np.minimum(worth, MOST), np.divmod(cells, max(item_count, 1)))
    return scipy.sparse.csr_array(entries, shape=(person_count, item_count))
