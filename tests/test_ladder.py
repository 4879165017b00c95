from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videos.ladder import (
    SEGMENT_SECONDS,
    STANDARD_RATES,
    constant_rate,
    displayed_size,
    rungs_for,
)

sides = st.integers(min_value=64, max_value=8192)
rates = st.fractions(min_value=1, max_value=240)


def sizes(rungs):
    return [(rung.width, rung.height) for rung in rungs]


def test_a_portrait_phone_clip_gets_the_ladder_on_its_short_edge():
    rungs = rungs_for(1080, 1920, Fraction(30))

    assert sizes(rungs) == [(360, 640), (540, 960), (720, 1280), (1080, 1920)]


def test_720_by_1280_never_becomes_1080_wide():
    assert sizes(rungs_for(720, 1280, Fraction(30)))[-1] == (720, 1280)


def test_a_picture_smaller_than_every_rung_keeps_its_size():
    assert sizes(rungs_for(176, 144, Fraction(15))) == [(176, 144)]


def test_odd_sizes_become_even_and_not_larger():
    assert sizes(rungs_for(355, 201, Fraction(30))) == [(354, 200)]


def test_sixty_frames_are_kept_only_where_they_are_seen():
    rungs = rungs_for(1080, 1920, Fraction(60))

    assert [rung.frame_rate for rung in rungs] == [30, 30, 60, 60]
    assert [rung.video_kbps for rung in rungs] == [800, 1600, 4200, 7500]


@given(width=sides, height=sides, rate=rates)
def test_no_rung_is_upscaled_odd_or_faster_than_60(width, height, rate):
    for rung in rungs_for(width, height, rate):
        assert rung.width <= width
        assert rung.height <= height
        assert rung.width % 2 == rung.height % 2 == 0
        assert rung.frame_rate <= 60


@given(width=sides, height=sides, rate=rates)
def test_rungs_keep_the_shape_to_the_pixel(width, height, rate):
    for rung in rungs_for(width, height, rate):
        scale = Fraction(max(rung.width, rung.height) + 2, max(width, height))
        assert min(rung.width, rung.height) <= min(width, height) * scale
        assert rung.name == f"{min(rung.width, rung.height)}p"


@given(width=sides, height=sides, rate=rates)
def test_groups_end_at_the_same_time_on_every_rung(width, height, rate):
    rungs = rungs_for(width, height, rate)

    lengths = {rung.group_frames / rung.frame_rate for rung in rungs}
    assert len(lengths) == 1
    assert abs(lengths.pop() - SEGMENT_SECONDS) < Fraction(1, 20)


@given(width=sides, height=sides, rate=rates)
def test_a_ladder_rises(width, height, rate):
    rungs = rungs_for(width, height, rate)

    assert len({rung.name for rung in rungs}) == len(rungs)
    assert [rung.video_kbps for rung in rungs] == sorted(r.video_kbps for r in rungs)


@pytest.mark.parametrize(
    ("measured", "constant"),
    [
        (Fraction(30), Fraction(30)),
        (Fraction(30000, 1001), Fraction(30000, 1001)),
        (Fraction("29.98"), Fraction(30000, 1001)),
        (Fraction("28.6"), Fraction(30000, 1001)),  # a phone that dropped frames
        (Fraction("8.797"), Fraction(24000, 1001)),
        (Fraction("33"), Fraction(48)),
        (Fraction(25), Fraction(25)),
        (Fraction(120), Fraction(60)),
    ],
)
def test_a_varying_rate_becomes_a_standard_one(measured, constant):
    assert constant_rate(measured) == constant


@given(rates)
def test_the_constant_rate_is_a_standard_one(rate):
    assert constant_rate(rate) in STANDARD_RATES


@pytest.mark.parametrize(
    ("stored", "aspect", "rotation", "shown"),
    [
        ((1920, 1080), Fraction(1), 0, (1920, 1080)),
        ((1920, 1080), Fraction(1), -90, (1080, 1920)),
        ((1920, 1080), Fraction(1), 180, (1920, 1080)),
        ((1280, 1080), Fraction(3, 2), 0, (1920, 1080)),
        ((1280, 1080), Fraction(3, 2), 90, (1080, 1920)),
        ((720, 576), Fraction(1, 2), 0, (720, 1152)),
    ],
)
def test_rotation_and_pixel_shape_are_applied(stored, aspect, rotation, shown):
    assert displayed_size(*stored, aspect, rotation) == shown
