"""What is stored of trials, as arrays: read from the database, or remembered.

A process remembers what it has read until the next fold changes any of it: in between
all pages look at much the same videos.
"""

import threading

import numpy as np

from marketplace.prepared import Prepared, given_keys
from videos.feed.model.recommender import DIMENSIONS
from videos.models import VideoTrial

# Of rows in the memory of a process, three quarters of a kilobyte each.
MOST_REMEMBERED = 40_000
OUTCOMES = ["carted", "purchased", "refunded"]
COUNTS = ["pool", "shown", "finished", "tapped"]
NUMBERS = ["video", *OUTCOMES, *COUNTS, "pull", "pull_weight"]
SIZE = DIMENSIONS + 1
# A covariance is the same on both sides of its diagonal: one of them is kept.
CORNER = np.triu_indices(SIZE)
WHOLE = np.zeros((SIZE, SIZE), np.int64)
WHOLE[CORNER] = np.arange(len(CORNER[0]))
WHOLE = np.maximum(WHOLE, WHOLE.T)
ROW = np.dtype(
    [
        ("video", "i8"),
        *((name, "i4") for name in (*OUTCOMES, *COUNTS)),
        ("pull", "f4"),
        ("pull_weight", "f4"),
        ("mean", "f4", SIZE),
        ("corner", "f4", len(CORNER[0])),
    ]
)


def covariances(rows: np.ndarray) -> np.ndarray:
    return rows["corner"][:, WHOLE]


def read_rows(keys: list[int]) -> np.ndarray:
    """Those that have one."""
    rows = ROWS.rows(keys=keys)
    table = np.empty(len(rows), ROW)
    # By columns: a page has hundreds of them, and no time for each.
    if columns := list(zip(*rows, strict=True)):
        *numbers, means, stored = columns
        for name, column in zip(NUMBERS, numbers, strict=True):
            table[name] = column
        table["mean"] = floats(means, SIZE)
        table["corner"] = floats(stored, SIZE, SIZE)[:, *CORNER]
    return table


def floats(stored, *shape):
    return np.frombuffer(b"".join(stored), np.float32).reshape(-1, *shape)


def rows():
    trials = VideoTrial.objects.filter(video__in=given_keys("keys"))
    return trials.values_list(*NUMBERS, "mean", "covariance")


ROWS = Prepared(rows, is_binary=True)


class Remembered:
    """By threads at once."""

    def __init__(self):
        self.lock = threading.Lock()
        self.begin(None)

    def begin(self, folded):
        self.folded, self.count = folded, 0
        self.table = np.empty(1024, ROW)
        # Of each key its place in the table; None where it has no row.
        self.places: dict[int, int | None] = {}

    def read(self, keys: list[int], folded) -> np.ndarray:
        with self.lock:
            if folded != self.folded or len(self.places) > MOST_REMEMBERED:
                self.begin(folded)
            missing = [key for key in keys if key not in self.places]
            known = self.known(keys)
        if not missing:
            return known
        found = read_rows(missing)
        with self.lock:
            # Another thread may have begun anew, or read the same meanwhile.
            if folded == self.folded:
                self.add(missing, found)
        return np.concatenate([known, found])

    def known(self, keys):
        places = [self.places.get(key) for key in keys]
        return self.table[[place for place in places if place is not None]]

    def add(self, keys, found):
        end = self.count + len(found)
        if end > len(self.table):
            self.table = np.resize(self.table, max(end, 2 * len(self.table)))
        self.table[self.count : end] = found
        self.places |= dict.fromkeys(keys)
        numbers = range(self.count, end)
        self.places |= dict(zip(found["video"].tolist(), numbers, strict=True))
        self.count = end


remembered = Remembered()
