import numpy as np

from videos.feed.model import artefacts, content
from videos.feed.model.products import Products

KEYS = [3, 5, 8, 13, 21, 34]
DOCUMENTS = [
    [("Blue ceramic bowl", 3), ("Thrown by hand, for soup and rice", 1)],
    [("Wireless headphones", 3), ("Bluetooth, thirty hours of music", 1)],
    [("Green ceramic plate", 3), ("Thrown by hand, for cake", 1)],
    [("Headphones with a cable", 3), ("Studio music, no Bluetooth", 1)],
    [("Ceramic vase", 3), ("Thrown by hand, for flowers", 1)],
    [("Small loudspeaker", 3), ("Music by Bluetooth, ten hours", 1)],
]


def fitted():
    return Products.fit(DOCUMENTS, zip(KEYS, DOCUMENTS, strict=True))


def test_a_product_is_like_those_of_its_kind_and_not_like_itself():
    assert set(fitted().alike(3, 2)) == {8, 21}
    assert set(fitted().alike(34, 2)) == {5, 13}


def test_one_that_came_later_is_known_by_its_words():
    new = [("Ceramic cup", 3), ("Thrown by hand", 1)]

    assert set(fitted().alike(99, 3, new)) == {3, 8, 21}
    assert len(fitted().alike(99, 3)) == 0


def test_nearness_is_to_the_nearest_and_never_to_itself():
    near = fitted().nearness([8, 5, 99], [3, 5])

    assert near[0] > 0.4
    assert near[1] < 0.1
    assert near[2] == 0
    assert not fitted().nearness([8, 5], []).any()


def test_a_single_product_is_like_none():
    only = Products.fit(DOCUMENTS[:1], [(7, DOCUMENTS[0])])

    assert len(only.alike(7, 5)) == 0
    assert only.nearness([7], [7]).tolist() == [0]


def test_of_many_some_say_which_words_go_together(monkeypatch):
    monkeypatch.setattr(content, "FITTED", 4)
    monkeypatch.setattr(content, "BLOCK", 4)

    documents = [DOCUMENTS[place] for place in (0, 3, 1, 2, 4, 5)]
    some = Products.fit(documents, zip(KEYS, documents, strict=True))

    assert some.keys.tolist() == KEYS
    # The bowl is like plate and vase, though nothing was learnt from the plate.
    assert set(some.alike(3, 2)) == {13, 21}
    assert not some.content.directions[bucket("cable")].any()
    assert some.content.directions[bucket("ceramic")].any()


def bucket(word):
    return content.hashed([[(word, 1)]]).indices[0]


def test_it_is_the_same_from_its_files(tmp_path):
    artefacts.write(tmp_path / "m", {"products": fitted()})

    read = artefacts.read(tmp_path / "m", "products", Products)

    assert np.array_equal(read.alike(3, 5), fitted().alike(3, 5))
