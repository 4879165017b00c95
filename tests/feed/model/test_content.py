import numpy as np
import pytest

from videos.feed.model import content
from videos.feed.model.content import Content, Shelves, most_alike, terms_of

CATALOGUE = [
    [("Blue ceramic bowl", 3), ("Thrown by hand, for soup and rice", 1)],
    [("Green ceramic plate", 3), ("Thrown by hand, for cake", 1)],
    [("Ceramic vase", 3), ("Thrown by hand, for flowers", 1)],
    [("Wireless headphones", 3), ("Bluetooth, thirty hours of music", 1)],
    [("Headphones with a cable", 3), ("Studio music, no Bluetooth", 1)],
    [("Small loudspeaker", 3), ("Music by Bluetooth, ten hours", 1)],
]


def test_a_new_text_is_nearest_to_what_it_speaks_of():
    model = Content.fit(CATALOGUE, dimensions=3)
    vectors = model.vectors(CATALOGUE)

    bowl, music = model.vectors(
        [[("A ceramic bowl", 1)], [("Music over Bluetooth headphones", 1)]]
    )

    assert set(most_alike(vectors, bowl, 3)[0]) == {0, 1, 2}
    assert set(most_alike(vectors, music, 3)[0]) == {3, 4, 5}


def test_vectors_are_of_length_one_and_nought_without_a_known_word():
    model = Content.fit(CATALOGUE, dimensions=3)

    known, empty = model.vectors([CATALOGUE[0], []])

    assert np.isclose(np.linalg.norm(known), 1)
    assert not empty.any()


def test_case_and_width_of_letters_make_no_difference():
    assert terms_of("Ｂlue BOWL") == ["blue", "bowl", "blue bowl"]


def test_the_nearest_of_none_is_none():
    rows, nearness = most_alike(np.empty((0, 3)), np.ones(3), 5)

    assert (len(rows), len(nearness)) == (0, 0)


def test_what_is_near_is_found_without_passing_over_all(monkeypatch):
    monkeypatch.setattr(content, "LOOKED_AT", 400)
    random = np.random.default_rng(4)
    centres = random.standard_normal((40, 8))
    vectors = centres[random.integers(0, 40, 4000)]
    vectors = vectors + 0.3 * random.standard_normal(vectors.shape)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    shelves = Shelves.of(vectors)

    found = []
    for wanted in vectors[:50]:
        assert len(shelves.most_alike(wanted, 4000)[0]) < 1000
        near, _ = shelves.most_alike(wanted, 20)
        found.append(np.isin(most_alike(vectors, wanted, 20)[0], near).mean())

    assert len(shelves.rows) == len(set(shelves.rows.tolist())) == 4000
    assert np.mean(found) > 0.9


@pytest.mark.parametrize("count", [0, 1, 7])
def test_a_small_catalogue_stands_on_one_shelf(count):
    shelves = Shelves.of(np.eye(7, dtype=np.float32)[:count])

    rows, nearness = shelves.most_alike(np.arange(7.0), 9)

    assert rows.tolist() == list(range(count))[::-1]
    assert nearness.tolist() == rows.tolist()


def test_a_later_model_keeps_to_the_directions_of_the_former():
    former = Content.fit(CATALOGUE, dimensions=3)
    grown = [*CATALOGUE, [("Ceramic cup", 3)], [("Music box", 3)]]

    later = Content.fit(grown, 3, former)

    before, after = former.vectors(CATALOGUE), later.vectors(CATALOGUE)
    assert (before * after).sum(axis=1).min() > 0.9
