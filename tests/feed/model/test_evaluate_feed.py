import gzip

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from scipy import sparse

from videos.feed.model import evaluation
from videos.feed.model.evaluation import choose, taste_scores, visit_scores
from videos.feed.model.taste import Taste, TasteSettings
from videos.feed.model.visits import VisitSettings


@pytest.fixture(autouse=True)
def few_settings(monkeypatch):
    monkeypatch.setattr(evaluation, "VISIT_GRID", {"again": [0, 0.1]})
    monkeypatch.setattr(evaluation, "TASTE_GRID", {"smooth": [0.3], "rank": [2, 4]})


def write_lines(file, lines):
    with gzip.open(file, "wt") as out:
        out.write("".join(f"{line}\n" for line in lines))


def make_visits(folder):
    """Everybody walks in a circle of twelve items, so what comes next is certain."""
    folder.mkdir()
    starts = np.random.default_rng(3).integers(0, 12, 200)
    walks = [" ".join(str(1 + (s + n) % 12) for n in range(4)) for s in starts]
    write_lines(folder / "train_sessions.txt.gz", walks)
    write_lines(folder / "test_prefix_next.txt.gz", ["1 2\t3", "11\t12", "5 6\t7"])


def make_tastes(folder, name):
    random = np.random.default_rng(3)
    liked = np.zeros((60, 40))
    for viewer in range(60):
        own = 20 * (viewer % 2) + random.choice(20, 10, replace=False)
        liked[viewer, own] = 1
    test = np.where(random.random(liked.shape) < 0.3, liked, 0)
    for part, matrix in (("train", liked - test), ("test", test)):
        sparse.save_npz(folder / f"{name}_{part}.npz", sparse.csr_array(matrix))


def test_both_kinds_of_sets_are_measured(tmp_path, capsys):
    make_visits(tmp_path / "circles")
    make_tastes(tmp_path, "halves")

    call_command("evaluate_feed", tmp_path)

    said = capsys.readouterr().out
    assert "circles: P@20 % 100.0000, MRR@20 % 100.0000 (3 cases)" in said
    assert "halves: Recall@20 0.99" in said
    assert "trained in" in said
    assert "p99" in said


def test_an_empty_folder_is_told_what_is_expected(tmp_path):
    with pytest.raises(CommandError, match="train_sessions.txt.gz"):
        call_command("evaluate_feed", tmp_path)


def test_a_file_that_is_no_matrix_is_named(tmp_path):
    (tmp_path / "odd_train.npz").write_bytes(b"not a matrix")

    with pytest.raises(CommandError, match="odd_train"):
        call_command("evaluate_feed", tmp_path)


def test_a_visit_is_scored_by_the_place_of_what_came_next():
    answers = [np.array([4, 5, 6]), np.array([4, 5, 6])]

    assert visit_scores(answers, [5, 9]) == (0.5, 0.25)


def test_a_taste_is_scored_as_the_published_ones_are():
    liked = np.array([7, 8])

    recall, gain = taste_scores([np.array([7, 1, 2])], [liked])

    assert recall == 0.5
    assert np.isclose(gain, 1 / (1 + 1 / np.log2(3)))


def test_ranks_that_share_a_decomposition_are_scored_as_if_each_had_its_own(tmp_path):
    make_tastes(tmp_path, "halves")
    train = sparse.csr_array(sparse.load_npz(tmp_path / "halves_train.npz"))
    kept, wanted = evaluation.held_back_entries(train)

    both = evaluation.taste_grid_scores(kept, wanted, [2, 4], [0.3])
    alone = evaluation.taste_grid_scores(kept, wanted, [2], [0.3])

    assert set(both) == {(2, 0.3), (4, 0.3)}
    assert np.isclose(both[2, 0.3], alone[2, 0.3], rtol=0.02)
    assert both[4, 0.3] > 0


def test_the_scores_of_the_grid_are_those_of_the_lists_before_they_are_cut(tmp_path):
    make_tastes(tmp_path, "halves")
    train = sparse.csr_array(sparse.load_npz(tmp_path / "halves_train.npz"))
    kept, wanted = evaluation.held_back_entries(train)
    viewers = np.flatnonzero(np.diff(wanted.indptr))

    found = evaluation.taste_grid_scores(kept, wanted, [4], [0.3])[4, 0.3]

    model = Taste.fit(kept, TasteSettings(rank=4, smooth=0.3, kept=40))
    answers = [model.next(liked, 20) for liked in evaluation.rows_of(kept, viewers)]
    expected = taste_scores(answers, evaluation.rows_of(wanted, viewers))
    assert np.isclose(found, sum(expected), rtol=0.02)


def test_the_best_settings_are_found_one_field_after_the_other():
    def score(settings):
        return -abs(settings.reach - 3) - abs(settings.length - 2)

    grid = {"reach": [1, 3, 9], "length": [2, 5]}

    found = choose(VisitSettings(), grid, score)

    assert (found.reach, found.length) == (3, 2)
