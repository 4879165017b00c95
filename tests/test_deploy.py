"""What stands behind `make run` and `make lint`."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "deploy"))

import lint  # noqa: E402
import prepare  # noqa: E402
import run  # noqa: E402


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


def test_one_worker_asks_for_periodic_work():
    assert sum("--clock" in command for command in run.commands().values()) == 1


# Each command says something as soon as it runs, and one of them may end by itself.
RUN_TWO = """
import run, sys
manager = run.ThreadManager(run.Printer(sys.stdout))
for name, command in zip(["first", "second"], sys.argv[1:]):
    manager.add_process(name, command)
manager.loop()
sys.exit(manager.returncode)
"""
LONG = "echo here; exec sleep 60"


def run_two(*commands):
    return subprocess.Popen(
        [sys.executable, "-c", RUN_TWO, *commands],
        cwd=ROOT / "deploy",
        stdout=subprocess.PIPE,
        text=True,
    )


def test_the_end_of_one_process_ends_the_others_and_is_said():
    running = run_two("echo hello; exit 3", LONG)
    said, _ = running.communicate(timeout=30)

    assert running.returncode == 3
    assert re.search(r"^\d\d:\d\d:\d\d first  \| hello$", said, re.MULTILINE)
    assert "first stopped (rc=3)" in said
    assert "second stopped (rc=-15)" in said


@pytest.mark.parametrize(
    ("ending", "returncode"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_ctrl_c_ends_all_processes_and_nothing_stays(ending, returncode):
    running = run_two(LONG, LONG)
    heard = 0
    while heard < 2:
        heard += "| here" in running.stdout.readline()
    children = psutil.Process(running.pid).children(recursive=True)
    running.send_signal(ending)
    running.communicate(timeout=30)

    assert running.returncode == returncode
    # Each process is there itself, and no Python that only reads what it says.
    assert [child.is_running() for child in children] == [False, False]


def test_no_lock_file_names_a_host():
    assert list(lint.hosts_in_locks()) == []
