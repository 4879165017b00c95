"""Plots say where things lie; the template draws them without a script or a style."""

import pytest
from django.template.loader import render_to_string

from marketplace.plots import Axis, Mark, Series, percent, plot, ticks

X = Axis("second", low=0, high=10, is_whole=True)
Y = Axis("share", percent, 0, 1)


def test_a_curve_lies_between_the_ends_of_its_axes():
    made = plot("Watched", X, Y, [Series("all", [(0, 1), (5, 0.5), (10, 0)])])

    [shape] = made.shapes
    assert shape.path == "M0.00 0.00L50.00 50.00L100.00 100.00"
    assert made.rows == [["0", "100 %"], ["5", "50 %"], ["10", "0 %"]]
    assert [t.label for t in made.y_ticks] == ["0 %", "50 %", "100 %"]
    assert [(t.at, t.anchor) for t in made.x_ticks][::2] == [
        ("0.00%", "start"),
        ("100.00%", "end"),
    ]


@pytest.mark.parametrize(
    ("x", "path"), [(5, "M48.00 50.00L52.00 50.00"), (0, "M0.00 50.00L2.00 50.00")]
)
def test_a_single_point_is_a_dash(x, path):
    made = plot("Watched", X, Y, [Series("all", [(x, 0.5)])])

    assert made.shapes[0].path == path


def test_what_is_outside_lies_at_the_edge():
    made = plot("Watched", X, Y, [Series("all", [(-5, 2), (20, -1)])])

    assert made.shapes[0].path == "M0.00 0.00L100.00 100.00"


def test_a_band_goes_there_and_back_and_is_a_range_in_the_table():
    band = Series("about", [(0, 0.8), (10, 0.6)], "band", lows=[0.2, 0.4])

    made = plot("Watched", X, Y, [band])

    assert made.shapes[0].path == ("M0.00 20.00L100.00 40.00L100.00 60.00L0.00 80.00Z")
    assert made.rows == [["0", "20 % – 80 %"], ["10", "40 % – 60 %"]]


def test_bars_stand_on_nothing():
    made = plot("Watched", X, Y, [Series("all", [(5, 0.5)], "bars")])

    assert made.shapes[0].path == "M30.00 100.00L30.00 50.00L70.00 50.00L70.00 100.00Z"


def test_series_share_a_table_whose_gaps_are_dashes():
    made = plot("Two", X, Y, [Series("one", [(0, 1)]), Series("other", [(1, 0.25)])])

    assert made.header == ["second", "one", "other"]
    assert made.rows == [["0", "100 %", "–"], ["1", "–", "25 %"]]


@pytest.mark.parametrize("points", [[(0, 0)], [(3, 7)], [(0, 0), (0, 0)]])
def test_one_point_is_a_plot_too(points):
    assert plot("One", Axis("x"), Axis("y"), [Series("all", points)]).rows


def test_nothing_has_no_plot():
    assert plot("None", X, Y, [Series("all", [])]) is None


@pytest.mark.parametrize(
    ("low", "high", "is_whole", "expected"),
    [
        (0, 1, False, [0, 0.5, 1]),
        (0, 8, True, [0, 2, 4, 6, 8]),
        (0, 1, True, [0, 1]),
        (-3, 3, False, [-2, 0, 2]),
        (0, 130, False, [0, 50, 100]),
    ],
)
def test_marks_of_an_axis_are_round(low, high, is_whole, expected):
    assert ticks(low, high, is_whole) == expected


def test_the_picture_says_what_it_shows_and_escapes_it():
    made = plot(
        "Watched", X, Y, [Series("all", [(0, 1), (10, 0)])], [Mark(2, 4, "<b>Cup</b>")]
    )

    html = render_to_string("_plot.html", {"plot": made})

    assert 'role="img" aria-label="Watched: share by second.' in html
    assert '<rect class="plot-span" x="20.00%" width="20.00%"' in html
    assert "&lt;b&gt;Cup" in html
    assert "<td>100 %</td>" in html
    assert "style=" not in html
    assert "<script" not in html
