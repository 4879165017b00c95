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
class Taste:
    settings: TasteSettings
    neighbours: Neighbours

    @classmethod
    def fit(cls, liked, settings, vectors=None):
        """From a matrix of viewers and items: how much each viewer liked each."""
        liked = scipy.sparse.csr_array(liked, dtype=np.float32)
        plain, sums = normalised(liked)
        if vectors is None:
            vectors = smooth_vectors(plain, settings.rank)
        vectors = vectors[:, : settings.rank]
        return cls(settings, neighbours_of(plain, sums, vectors, settings))

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


def neighbours_of(plain, sums, vectors, settings):
    across, roots = scipy.sparse.csr_array(plain.T), np.sqrt(np.maximum(sums, 1e-9))
    vectors = vectors * (sums > 0)[:, None]
    scaled = (vectors * roots[:, None]).astype(np.float32)
    own = (settings.smooth * vectors / roots[:, None]).astype(np.float32)
    rows_of = every_pair if plain.shape[1] <= EVERY_PAIR_UP_TO else pairs_in_common
    rows = []
    for start in range(0, plain.shape[1], BLOCK):
        block = slice(start, start + BLOCK)
        rows += rows_of(across[block] @ plain, own[block], scaled, settings.kept)
    return Neighbours.joined(rows)


def every_pair(together, own, scaled, kept):
    """Also of items without a viewer in common; for catalogues that are not large."""
    weights = together.toarray() + own @ scaled.T
    ids = np.arange(weights.shape[1])
    rows = (greatest(ids, row, kept) for row in weights)
    # What nobody has liked has weights of nought.
    return [(ids[row > 0], row[row > 0]) for ids, row in rows]


def pairs_in_common(together, own, scaled, kept):
    rows = []
    for row, (a, b) in enumerate(
        zip(together.indptr[:-1], together.indptr[1:], strict=True)
    ):
        ids = together.indices[a:b]
        weights = together.data[a:b] + scaled[ids] @ own[row]
        rows.append(greatest(ids, weights, kept))
    return rows
