"""Which products are like which, by what their shops say of them.

The content part once more, over another catalogue; see `content`.
"""

from dataclasses import dataclass

import numpy as np

from videos.feed.model.content import Content, Shelves

# A product's kind, its looks and its price want more of them than a video's theme.
# In a small catalogue so many would only tell its products apart.
DIMENSIONS, EACH_OF = 32, 4
# What is less near is so by chance.
LEAST = 0.35


@dataclass(frozen=True)
class Products:
    keys: np.ndarray  # in order
    places: np.ndarray  # of each, on the shelves
    content: Content
    shelves: Shelves

    @classmethod
    def fit(cls, sample, products):
        """From some documents; and of all products, in order, the key and the document.

        These come one after the other, so that few are in memory at a time.
        """
        dimensions = min(DIMENSIONS, max(2, len(sample) // EACH_OF))
        content, keys = Content.fit(sample, dimensions), []

        def documents():
            for key, document in products:
                keys.append(key)
                yield document

        shelves = Shelves.of(content.vectors(documents()))
        places = np.empty(len(keys), np.int32)
        places[shelves.rows] = np.arange(len(keys), dtype=np.int32)
        return cls(np.asarray(keys, np.int64), places, content, shelves)

    def vectors(self, keys):
        """Of length one; of length nought for what came after the training."""
        keys = np.asarray(keys, np.int64)
        rows = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        is_known = (self.keys[rows] == keys)[:, None]
        return self.shelves.vectors[self.places[rows]] * is_known

    def alike(self, key, limit, document=None):
        """Keys of the products most like one, the nearest first.

        By its document where it came after the training.
        """
        wanted = self.vectors([key])[0]
        if not wanted.any() and document is not None:
            wanted = self.content.vectors([document])[0]
        rows, nearness = self.shelves.most_alike(wanted, limit + 1)
        keys = self.keys[rows[nearness > LEAST]]
        return keys[keys != key][:limit]

    def nearness(self, keys, liked):
        """How near each is to the one of what was liked that it is most like: 0 to 1.

        Not to itself: whoever has looked at a product knows it.
        """
        keys, liked = np.asarray(keys, np.int64), np.asarray(liked, np.int64)
        if not len(liked):
            return np.zeros(len(keys))
        near = self.vectors(keys) @ self.vectors(liked).T
        near[keys[:, None] == liked] = 0
        nearest = near.max(axis=1)
        return np.where(nearest > LEAST, np.minimum(nearest, 1), 0)
