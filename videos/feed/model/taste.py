"""The long-term part: which items go together over everything that people liked.

A spectral filter on the graph of viewers and items (GF-CF): the normalised number of
viewers in common, and of that the smooth part once more, which says of two items what
whole groups of viewers think of them.  Kept are the greatest of each row, so an answer
is the sum of a few short lists.
"""

from dataclasses import dataclass, replace

import numpy as np
import scipy

from videos.feed.model.sparse import Neighbours, best, greatest

# Of items whose viewers are looked at together while the lists are made.
BLOCK = 512
# Up to so many items, all pairs of them are.
EVERY_PAIR_UP_TO = 50_000
# The subspace is a little wider than what is kept of it, and turned so many times.
WIDER = 1.1
TURNS = 4
# Numbers of the smooth part while it is made (1 GB), and pairs that are kept (600 MB).
LARGEST_SUBSPACE = 256_000_000
LARGEST_LISTS = 75_000_000


@dataclass(frozen=True)
class TasteSettings:
    # Dimensions of the smooth part, and its weight beside the plain one.
    rank: int = 768
    smooth: float = 0.3
    kept: int = 500

    @classmethod
    def for_size(cls, item_count):
        """So that a large catalogue takes a bounded amount of memory."""
        plain, count = cls(), max(item_count, 1)
        rank = min(plain.rank, max(32, LARGEST_SUBSPACE // count))
        kept = min(plain.kept, max(20, LARGEST_LISTS // count))
        return replace(plain, rank=rank, kept=kept)


@dataclass(frozen=True)
class Graph:
    """Viewers and items, normalised, and the vectors of the smooth part."""

    plain: scipy.sparse.csr_array
    across: scipy.sparse.csr_array
    roots: np.ndarray  # of how much each item is liked
    vectors: np.ndarray

    @classmethod
    def of(cls, liked, rank):
        """From a matrix of viewers and items: how much each viewer liked each."""
        plain, sums = normalised(scipy.sparse.csr_array(liked, dtype=np.float32))
        vectors = smooth_vectors(plain, rank) * (sums > 0)[:, None]
        roots = np.sqrt(np.maximum(sums, 1e-9)).astype(np.float32)
        return cls(plain, scipy.sparse.csr_array(plain.T), roots, vectors)

    def in_common(self, rows):
        """What goes with these items by the viewers that they have in common."""
        return (rows @ self.across) @ self.plain

    def smooth(self, rows, ranks=slice(None)):
        """The same by what whole groups think, as much of it as these dimensions say.

        The parts of several ranges of dimensions add up.
        """
        vectors = self.vectors[:, ranks]
        own = rows @ scipy.sparse.diags_array(1 / self.roots) @ vectors
        return (own @ vectors.T) * self.roots


@dataclass(frozen=True)
class Taste:
    settings: TasteSettings
    neighbours: Neighbours

    @classmethod
    def fit(cls, liked, settings):
        graph = Graph.of(liked, settings.rank)
        return cls(settings, neighbours_of(graph, settings))

    def scores(self, items, weights):
        return self.neighbours.scores(items, weights)

    def next(self, items, limit, weights=None):
        """The best that are not among these, the best first."""
        items = np.asarray(items)
        weights = np.ones(len(items)) if weights is None else weights
        ids, scores = self.scores(items, weights)
        is_new = ~np.isin(ids, items)
        return best(ids[is_new], scores[is_new], limit)[0]


def normalised(liked):
    """Each entry over the roots of its row's and its column's sum."""
    viewers, items = liked.sum(axis=1), liked.sum(axis=0)
    rows = scipy.sparse.diags_array(1 / np.sqrt(np.maximum(viewers, 1e-9)))
    columns = scipy.sparse.diags_array(1 / np.sqrt(np.maximum(items, 1e-9)))
    return scipy.sparse.csr_array(rows @ liked @ columns, dtype=np.float32), items


def smooth_vectors(plain, rank, seed=0):
    """The leading right singular vectors, by turning a random subspace."""
    rank = min(rank, min(plain.shape) - 1)
    wide = min(int(rank * WIDER) + 8, min(plain.shape))
    random = np.random.default_rng(seed)
    basis = random.standard_normal((plain.shape[1], wide)).astype(np.float32)
    across = scipy.sparse.csr_array(plain.T)
    for _ in range(TURNS):
        basis, _ = np.linalg.qr(across @ (plain @ basis))
    image = plain @ basis
    values, directions = np.linalg.eigh(image.T @ image)
    return basis @ directions[:, np.argsort(-values)[:rank]]


def neighbours_of(graph, settings):
    count = graph.plain.shape[1]
    rows_of = every_pair if count <= EVERY_PAIR_UP_TO else pairs_in_common
    rows = []
    for start in range(0, count, BLOCK):
        rows += rows_of(graph, slice(start, start + BLOCK), settings)
    return Neighbours.joined(rows)


def every_pair(graph, block, settings):
    """Also of items without a viewer in common; for catalogues that are not large."""
    count = graph.plain.shape[1]
    one_each = scipy.sparse.eye_array(count, dtype=np.float32, format="csr")[block]
    weights = graph.in_common(one_each).toarray()
    weights += settings.smooth * graph.smooth(one_each)
    ids = np.arange(count)
    rows = (greatest(ids, row, settings.kept) for row in weights)
    # What nobody has liked has weights of nought.
    return [(ids[row > 0], row[row > 0]) for ids, row in rows]


def pairs_in_common(graph, block, settings):
    together = graph.across[block] @ graph.plain
    own = settings.smooth * graph.vectors[block] / graph.roots[block, None]
    rows = []
    for row, (a, b) in enumerate(
        zip(together.indptr[:-1], together.indptr[1:], strict=True)
    ):
        ids = together.indices[a:b]
        smooth = (graph.vectors[ids] @ own[row]) * graph.roots[ids]
        rows.append(greatest(ids, together.data[a:b] + smooth, settings.kept))
    return rows
