import numpy as np
import pytest

from videos.feed.model.audience import Audience
from videos.feed.model.exposure import (
    Exposure,
    ExposureSettings,
    Pool,
    judged,
    room_left,
    share_out,
)

SETTINGS = ExposureSettings(quotas=(10, 20, 40), bars=(0.5, 0.5, 0.5), mature=50)
# What is compared with: five videos that many have seen, half of them above 3.
KNOWN = np.arange(1.0, 6.0)


def judge(pool, shown, estimate, spread):
    pools = np.array([pool] + 5 * [Pool.OPEN])
    estimates = np.array([estimate, *KNOWN])
    spreads = np.array([spread] + 5 * [0.1])
    shown = np.array([shown] + 5 * [99])
    return judged(pools, shown, (estimates, spreads), SETTINGS)[0][0]


@pytest.mark.parametrize(
    ("shown", "estimate", "spread", "expected"),
    [
        (3, 2.0, 0.4, Pool.STOPPED),  # no hope is left
        (3, 2.0, 0.8, Pool.TRIAL),  # it may yet be good
        (3, 4.0, 0.5, Pool.SECOND),  # there is no doubt
        (3, 4.0, 1.5, Pool.TRIAL),  # it may yet be bad
        (10, 2.0, 2.5, Pool.SECOND),  # its quota is over, and hope decides
        (10, 2.0, 1.5, Pool.STOPPED),
    ],
)
def test_bounds_decide_what_becomes_of_a_trial(shown, estimate, spread, expected):
    assert judge(Pool.TRIAL, shown, estimate, spread) == expected


def test_what_has_passed_all_pools_is_open_for_good():
    assert judge(Pool.THIRD, 40, 4.0, 0.1) == Pool.OPEN
    assert judge(Pool.OPEN, 99, 0.0, 0.1) == Pool.OPEN
    assert judge(Pool.STOPPED, 5, 9.0, 0.1) == Pool.STOPPED


def test_nothing_is_judged_before_there_is_something_to_compare_with():
    pools = np.array([Pool.TRIAL, Pool.TRIAL])

    after, bars = judged(pools, np.array([9, 9]), (KNOWN[:2], KNOWN[:2]), SETTINGS)

    assert after.tolist() == [Pool.TRIAL, Pool.TRIAL]
    assert np.isneginf(bars).all()


def test_a_quota_is_what_its_pool_still_gives():
    pools = np.array([Pool.TRIAL, Pool.TRIAL, Pool.SECOND, Pool.OPEN, Pool.STOPPED])

    assert room_left(pools, np.array([4, 99, 12, 0, 0]), SETTINGS).tolist() == [
        6, 0, 8, 40, 0,
    ]  # fmt: skip


def test_a_bar_is_taken_from_all_that_were_tried_not_from_the_good_alone():
    pools = np.array([Pool.TRIAL, *4 * [Pool.STOPPED], Pool.OPEN])
    shown = np.array([9, 12, 12, 12, 12, 99])
    estimates = np.array([3.0, 1.0, 1.0, 2.0, 2.0, 9.0])

    after, bars = judged(pools, shown, (estimates, np.full(6, 0.1)), SETTINGS)

    assert bars[0] == 2
    assert after[0] == Pool.SECOND


def make_exposure(pools, shown=0, age=1, **settings):
    count = len(pools)
    audience = Audience.new(50, count, 2)
    random = np.random.default_rng(1)
    shown = np.full(count, shown)
    chosen = ExposureSettings(**settings)
    ages = np.full(count, age)
    return Exposure(audience, np.array(pools), shown, ages, chosen, random)


def test_the_shares_of_the_places_are_kept():
    pools = [Pool.OPEN] * 20 + [Pool.TRIAL] * 20 + [Pool.SECOND] * 20
    exposure = make_exposure(
        pools, trial_share=0.1, support_share=0.05, worth_giving=0, owed=0
    )
    values = np.tile(np.r_[np.full(20, 2.0), np.full(40, 1.0)], (2000, 1))
    exposure.shown[:] = -10_000  # room for all

    lists = exposure.lists(values, np.arange(60), 5)

    shares = np.bincount(np.array(pools)[lists].ravel(), minlength=2) / lists.size
    assert shares[Pool.TRIAL] == pytest.approx(0.1, abs=0.02)
    assert shares[Pool.SECOND] == pytest.approx(0.05, abs=0.02)


def test_no_list_repeats_a_video_or_shows_one_that_was_seen():
    exposure = make_exposure([Pool.TRIAL] * 30, trial_share=1)
    values = np.random.default_rng(3).random((50, 30))
    values[:, :10] = -np.inf

    lists = exposure.lists(values, np.arange(30), 6)

    assert all(len(set(row)) == 6 for row in lists.tolist())
    assert lists.min() >= 10


def test_a_quota_is_not_given_twice_on_one_page_of_many_viewers():
    exposure = make_exposure(
        [Pool.OPEN] * 9 + [Pool.TRIAL], shown=37, trial_share=1, worth_giving=0
    )
    values = np.tile(np.r_[np.full(9, 2.0), 1.0], (50, 1))

    lists = exposure.lists(values, np.arange(10), 4)

    assert (lists == 9).sum() == 3


