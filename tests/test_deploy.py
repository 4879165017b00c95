"""What stands behind `make run` and `make lint`."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "deploy"))

import lint  # noqa: E402
import prepare  # noqa: E402


@pytest.fixture
def source(tmp_path, monkeypatch):
    monkeypatch.setattr(prepare, "ROOT", tmp_path)
    file = tmp_path / "source.txt"
    file.write_text("one")
    return file


def make(source):
    """Whether the step had to be done."""
    with prepare.Step(source.with_name("stamp"), [source]) as step:
        return step.is_needed


def test_a_step_is_done_once(source):
    assert make(source) is True
    assert make(source) is False


def test_a_step_is_done_again_when_what_it_is_made_from_changed(source):
    make(source)
    source.write_text("two")

    assert make(source) is True


def test_a_step_that_failed_is_done_again(source):
    with (
        pytest.raises(RuntimeError),
        prepare.Step(source.with_name("stamp"), [source]),
    ):
        raise RuntimeError

    assert make(source) is True


@pytest.mark.parametrize("taken", [0, 1])
def test_a_taken_port_is_said_before_anything_starts(taken):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        done = subprocess.run(
            [sys.executable, "deploy/run.py"],
            cwd=ROOT,
            env=os.environ | {"PORT": str(port - taken), "STRIPE_SECRET_KEY": ""},
            capture_output=True,
            text=True,
        )

    assert done.returncode == 1
    assert f"Port {port} cannot be used" in done.stderr
    assert "make run PORT=" in done.stderr


def test_no_lock_file_names_a_host():
    assert list(lint.hosts_in_locks()) == []
