import numpy as np
import pytest
from scipy import sparse

from videos.feed.model import taste
from videos.feed.model.taste import Taste, TasteSettings, smooth_vectors

SETTINGS = TasteSettings(rank=3, kept=5)


def groups(viewers=40, items=20, seed=1):
    """Two groups of viewers, each with a half of the items; none likes all of it."""
    random = np.random.default_rng(seed)
    liked = np.zeros((viewers, items))
    liked[: viewers // 2, : items // 2] = (
        random.random((viewers // 2, items // 2)) < 0.5
    )
    liked[viewers // 2 :, items // 2 :] = (
        random.random((viewers // 2, items // 2)) < 0.5
    )
    return liked


def test_what_ones_own_group_likes_comes_next():
    model = Taste.fit(groups(), SETTINGS)

    assert set(model.next([0, 1], 5)) <= set(range(10))
    assert set(model.next([15], 5)) <= set(range(10, 20))


def test_what_is_known_does_not_come_again():
    model = Taste.fit(groups(), SETTINGS)

    assert not {3, 4} & set(model.next([3, 4], 20))


def test_a_row_is_no_longer_than_the_settings_allow():
    model = Taste.fit(groups(), SETTINGS)

    assert np.diff(model.neighbours.starts).max() == 5


def test_a_large_catalogue_takes_a_bounded_amount_of_memory():
    small, large = TasteSettings.for_size(10_000), TasteSettings.for_size(1_000_000)

    assert small == TasteSettings()
    assert 1_000_000 * large.kept * 8 <= 600_000_000
    assert 1_000_000 * large.rank * 4 <= 1_100_000_000


def test_untruncated_it_is_the_filter_as_published(monkeypatch):
    liked = groups()
    users, items = liked.sum(1), np.maximum(liked.sum(0), 1e-9)
    plain = liked / np.sqrt(np.maximum(users, 1e-9))[:, None] / np.sqrt(items)
    vectors = np.linalg.svd(plain)[2][:3].T
    linear = plain.T @ plain
    ideal = (vectors @ vectors.T) * np.sqrt(items) / np.sqrt(items)[:, None]
    expected = linear + 0.3 * ideal
    settings = TasteSettings(rank=3, smooth=0.3, kept=20)

    every = Taste.fit(liked, settings).neighbours.matrix().toarray()
    monkeypatch.setattr(taste, "EVERY_PAIR_UP_TO", 0)
    common = Taste.fit(liked, settings).neighbours.matrix().toarray()

    assert np.allclose(every, np.maximum(expected, 0), atol=1e-3)
    assert np.allclose(common, np.where(linear > 0, expected, 0), atol=1e-3)


@pytest.mark.parametrize("shape", [(3, 2), (2, 3), (1, 1)])
def test_a_small_shop_can_be_learnt_from(shape):
    model = Taste.fit(np.ones(shape), TasteSettings())

    assert set(model.next([0], 5)) == set(range(1, shape[1]))


def test_an_item_that_nobody_liked_has_no_neighbours():
    liked = groups()
    liked[:, 4] = 0

    assert Taste.fit(liked, SETTINGS).next([4], 5).tolist() == []


def test_smooth_vectors_are_those_of_the_decomposition():
    matrix = sparse.csr_array(groups())

    found = smooth_vectors(matrix, 2)

    expected = np.linalg.svd(matrix.toarray())[2][:2].T
    assert np.allclose(np.abs(found.T @ expected), np.eye(2), atol=1e-3)
