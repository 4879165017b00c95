import numpy as np
import pytest

from videos.feed.model import artefacts
from videos.feed.model.subjects import EACH, MOST, Subjects

DIMENSIONS = 8


def rows_of_length_one(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
def random():
    return np.random.default_rng(1)


@pytest.fixture
def themes(random):
    """Of 600 videos about four subjects."""
    centres = rows_of_length_one(random.standard_normal((4, DIMENSIONS)))
    subjects = random.integers(0, 4, 600)
    return centres[subjects] + 0.1 * random.standard_normal((600, DIMENSIONS))


@pytest.fixture
def content(random, themes):
    """What words say of it, with much chance in it."""
    noise = 0.5 * random.standard_normal(themes.shape)
    return rows_of_length_one(themes + noise).astype(np.float32)


def error(found, themes):
    """Of the best that any one scale makes of it."""
    scale = (found * themes).sum() / (found * found).sum()
    return ((scale * found - themes) ** 2).mean()


def test_expected_is_nearer_to_the_truth_than_words_alone(content, themes):
    expected = Subjects.of(content).expected(content)

    assert error(expected, themes) < 0.9 * error(content, themes)


def test_also_of_videos_that_came_after(random, content, themes):
    subjects = Subjects.of(content[:500])

    expected = subjects.expected(content[500:])

    assert error(expected, themes[500:]) < 0.9 * error(content[500:], themes[500:])


def test_chances_add_up_to_one(content):
    responsibilities = Subjects.of(content).responsibilities(content)

    assert responsibilities.shape == (600, MOST)
    assert np.allclose(responsibilities.sum(axis=1), 1, atol=1e-5)


def test_of_no_known_word_nothing_is_expected(content):
    content[3] = 0

    expected = Subjects.of(content).expected(content)

    assert not expected[3].any()
    assert expected[4].any()


def test_few_videos_have_no_subjects_and_their_own_content(content):
    few = content[: 2 * EACH - 1]

    subjects = Subjects.of(few)

    assert not len(subjects.centres)
    assert np.array_equal(subjects.expected(few), few)


@pytest.mark.parametrize("count", [0, 1, 5000])
def test_what_is_all_the_same_has_no_subjects(count):
    alike = np.tile(np.eye(DIMENSIONS, dtype=np.float32)[:1], (count, 1))

    assert not len(Subjects.of(alike).centres)


def test_the_same_content_has_the_same_subjects(content):
    assert np.array_equal(Subjects.of(content).centres, Subjects.of(content).centres)


def test_they_are_kept_with_a_model(tmp_path, content):
    subjects = Subjects.of(content)
    artefacts.write(tmp_path / "model", {"subjects": subjects})

    found = artefacts.read(tmp_path / "model", "subjects", Subjects)

    assert np.array_equal(found.expected(content), subjects.expected(content))
