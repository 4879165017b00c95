"""How good the model is, by the protocols of the published comparisons.

Settings are chosen by one rule for every set: beginning with the ones that serve, each
is tried in turn on a part of the training data that is held back, and the best is kept.
The test data are looked at once, at the end.
"""

import time
from dataclasses import dataclass, fields, is_dataclass, replace

import numpy as np
from scipy import sparse

from videos.feed.model.taste import Taste, TasteSettings, normalised, smooth_vectors
from videos.feed.model.visits import Visits, VisitSettings

TOP = 20
TRIED_CASES = 3000
TRIED_VIEWERS = 3000
# Of the training data, what is held back to choose the settings by.
LAST_VISITS = 0.05
ENTRIES = 0.1

VISIT_GRID = {
    "again": [0.1, 1, 3, 6],
    "same": [0.1, 1, 2, 4],
    "recency": [0, 2, 4, 8],
    "distance": [0, 0.3, 0.6],
    "transitions": [0, 0.15, 0.35, 0.6],
    "before": [0.3, 0.6, 1],
    "rarity": [0, 0.3, 0.6, 1],
    "neighbours": [100, 400],
    "backwards": [0.3, 0.6, 1],
    "fading": [0.5, 1, 1.5],
}
TASTE_GRID = {"smooth": [0.2, 0.3, 0.4], "rank": [512, 768, 1024]}


@dataclass(frozen=True)
class Result:
    settings: object
    first: float
    second: float
    cases: int
    seconds: float
    choosing_seconds: float
    megabytes: float
    p50_ms: float
    p99_ms: float


def choose(start, grid, score):
    """The settings with the best score, trying one field after the other."""
    found, top = start, score(start)
    for name, values in grid.items():
        for value in values:
            tried = replace(found, **{name: value})
            if value != getattr(found, name) and (reached := score(tried)) > top:
                found, top = tried, reached
    return found


def size_of(part):
    """Bytes of a part's arrays."""
    if isinstance(part, np.ndarray):
        return part.nbytes
    if not is_dataclass(part):
        return 0
    return sum(size_of(getattr(part, field.name)) for field in fields(part))


def timed(answer, questions):
    """The answers, and how many milliseconds each took."""
    answers, times = [], []
    for question in questions:
        began = time.perf_counter()
        answers.append(answer(question))
        times.append(1000 * (time.perf_counter() - began))
    return answers, times


# Visits: given the beginning of one, which item comes next?


def visit_scores(answers, wanted):
    """P@20 and MRR@20: is the next item among the first twenty, and how far up?"""
    ranks = [np.flatnonzero(a == w) for a, w in zip(answers, wanted, strict=True)]
    reciprocal = [1 / (1 + rank[0]) if len(rank) else 0 for rank in ranks]
    return np.mean(np.array(reciprocal) > 0), np.mean(reciprocal)


def held_back_visits(visits, items):
    """Without the last visits, and of those the beginnings and what came next."""
    is_kept = visits < visits.max() * (1 - LAST_VISITS)
    known = np.zeros(items.max() + 1, bool)
    known[items[is_kept]] = True
    late, late_items = visits[~is_kept], items[~is_kept]
    breaks = np.flatnonzero(np.diff(late)) + 1
    cases = [
        (visit[:n], visit[n])
        for visit in np.split(late_items, breaks)
        for n in range(1, len(visit))
        if known[visit[n]]
    ]
    return visits[is_kept], items[is_kept], sample(cases, TRIED_CASES)


def sample(things, limit):
    if len(things) <= limit:
        return things
    chosen = np.random.default_rng(0).choice(len(things), limit, replace=False)
    return [things[n] for n in sorted(chosen)]


def evaluate_visits(visits, items, cases):
    """From one row for each event of the past, in order; cases are pairs."""
    item_count = int(max(items.max(), *(max(w, *b) for b, w in cases))) + 1
    began = time.perf_counter()
    past, past_items, tried = held_back_visits(visits, items)

    def score(settings):
        model = fit_visits(past, past_items, item_count, settings)
        answers = [model.next(beginning, TOP) for beginning, _ in tried]
        return sum(visit_scores(answers, [wanted for _, wanted in tried]))

    settings = choose(VisitSettings(), VISIT_GRID, score)
    chosen = time.perf_counter()
    model = fit_visits(visits, items, item_count, settings)
    trained = time.perf_counter()
    beginnings, wanted = zip(*cases, strict=True)
    answers, times = timed(lambda b: model.next(b, TOP), beginnings)
    return result(model, visit_scores(answers, wanted), times, (began, chosen, trained))


def fit_visits(visits, items, item_count, settings):
    return Visits.fit(visits, items, np.arange(len(items)), item_count, settings)


# Taste: given what somebody liked, what else did they like?


def taste_scores(answers, wanted):
    """Recall@20 and NDCG@20, the mean over viewers."""
    discounts = 1 / np.log2(np.arange(2, TOP + 2))
    recall, gain = [], []
    for answer, liked in zip(answers, wanted, strict=True):
        hits = np.isin(answer, liked)
        recall.append(hits.sum() / len(liked))
        ideal = discounts[: min(len(liked), TOP)].sum()
        gain.append(discounts[: len(hits)][hits].sum() / ideal)
    return np.mean(recall), np.mean(gain)


def rows_of(matrix, viewers):
    return [matrix.indices[matrix.indptr[v] : matrix.indptr[v + 1]] for v in viewers]


def held_back_entries(liked):
    """Two matrices: what is learnt from, and what is to be found."""
    entries = liked.tocoo()
    is_kept = np.random.default_rng(0).random(entries.nnz) >= ENTRIES
    return [
        sparse.csr_array(
            (entries.data[part], (entries.row[part], entries.col[part])), liked.shape
        )
        for part in (is_kept, ~is_kept)
    ]


def evaluate_taste(train, test):
    """From matrices of viewers and items of the same shape."""
    began = time.perf_counter()
    kept, wanted = held_back_entries(train)
    viewers = sample(np.flatnonzero(np.diff(wanted.indptr)).tolist(), TRIED_VIEWERS)
    vectors = vectors_of(kept, max(TASTE_GRID["rank"]))

    def score(settings):
        model = Taste.fit(kept, settings, vectors)
        answers = [model.next(liked, TOP) for liked in rows_of(kept, viewers)]
        return sum(taste_scores(answers, rows_of(wanted, viewers)))

    settings = choose(TasteSettings(), TASTE_GRID, score)
    chosen = time.perf_counter()
    model = Taste.fit(train, settings)
    trained = time.perf_counter()
    viewers = np.flatnonzero(np.diff(test.indptr))
    answers, times = timed(
        lambda liked: model.next(liked, TOP), rows_of(train, viewers)
    )
    scores = taste_scores(answers, rows_of(test, viewers))
    return result(model, scores, times, (began, chosen, trained))


def vectors_of(liked, rank):
    return smooth_vectors(normalised(liked)[0], rank)


def result(model, scores, times, clock):
    began, chosen, trained = clock
    p50, p99 = np.percentile(times, [50, 99])
    return Result(
        settings=model.settings,
        first=scores[0],
        second=scores[1],
        cases=len(times),
        seconds=trained - chosen,
        choosing_seconds=chosen - began,
        megabytes=size_of(model) / 1e6,
        p50_ms=p50,
        p99_ms=p99,
    )
