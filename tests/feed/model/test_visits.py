import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from videos.feed.model.sparse import Neighbours, add_up, best
from videos.feed.model.visits import Visits, VisitSettings

PLAIN = VisitSettings()


def fit(*past, items=10, **settings):
    visits = np.repeat(np.arange(len(past)), [len(visit) for visit in past])
    flat = np.concatenate([np.asarray(visit, int) for visit in past])
    chosen = VisitSettings(**{"recency": 0} | settings)
    return Visits.fit(visits, flat, np.arange(len(flat)), items, chosen)


def next_new(model, recent):
    return next(item for item in model.next(recent, 9) if item not in recent)


def test_what_came_next_in_a_like_visit_comes_first():
    model = fit([1, 2, 3], [1, 2, 3], [4, 5, 6])

    assert next_new(model, [1, 2]) == 3
    assert next_new(model, [4]) == 5


def test_the_latest_event_of_a_visit_counts_most():
    model = fit([1, 5], [2, 6], [1, 5], [2, 6])

    assert next_new(model, [1, 2]) == 6
    assert next_new(model, [2, 1]) == 5


def test_one_more_event_changes_the_answer_without_training():
    model = fit([1, 2, 3], [1, 4, 7], [1, 4, 7])

    assert next_new(model, [1]) == 4
    assert next_new(model, [1, 2]) == 3


def test_of_visits_equally_alike_the_newer_is_kept():
    model = fit([1, 2], [1, 3], neighbours=1, transitions=0)

    assert 3 in model.next([1], 5)
    assert 2 not in model.next([1], 5)


def test_only_the_newest_visits_of_an_item_are_looked_at():
    model = fit([1, 2], [1, 3], [1, 4], newest=2, transitions=0)

    assert set(model.next([1], 9)) == {1, 3, 4}


def test_a_large_catalogue_takes_a_bounded_amount_of_memory():
    small, large = VisitSettings.for_size(50_000), VisitSettings.for_size(1_000_000)

    assert small == VisitSettings()
    # A visit and a place in it, and what is in such visits at most.
    assert 1_000_000 * large.newest * 3 * 4 <= 300_000_000
    assert 1_000_000 * large.followers * 8 <= 240_000_000


def test_a_visit_that_no_item_lists_takes_no_memory_and_changes_no_answer():
    past = [[1, 2], [1, 3], [1, 2], [1, 3]]
    model, newer = fit(*past, newest=1), fit(*past[2:], newest=1)

    assert len(model.items) == len(newer.items) == 4
    assert len(model.starts) == 5
    assert model.next([1], 9).tolist() == newer.next([1], 9).tolist()


def test_the_order_of_the_rows_means_nothing_but_their_times_do():
    rows = np.array([[7, 1, 10], [7, 2, 11], [3, 1, 20], [3, 4, 21], [7, 9, 12]])
    shuffled = rows[[4, 2, 0, 3, 1]]

    models = [Visits.fit(*r.T, 10, PLAIN) for r in (rows, shuffled)]

    assert models[0].items.tolist() == models[1].items.tolist() == [1, 2, 9, 1, 4]


def test_an_empty_visit_and_one_of_unknown_items_have_no_answer():
    model = fit([1, 2])

    assert model.next([], 5).tolist() == []
    assert model.next([8], 5).tolist() == []


def test_people_come_back_to_what_they_have_seen_and_less_to_what_is_on():
    past = [1, 2, 3], [2, 3, 4], [3, 4, 5]

    again = fit(*past, again=1).next([1, 2, 3], 9).tolist()
    never = fit(*past, again=0, same=0).next([1, 2, 3], 9).tolist()

    assert again.index(2) < again.index(1)
    assert again.index(2) < again.index(4)
    assert 3 in again
    assert 3 not in never


def test_a_past_without_events_has_no_answer():
    nothing = np.empty(0, int)

    model = Visits.fit(nothing, nothing, nothing, 3, PLAIN)

    assert model.next([1], 5).tolist() == []


VISIT = st.lists(st.integers(0, 9), min_size=1, max_size=6)


@given(st.lists(VISIT, min_size=1, max_size=8), VISIT)
def test_candidates_come_once_with_scores_that_are_numbers(past, recent):
    ids, scores = fit(*past).scores(recent)

    assert len(ids) == len(set(ids.tolist()))
    assert np.isfinite(scores).all()
    assert set(ids.tolist()) <= {item for visit in past for item in visit}


def test_a_sum_is_made_for_each_id():
    ids, sums = add_up(np.array([3, 1, 3]), np.array([1.0, 2.0, 4.0]))

    assert (ids.tolist(), sums.tolist()) == ([1, 3], [2.0, 5.0])


def test_of_two_alike_the_lower_number_comes_first():
    ids, _ = best(np.array([5, 2, 9]), np.array([1.0, 1.0, 3.0]), 3)

    assert ids.tolist() == [9, 2, 5]


def test_the_greatest_neighbours_are_kept():
    matrix = np.array([[0, 0.1, 0.9, 0.5], [0, 0, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]])

    kept = Neighbours.of(matrix, 2).matrix().toarray()

    assert np.allclose(kept[0], [0, 0, 0.9, 0.5])
    assert np.allclose(kept[1:], matrix[1:])
