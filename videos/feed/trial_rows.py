"""What is stored of trials, as arrays: read from the database, or remembered.

A process remembers what it has read until a fold changes it: all pages look at much
the same videos.  Each fold tells which rows it changed, and after which fold it came,
in the cache; a process that does not find the way from its own forgets everything.
"""

import threading

import numpy as np
from django.core.cache import cache

from marketplace.prepared import Prepared, given_keys
from videos.feed.model.recommender import DIMENSIONS
from videos.models import VideoTrial

# Of rows in the memory of a process, three quarters of a kilobyte each.
MOST_REMEMBERED = 40_000
# For so long, and for so many folds, a process finds the way that it did not follow.
TOLD_SECONDS, MOST_BEHIND = 300, 5
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


def told_by(folded: float, before: float, videos: list[int]) -> dict:
    """For the cache: a fold, the one before it, and whose rows changed in between."""
    return {told_name(folded): (before, videos)}


def told_name(folded):
    return f"feed:folded:{folded!r}"


def changed_between(before, folded) -> set[int] | None:
    """Whose rows did; None where that is not known, or known no more."""
    changed = set()
    for _ in range(MOST_BEHIND):
        if (told := cache.get(told_name(folded))) is None:
            return None
        folded, videos = told
        changed.update(videos)
        if folded == before:
            return changed
    return None


class Remembered:
    """By threads at once.  Each row is as the fold `folded` left it, or newer."""

    def __init__(self):
        self.lock = threading.Lock()
        self.begin(None)

    def begin(self, folded):
        self.folded, self.former, self.count = folded, None, 0
        self.table = np.empty(1024, ROW)
        # Of each key its place in the table; None where it has no row.
        self.places: dict[int, int | None] = {}

    def read(self, keys: list[int], folded) -> np.ndarray:
        """For a page that knows of this fold."""
        self.come_to(folded)
        with self.lock:
            # Rows that were forgotten leave gaps in the table.
            if max(self.count, len(self.places)) > MOST_REMEMBERED:
                self.begin(self.folded)
            began_at = self.folded
            missing = [key for key in keys if key not in self.places]
            known = self.known(keys)
        if not missing:
            return known
        found = read_rows(missing)
        with self.lock:
            # Else it may have been read before what is remembered now was folded in.
            if self.folded == began_at:
                self.add(missing, found)
        return np.concatenate([known, found])

    def come_to(self, folded):
        """Forget what has changed."""
        current = self.folded
        # A page may come late, which found the fold before.
        if folded in (current, self.former):
            return
        changed = changed_between(current, folded)
        with self.lock:
            if self.folded != current:
                # Another thread was quicker.
                return
            if changed is None:
                self.begin(folded)
                return
            self.folded, self.former = folded, current
            for key in changed:
                self.places.pop(key, None)

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