def test_no_place_is_given_up_for_what_is_worth_far_less():
    pools = [Pool.OPEN] * 4 + [Pool.TRIAL] * 2
    exposure = make_exposure(pools, trial_share=1, worth_giving=0.8)

    assert explore_one(exposure, [1.7, 1]) == {4}
    assert explore_one(exposure, [1.5, 1]) == set()


def explore_one(exposure, on_trial):
    """What comes on a page of four where these compete for its last places."""
    values = np.r_[2.0, 2, 2, 2, on_trial][None]
    videos = np.arange(values.size)
    merit, prospects = np.arange(4)[None], exposure.prospects(videos)
    lists = exposure.explore(merit, values, videos, prospects)
    return set(lists[0].tolist()) - {0, 1, 2, 3}


def test_of_those_on_trial_the_newest_comes_first():
    pools = [Pool.OPEN] * 4 + [Pool.TRIAL] * 3
    exposure = make_exposure(pools, trial_share=1, trial_queue=1)

    assert explore_one(exposure, [1.8, 1.8, 1.8]) == {6}
    assert explore_one(exposure, [1.8, 1.8, 0.1]) == {5}


def test_however_many_wait_no_list_repeats_a_video():
    exposure = make_exposure([Pool.SECOND] * 9000, support_share=1, support_queue=1)
    values = np.random.default_rng(5).random((20, 9000))

    lists = exposure.lists(values, np.arange(9000), 6)

    assert all(len(set(row)) == 6 for row in lists.tolist())


def test_a_place_goes_to_what_suits_this_viewer_more_than_others():
    pools = [Pool.OPEN] * 4 + [Pool.TRIAL] * 2
    exposure = make_exposure(pools, trial_share=1, trial_queue=1e9)
    exposure.audience.videos.mean[4, 0] = 2.0  # everybody likes it

    assert explore_one(exposure, [1.8, 1.7]) == {5}


def test_what_has_passed_all_has_places_until_its_last_quota_is_full():
    pools = [Pool.OPEN] * 5
    exposure = make_exposure(pools, shown=400, support_share=1)
    exposure.shown[4] = 100

    assert explore_one(exposure, [1.8]) == {4}
    exposure.shown[4] = 300
    assert explore_one(exposure, [1.8]) == set()


def test_a_place_goes_to_what_may_yet_pass_rather_than_to_what_hardly_will():
    exposure = make_exposure(
        [Pool.OPEN] * 4 + [Pool.TRIAL] * 2, trial_share=1, trial_queue=1e9
    )
    seen_to_be_bad = exposure.audience.videos
    seen_to_be_bad.mean[5, 0], seen_to_be_bad.covariance[5] = -0.6, 0.05 * np.eye(3)

    assert explore_one(exposure, [1.7, 1.8]) == {4}


def test_as_long_as_there_is_no_bar_all_have_prospects():
    exposure = make_exposure([Pool.TRIAL] * 3)

    assert np.isfinite(exposure.prospects(np.arange(3))).all()


@pytest.mark.parametrize(
    ("pool", "shown", "factor"),
    [
        (Pool.TRIAL, 30, 1),  # nothing is known of it yet
        (Pool.SECOND, 60, 1.1),
        (Pool.THIRD, 240, 1.4),
        (Pool.OPEN, 240, 1.4),
        (Pool.OPEN, 300, 1),  # nothing is owed any more
        (Pool.STOPPED, 240, 1),
    ],
)
def test_what_has_passed_counts_for_more_the_nearer_it_is_to_its_last_quota(
    pool, shown, factor
):
    exposure = make_exposure([pool], shown=shown, owed=0.5)

    assert exposure.owed(np.array([0])) == pytest.approx(factor)


def test_after_a_day_nothing_is_owed_any_more():
    young, old = (make_exposure([Pool.OPEN], shown=240, age=age) for age in (23, 24))

    owed = [exposure.owed(np.array([0])).item() for exposure in (young, old)]

    assert owed == [pytest.approx(1.32), 1]


def test_what_is_owed_viewers_comes_to_those_who_like_it_nearly_as_much():
    exposure = make_exposure([Pool.OPEN] * 3, trial_share=0, support_share=0, owed=0.5)
    exposure.shown[:] = [400, 400, 240]
    values = np.array([[3, 2, 1.5], [3, 2, 1.3], [3, 2, -np.inf]])

    lists = exposure.lists(values, np.arange(3), 2)

    assert lists.tolist() == [[0, 2], [0, 1], [0, 1]]


def test_a_stopped_video_is_shown_for_what_it_is_and_not_for_hope():
    exposure = make_exposure([Pool.OPEN, Pool.STOPPED], stopped_optimism=0)
    videos = np.arange(2)

    values = exposure.values(np.array([0]), videos)[0]

    plain = exposure.audience.value([0], videos)[0]
    assert values[0] > values[1] == plain[1]


def test_those_with_most_to_gain_choose_first():
    values = np.array([[1.0, 5.0], [9.0, 6.0], [8.0, -np.inf]])

    assert share_out(values, np.array([1, 9])).tolist() == [1, 0, -1]
    assert share_out(values, np.array([0, 0])).tolist() == [-1, -1, -1]
