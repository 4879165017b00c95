from hypothesis import given
from hypothesis import strategies as st

from videos.feed.listing import Limits, Listed, arranged, excess, neighbours

LIMITS = Limits(page=10, shop=2, category=3, commercial=6, fresh=1, gap=4)


def make_listed(pk, *, shop=None, **fields):
    return Listed(pk, shop or 1000 + pk, **fields)


def windows(placed, length=LIMITS.page):
    return [placed[i : i + length] for i in range(max(1, len(placed) - length + 1))]


def test_the_best_comes_first_where_no_rule_is_touched():
    items = [make_listed(n, is_fresh=True) for n in range(12)]

    assert arranged(items, LIMITS, 10) == items[:10]


def test_a_shop_comes_twice_on_a_page_while_there_are_others():
    items = [make_listed(n, shop=1 if n < 8 else 100 + n) for n in range(40)]

    placed = arranged(items, LIMITS, 20)

    assert all(sum(i.shop == 1 for i in window) <= 2 for window in windows(placed))
    assert sum(i.shop == 1 for i in placed) >= 3


def test_a_shop_rests_between_two_of_its_videos():
    items = [make_listed(n, shop=1 + n % 6) for n in range(6 * 5)]

    placed = arranged(sorted(items, key=lambda item: item.shop), LIMITS, 9)

    for window in windows(placed, LIMITS.gap):
        assert len({item.shop for item in window}) == LIMITS.gap


def test_a_category_and_what_is_for_sale_leave_room_for_others():
    cups = [make_listed(n, categories=(7,), is_commercial=True) for n in range(30)]
    plates = [make_listed(50 + n, is_commercial=True) for n in range(30)]
    plain = [make_listed(90 + n) for n in range(8)]

    placed = arranged([*cups[:20], *plates[:12], *plain], LIMITS, 20)

    for window in windows(placed):
        assert sum(7 in item.categories for item in window) <= LIMITS.category
        assert sum(item.is_commercial for item in window) <= LIMITS.commercial


def test_each_page_has_something_new_while_there_is_any():
    old = [make_listed(n) for n in range(30)]
    fresh = [make_listed(90 + n, is_fresh=True) for n in range(3)]

    placed = arranged([*old[:25], *fresh], LIMITS, 20)

    assert all(any(item.is_fresh for item in window) for window in windows(placed))


def test_the_rules_hold_over_the_end_of_a_page():
    before = [make_listed(n, shop=1 if n in (3, 9) else None) for n in range(10)]
    items = [make_listed(20, shop=1), make_listed(21)]

    assert [item.pk for item in arranged(items, LIMITS, 1, before)] == [21]


def test_what_was_seen_comes_last_although_it_would_keep_the_rules():
    unseen = [make_listed(n, shop=1) for n in range(4)]
    seen = [make_listed(90, is_seen=True, is_fresh=True)]

    assert [i.pk for i in arranged([*seen, *unseen], LIMITS, 9)] == [0, 1, 2, 3, 90]


def test_a_lonely_shop_is_shown_all_the_same():
    items = [make_listed(n, shop=1) for n in range(5)]

    assert arranged(items, LIMITS, 5) == items


def test_two_shops_take_turns_where_there_are_no_more():
    items = [make_listed(n, shop=1 if n < 3 else 2) for n in range(6)]

    assert [i.shop for i in arranged(items, LIMITS, 6)] == [1, 2, 1, 2, 1, 2]


LISTED = st.lists(
    st.tuples(
        st.integers(1, 6), st.sets(st.integers(1, 3)), st.booleans(), st.booleans(),
        st.booleans(),
    ),
    max_size=40,
)  # fmt: skip


def listed_of(rows):
    return [
        Listed(pk, shop, tuple(categories), *flags)
        for pk, (shop, categories, *flags) in enumerate(rows)
    ]


@given(LISTED, st.integers(0, 50))
def test_no_item_is_lost_or_comes_twice(rows, count):
    items = listed_of(rows)

    placed = arranged(items, LIMITS, count)

    assert len(placed) == len(set(placed)) == min(count, len(items))
    flags = [item.is_seen for item in placed]
    assert flags == sorted(flags)


@given(LISTED)
def test_a_rule_is_broken_only_where_every_other_breaks_one(rows):
    items = listed_of(rows)

    placed = arranged(items, LIMITS, len(items))

    for place, item in enumerate(placed):
        near = neighbours(placed[:place], LIMITS)
        least = excess(item, near, LIMITS)
        left = [i for i in placed[place:] if i.is_seen == item.is_seen]
        assert all(excess(other, near, LIMITS) >= least for other in left)


@given(LISTED, st.permutations(range(1, 7)))
def test_it_does_not_matter_whose_goods_they_are(rows, names):
    items = listed_of(rows)
    renamed = [item._replace(shop=names[item.shop - 1]) for item in items]

    placed, others = (arranged(each, LIMITS, 20) for each in (items, renamed))

    assert [item.pk for item in placed] == [item.pk for item in others]
