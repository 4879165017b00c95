from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from videos.feed.ranking import WINDOW, Candidate, columns, score, spread
from videos.feed.ranking import rank as rank_many

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC).timestamp()


def make_candidate(pk, *, seller=None, days=0, **fields):
    return Candidate(
        pk=pk,
        seller_id=seller or pk,
        published_seconds=NOW - 86_400 * days,
        **fields,
    )


def rank(candidates, now, most=None):
    many = Candidate(*columns(candidates, len(Candidate._fields)))
    return rank_many(many, now, most)


def test_a_fresh_video_comes_before_an_old_one():
    old, fresh = make_candidate(1, days=9), make_candidate(2, days=1)

    assert rank([old, fresh], NOW) == [2, 1]


def test_a_video_that_is_liked_more_often_comes_first():
    plain = make_candidate(1, view_count=1000, like_count=10)
    loved = make_candidate(2, view_count=1000, like_count=200)

    assert rank([plain, loved], NOW) == [2, 1]


def test_a_share_says_more_than_a_like():
    liked = make_candidate(1, view_count=100, like_count=5)
    shared = make_candidate(2, view_count=100, share_count=5)

    assert score(shared, NOW) > score(liked, NOW)


def test_what_has_been_seen_comes_after_everything_else():
    seen = make_candidate(1, like_count=500, view_count=500, is_seen=True)
    stale = make_candidate(2, days=300, view_count=5000)

    assert rank([seen, stale], NOW) == [2, 1]


def test_a_seller_comes_once_in_a_window_while_there_are_others():
    candidates = [make_candidate(n, seller=1 + n % 5, days=n % 5) for n in range(25)]
    sellers = {c.pk: c.seller_id for c in candidates}

    order = [sellers[pk] for pk in rank(candidates, NOW)][:20]

    windows = [order[i : i + WINDOW] for i in range(len(order) - WINDOW + 1)]
    assert all(len(set(window)) == WINDOW for window in windows)


def test_two_sellers_take_turns():
    candidates = [make_candidate(n, seller=1 if n < 3 else 2) for n in range(6)]

    assert [c.seller_id for c in spread(candidates)] == [1, 2, 1, 2, 1, 2]


def test_a_lonely_seller_is_shown_all_the_same():
    candidates = [make_candidate(n, seller=7) for n in range(3)]

    assert [c.pk for c in spread(candidates)] == [0, 1, 2]


@given(st.lists(st.tuples(st.integers(1, 6), st.booleans(), st.integers(0, 400))))
def test_every_candidate_comes_exactly_once(rows):
    candidates = [
        make_candidate(pk, seller=seller, is_seen=is_seen, days=days)
        for pk, (seller, is_seen, days) in enumerate(rows)
    ]

    assert sorted(rank(candidates, NOW)) == list(range(len(rows)))


@given(st.lists(st.tuples(st.integers(1, 4), st.booleans()), max_size=30))
def test_the_best_few_are_the_first_of_all(made):
    candidates = [
        make_candidate(n, seller=seller, days=n % 7, is_seen=is_seen)
        for n, (seller, is_seen) in enumerate(made, 1)
    ]
    order = rank(candidates, NOW)

    for most in range(len(made) + 2):
        assert rank(candidates, NOW, most) == order[:most]
