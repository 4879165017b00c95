import numpy as np
import pytest

from videos.feed.model import artefacts
from videos.feed.model.recommender import History, Recommender

BOWLS, PHONES = [11, 12, 13, 14], [25, 26, 27, 28]
KEYS = [*BOWLS, *PHONES, 90]
TEXTS = [
    *[[(f"Ceramic bowl thrown by hand {n}", 1)] for n in BOWLS],
    *[[(f"Wireless phone with music {n}", 1)] for n in PHONES],
    [("Ceramic vase thrown by hand", 1)],
]


def make_history(*visits):
    rows = [
        (visit, visit % 5, item, 1.0, 100 * visit + place)
        for visit, items in enumerate(visits)
        for place, item in enumerate(items)
    ]
    return History(*(np.array(column) for column in zip(*rows, strict=True)))


@pytest.fixture(scope="module")
def model():
    walks = [np.roll(group, -n) for group in (BOWLS, PHONES) for n in range(4)]
    return Recommender.fit(KEYS, TEXTS, make_history(*walks, [11, 999]))


def test_each_part_answers_in_the_catalogues_own_keys(model):
    assert model.after([11, 12], 1)[0].tolist() == [13]
    assert set(model.for_taste([25], 4)[0]) <= set(KEYS)
    assert model.for_taste([25], 4)[0][0] in PHONES


def test_what_nobody_has_seen_is_found_by_its_words(model):
    assert 90 not in model.for_taste([11, 12], 9)[0]
    assert 90 in model.alike([11, 12], 5)[0]


def test_keys_that_came_later_are_passed_over(model):
    assert model.after([999, 11], 1)[0].tolist() == model.after([11], 1)[0].tolist()
    assert model.after([999], 5)[0].tolist() == []
    assert model.alike([999], 5)[0].tolist() == []


def test_scores_are_between_0_and_1(model):
    for found in (model.after([11], 9), model.for_taste([11], 9), model.alike([11], 9)):
        assert found[1].max() == 1
        assert found[1].min() >= 0


def test_it_is_the_same_after_writing_and_reading(model, tmp_path):
    artefacts.write(tmp_path / "a", {"recommender": model})

    found = artefacts.read(tmp_path / "a", "recommender", Recommender)

    assert found.after([11, 12], 3)[0].tolist() == model.after([11, 12], 3)[0].tolist()
    assert found.alike([11], 3)[0].tolist() == model.alike([11], 3)[0].tolist()


def test_without_any_history_content_is_left():
    nothing = History(*np.empty((5, 0), int))

    model = Recommender.fit(KEYS, TEXTS, nothing)

    assert model.after([11], 3)[0].tolist() == []
    assert model.for_taste([11], 3)[0].tolist() == []
    assert 90 in model.alike([11], 5)[0]
