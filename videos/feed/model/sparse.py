"""Rows of different lengths in flat arrays, so that a file can be mapped as it is."""

from dataclasses import dataclass

import numpy as np
import scipy


def places_in(starts, rows):
    """Where the elements of these rows lie, and how many each row has."""
    begins = starts[rows].astype(np.int64)
    lengths = starts[rows + 1] - begins
    ends = np.cumsum(lengths)
    places = np.arange(ends[-1] if len(ends) else 0)
    return places + np.repeat(begins - (ends - lengths), lengths), lengths


def add_up(ids, weights):
    """Each id once, with the sum of its weights."""
    if not len(ids):
        return ids, weights
    if 4 * len(ids) > ids.max():
        # Quicker than sorting where many of the ids occur.
        sums = np.bincount(ids, weights)
        distinct = np.flatnonzero(np.bincount(ids))
        return distinct, sums[distinct]
    distinct, which = np.unique(ids, return_inverse=True)
    return distinct, np.bincount(which, weights)


def best(ids, scores, limit):
    """The ids with the highest scores, the best first; the lower id of two alike."""
    if len(ids) > limit:
        kept = np.argpartition(-scores, limit - 1)[:limit]
        ids, scores = ids[kept], scores[kept]
    order = np.lexsort((ids, -scores))
    return ids[order], scores[order]


def starts_of(rows, row_count):
    """Where each row begins in an array sorted by row."""
    return np.r_[0, np.cumsum(np.bincount(rows, minlength=row_count))]


@dataclass(frozen=True)
class Neighbours:
    """For each item the items most like it, with weights: a truncated matrix."""

    starts: np.ndarray
    items: np.ndarray
    weights: np.ndarray

    @classmethod
    def of(cls, matrix, limit):
        """The `limit` greatest of each row of a sparse matrix."""
        matrix = scipy.sparse.csr_array(matrix)
        kept = [
            greatest(matrix.indices[a:b], matrix.data[a:b], limit)
            for a, b in zip(matrix.indptr[:-1], matrix.indptr[1:], strict=True)
        ]
        return cls.joined(kept)

    @classmethod
    def joined(cls, rows):
        """From one pair of ids and weights for each item."""
        lengths = [len(ids) for ids, _ in rows]
        return cls(
            starts=np.r_[0, np.cumsum(lengths, dtype=np.int64)],
            items=np.concatenate([ids for ids, _ in rows] or [[]]).astype(np.int32),
            weights=np.concatenate([w for _, w in rows] or [[]]).astype(np.float32),
        )

    def scores(self, items, weights):
        """What follows from these items: candidates, each once, and their scores."""
        places, lengths = places_in(self.starts, items)
        spread = np.repeat(weights, lengths)
        return add_up(self.items[places], self.weights[places] * spread)

    def matrix(self):
        count = len(self.starts) - 1
        parts = (self.weights, self.items, self.starts)
        return scipy.sparse.csr_array(parts, shape=(count, count))


def greatest(ids, weights, limit):
    if len(ids) > limit:
        kept = np.argpartition(-weights, limit - 1)[:limit]
        return ids[kept], weights[kept]
    return ids, weights
