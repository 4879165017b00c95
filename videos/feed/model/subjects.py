"""What a catalogue is about, and what a new video's words so let expect of it.

Of what many videos have in common more is known than of one of them.  So the theme to
expect of a video lies between its own content and that of the subjects it may belong
to: Bayes' rule for a mixture of normal distributions, which is learnt from the content
alone.
"""

from dataclasses import dataclass

import numpy as np
from scipy.cluster.vq import kmeans2

# As many subjects as there are so many videos for each, and no more than that.
EACH, MOST = 20, 24
# Learnt from so many videos of a large catalogue, in so many steps of
# expectation–maximisation.
SAMPLED, STEPS = 20_000, 40
# How much of what sets a video apart from its subjects is to be believed.
OWN = 0.3
# Of subjects whose videos are all alike.
LEAST_VARIANCE = 1e-3


@dataclass(frozen=True)
class Subjects:
    centres: np.ndarray  # (subjects, dimensions)
    shares: np.ndarray  # (subjects,) of the videos
    variance: np.ndarray  # (1,) of each part of a video's content about its subject's

    @classmethod
    def of(cls, vectors):
        """None at all where there are too few videos to tell."""
        known = vectors[vectors.any(axis=1)]
        sample = known[:: -(-len(known) // SAMPLED) or 1].astype(np.float64)
        count = min(MOST, len(np.unique(sample, axis=0)) // EACH)
        if count < 2:
            nothing = np.zeros((0, vectors.shape[1]), np.float32)
            return cls(nothing, nothing[:, 0], np.ones(1, np.float32))
        centres, nearest = kmeans2(sample, count, minit="++", rng=1)
        variance = ((sample - centres[nearest]) ** 2).mean(keepdims=True)[0]
        found = cls(centres, np.full(count, 1 / count), variance)
        for _ in range(STEPS):
            found = found.nearer_to(sample)
        parts = found.centres, found.shares, found.variance
        return cls(*(part.astype(np.float32) for part in parts))

    def nearer_to(self, sample):
        responsibilities = self.responsibilities(sample)
        counts = responsibilities.sum(axis=0) + 1e-6
        centres = responsibilities.T @ sample / counts[:, None]
        apart = squares(sample, centres)
        variance = (responsibilities * apart).sum(keepdims=True)[0] / sample.size
        shares = counts / counts.sum()
        return Subjects(centres, shares, np.maximum(variance, LEAST_VARIANCE))

    def responsibilities(self, vectors):
        """Of each vector to belong to each subject."""
        odds = np.log(self.shares) - squares(vectors, self.centres) / 2 / self.variance
        responsibilities = np.exp(odds - odds.max(axis=1, keepdims=True))
        return responsibilities / responsibilities.sum(axis=1, keepdims=True)

    def expected(self, vectors):
        """The themes to expect of videos with this content; of no content none."""
        if not len(self.centres):
            return vectors
        usual = self.responsibilities(vectors) @ self.centres
        themes = usual + OWN * (vectors - usual)
        return themes * vectors.any(axis=1, keepdims=True)


def squares(vectors, centres):
    """Of the distances between all of these: a matrix."""
    lengths = (vectors**2).sum(axis=1)[:, None] + (centres**2).sum(axis=1)
    return lengths - 2 * vectors @ centres.T
