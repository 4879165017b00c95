"""How good the model is, by the protocols of the published comparisons.

Settings are chosen by one rule for every set: beginning with the ones that serve, each
is tried in turn on a part of the training data that is held back, and the best is kept.
The test data are looked at once, at the end.
"""

import time
from collections import Counter
from dataclasses import dataclass, fields, is_dataclass, replace
from itertools import pairwise

import numpy as np
from scipy import sparse

from videos.feed.model.exposure import best_places
from videos.feed.model.taste import Graph, Taste, TasteSettings
from videos.feed.model.visits import Visits, VisitSettings

TOP = 20
TRIED_CASES = 8000
TRIED_VIEWERS = 6000
# Of those, so many at a time: each has a row as long as the catalogue.
AT_ONCE = 250
# Of the training data, what is held back to choose the settings by.
LAST_VISITS = 0.05
ENTRIES = 0.1

VISIT_GRID = {
    "again": [0, 0.1, 0.2, 0.8],
    "same": [0, 0.1, 0.6, 1],
    "fading": [1, 2],
    "recency": [0, 1, 4, 8],
    "transitions": [0, 0.1, 0.35, 0.6],
    "before": [0.3, 0.6, 1],
    "distance": [0.3, 0.6],
    "rarity": [0, 0.5, 1],
    "shortness": [0.2, 1],
    "neighbours": [100, 400],
    "backwards": [0.3, 0.6, 1],
}
TASTE_GRID = {"smooth": [0.1, 0.2, 0.3, 0.45], "rank": [256, 512, 768]}


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
    settings = choose_taste(*held_back_entries(train))
    chosen = time.perf_counter()
    model = Taste.fit(train, settings)
    trained = time.perf_counter()
    viewers = np.flatnonzero(np.diff(test.indptr))
    answers, times = timed(
        lambda liked: model.next(liked, TOP), rows_of(train, viewers)
    )
    scores = taste_scores(answers, rows_of(test, viewers))
    return result(model, scores, times, (began, chosen, trained))


def choose_taste(kept, wanted):
    reached = taste_grid_scores(kept, wanted, **TASTE_GRID)
    rank, smooth = max(reached, key=reached.get)
    return replace(TasteSettings(), rank=rank, smooth=smooth)


def taste_grid_scores(kept, wanted, rank, smooth):
    """Every pair of settings, for a sample of the viewers.

    One decomposition serves all: the first dimensions of many are those of few.  The
    weights are those of which lists are made, before they are cut.
    """
    ranks, weights = sorted(rank), smooth
    graph = Graph.of(kept, ranks[-1])
    viewers = sample(np.flatnonzero(np.diff(wanted.indptr)).tolist(), TRIED_VIEWERS)
    reached = Counter()
    for start in range(0, len(viewers), AT_ONCE):
        some = viewers[start : start + AT_ONCE]
        liked, looked_for = kept[some], rows_of(wanted, some)
        plain, by_groups = graph.in_common(liked).toarray(), 0
        plain[liked.nonzero()] = -np.inf
        for first, last in pairwise([0, *ranks]):
            by_groups = by_groups + graph.smooth(liked, slice(first, last))
            for weight in weights:
                found = best_places(plain + weight * by_groups, TOP)
                share = len(some) / len(viewers)
                reached[last, weight] += sum(taste_scores(found, looked_for)) * share
    return reached


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
