"""The content part, for what nobody has seen: words hashed, weighed and condensed.

TF-IDF over hashed words and pairs of words, and the leading singular vectors of the
catalogue's own text.  No vocabulary is kept and nothing is fetched from anywhere.
"""

import re
import unicodedata
import zlib
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import scipy

from videos.feed.model.sparse import places_in, starts_of
from videos.feed.model.taste import smooth_vectors

WORD = re.compile(r"\w+")
BUCKETS = 1 << 16
# Of a catalogue's vectors so many are looked at for one answer.
LOOKED_AT = 20_000
# Of a large catalogue so many documents say which words are rare or go together.
FITTED = 100_000
# What shelves are made by: so many vectors for each, so many times, at a time.
SAMPLED, ROUNDS, BLOCK = 50, 4, 8192


def terms_of(text):
    """Words, and pairs of neighbours, as people would compare them."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    words = WORD.findall(folded)
    return words + [f"{a} {b}" for a, b in zip(words, words[1:], strict=False)]


def hashed(documents):
    """Rows of term weights.  A document is pairs of a text and how much it counts."""
    starts, columns, weights = array("q", [0]), array("i"), array("f")
    for document in documents:
        counts = Counter()
        for text, weight in document:
            for term in terms_of(text):
                # The same in every process, unlike hash().
                counts[zlib.crc32(term.encode()) % BUCKETS] += weight
        columns.extend(counts.keys())
        weights.extend(counts.values())
        starts.append(len(columns))
    data = np.log1p(np.array(weights, np.float32))
    parts = (data, np.array(columns, np.int32), np.array(starts, np.int64))
    return scipy.sparse.csr_array(parts, shape=(len(starts) - 1, BUCKETS))


def in_blocks(documents: Iterable) -> Iterator[list]:
    rest = iter(documents)
    while block := list(islice(rest, BLOCK)):
        yield block


@dataclass(frozen=True)
class Content:
    rarity: np.ndarray
    directions: np.ndarray

    @classmethod
    def fit(cls, documents, dimensions, former=None):
        """Turned so that vectors stay near to those of the former one.

        What was learnt about themes with the former one then goes on being true.
        """
        documents = documents[:: -(-len(documents) // FITTED) or 1]
        counts = hashed(documents)
        frequency = np.bincount(counts.indices, minlength=BUCKETS)
        rarity = np.log((1 + counts.shape[0]) / (1 + frequency)).astype(np.float32)
        weighed = unit_rows(counts @ scipy.sparse.diags_array(rarity))
        found = smooth_vectors(weighed, dimensions)
        directions = np.zeros((BUCKETS, dimensions), np.float32)
        directions[:, : found.shape[1]] = found
        content = cls(rarity, directions)
        return content.turned_to(former, documents) if former else content

    def vectors(self, documents):
        """Of length one; of length nought where there is not a known word."""
        parts = [self.vectors_of(block) for block in in_blocks(documents)]
        return np.concatenate(parts) if parts else self.directions[:0]

    def vectors_of(self, block):
        weighed = unit_rows(hashed(block) @ scipy.sparse.diags_array(self.rarity))
        found = weighed @ self.directions
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        return (found / np.maximum(lengths, 1e-9)).astype(np.float32)

    def turned_to(self, former, documents):
        """The rotation that brings these documents nearest to where they were."""
        shared = self.vectors(documents).T @ former.vectors(documents)
        left, _, right = np.linalg.svd(shared)
        return Content(self.rarity, self.directions @ (left @ right))


def unit_rows(matrix):
    lengths = np.sqrt(matrix.multiply(matrix).sum(axis=1))
    scaled = scipy.sparse.diags_array(1 / np.maximum(lengths, 1e-9)) @ matrix
    return scipy.sparse.csr_array(scaled, dtype=np.float32)


@dataclass(frozen=True)
class Shelves:
    """Vectors by what they are near to, so that a search need not pass over all."""

    centres: np.ndarray
    starts: np.ndarray
    rows: np.ndarray
    # In the order of the shelves: what is looked at lies together.
    vectors: np.ndarray

    @classmethod
    def of(cls, vectors):
        """By k-means over directions, of a sample; as many shelves as a shelf is long.

        A catalogue that can be passed over in a moment stays on one.
        """
        count = int(len(vectors) ** 0.5) if len(vectors) > LOOKED_AT else 1
        sample = vectors[:: max(len(vectors) // (count * SAMPLED), 1)]
        centres = sample[:: max(len(sample) // count, 1)][:count].copy()
        for _ in range(ROUNDS):
            nearest = nearest_of(sample, centres)
            np.add.at(centres, nearest, sample)
            lengths = np.linalg.norm(centres, axis=1, keepdims=True)
            centres /= np.maximum(lengths, 1e-9)
        nearest = nearest_of(vectors, centres)
        rows = np.argsort(nearest, kind="stable").astype(np.int32)
        starts = starts_of(nearest, len(centres))
        return cls(centres, starts, rows, vectors[rows])

    def most_alike(self, wanted, limit):
        """On the shelves nearest to a direction, as many as can be looked at."""
        order = np.argsort(-(self.centres @ wanted), kind="stable")
        lengths = np.diff(self.starts)[order]
        shelves = order[np.cumsum(lengths) - lengths < LOOKED_AT]
        places, _ = places_in(self.starts, shelves)
        found, nearness = most_alike(self.vectors[places], wanted, limit)
        return self.rows[places[found]], nearness


def nearest_of(vectors, centres):
    parts = [
        (vectors[start : start + BLOCK] @ centres.T).argmax(axis=1)
        for start in range(0, len(vectors), BLOCK)
    ]
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


def most_alike(vectors, wanted, limit):
    """Rows nearest to a direction, and how near: exact, over all that are given."""
    nearness = vectors @ wanted
    limit = min(limit, len(nearness))
    kept = np.argpartition(-nearness, limit - 1)[:limit] if limit else []
    order = np.argsort(-nearness[kept], kind="stable")
    rows = np.asarray(kept, np.int64)[order]
    return rows, nearness[rows]
