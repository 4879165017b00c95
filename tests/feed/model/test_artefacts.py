import json
from dataclasses import dataclass

import numpy as np
import pytest

from videos.feed.model import artefacts
from videos.feed.model.artefacts import BrokenArtefact
from videos.feed.model.visits import Visits, VisitSettings


@pytest.fixture
def visits():
    rows = np.array([[0, 1, 0], [0, 2, 1], [1, 2, 2], [1, 3, 3]])
    return Visits.fit(*rows.T, 5, VisitSettings(reach=2))


def test_a_part_answers_as_before_and_its_arrays_are_mapped(visits, tmp_path):
    artefacts.write(tmp_path / "one", {"visits": visits}, videos=5)

    found = artefacts.read(tmp_path / "one", "visits", Visits)

    assert found.settings == visits.settings
    assert isinstance(found.transitions.weights.base, np.memmap)
    assert found.next([1], 5).tolist() == visits.next([1], 5).tolist()
    assert artefacts.check(tmp_path / "one")["facts"] == {"videos": 5}


def test_what_an_earlier_version_stored_has_none_of_the_later_parts(tmp_path):
    @dataclass(frozen=True)
    class Before:
        keys: np.ndarray

    @dataclass(frozen=True)
    class After:
        keys: np.ndarray
        visits: Visits = None

    artefacts.write(tmp_path / "one", {"part": Before(np.arange(3))})

    found = artefacts.read(tmp_path / "one", "part", After)

    assert found.keys.tolist() == [0, 1, 2]
    assert found.visits is None


def test_a_changed_file_is_noticed(visits, tmp_path):
    artefacts.write(tmp_path / "one", {"visits": visits})
    file = tmp_path / "one" / "visits.items.npy"
    file.write_bytes(file.read_bytes()[:-1] + b"\7")

    with pytest.raises(BrokenArtefact, match="visits.items"):
        artefacts.check(tmp_path / "one")


def test_a_missing_file_is_noticed(visits, tmp_path):
    artefacts.write(tmp_path / "one", {"visits": visits})
    (tmp_path / "one" / "visits.items.npy").unlink()

    with pytest.raises(BrokenArtefact):
        artefacts.check(tmp_path / "one")


@pytest.mark.parametrize("content", [None, "", "{"])
def test_a_folder_that_was_not_finished_is_refused(tmp_path, content):
    if content is not None:
        (tmp_path / "manifest.json").write_text(content)

    with pytest.raises(BrokenArtefact):
        artefacts.check(tmp_path)


def test_the_manifest_is_written_last(visits, tmp_path, monkeypatch):
    def fail(file):
        raise OSError("no room")

    monkeypatch.setattr(artefacts, "checksum", fail)
    with pytest.raises(OSError, match="no room"):
        artefacts.write(tmp_path / "one", {"visits": visits})

    assert not (tmp_path / "one" / "manifest.json").exists()


def test_the_manifest_says_what_was_trained(visits, tmp_path):
    artefacts.write(tmp_path / "one", {"visits": visits}, version="7")

    manifest = json.loads((tmp_path / "one" / "manifest.json").read_text())

    assert manifest["settings"]["visits.settings"]["reach"] == 2
    assert manifest["facts"]["version"] == "7"
