"""`celery worker --clock` asks for periodic work from a thread of its own."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from celery import Celery
from celery.worker import state

from marketplace.clock import Clock

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def app():
    app = Celery("clock", broker="memory://", set_as_current=False)
    app.conf.task_default_queue = "asked-for"
    app.conf.beat_schedule = {"tick": {"task": "tick", "schedule": 0.1}}
    return app


@pytest.fixture(autouse=True)
def unstopped(monkeypatch):
    monkeypatch.setattr(state, "should_stop", None)


def test_it_asks_for_what_is_due_until_it_is_stopped(app, tmp_path):
    clock = Clock(app, str(tmp_path / "schedule"))
    clock.start()
    with app.connection_for_read() as connection:
        message = connection.SimpleQueue("asked-for").get(timeout=10)
    clock.stop()

    assert message.headers["task"] == "tick"
    assert not clock.is_alive()
    assert state.should_stop is None


def test_the_next_one_goes_on_where_the_last_was_stopped(app, tmp_path):
    app.conf.beat_schedule = {"tick": {"task": "tick", "schedule": 3600}}
    started = []
    for _ in range(2):
        clock = Clock(app, str(tmp_path / "schedule"))
        clock.start()
        while not clock.service._last_tick:
            time.sleep(0.01)
        started.append(clock.service.scheduler.schedule["tick"].last_run_at)
        clock.stop()

    assert started[0] == started[1]


def test_a_clock_that_fails_stops_its_worker(app, tmp_path, caplog):
    clock = Clock(app, str(tmp_path / "no such folder" / "schedule"))
    clock.start()
    clock.join(10)

    assert state.should_stop == 1
    assert "The clock has failed" in caplog.text


def test_a_real_worker_ends_with_its_clock(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "celery", "-A", "marketplace", "worker", "--clock",
         "-s", str(tmp_path / "no such folder" / "schedule"), "-Q", "nothing",
         "--pool", "threads", "--without-gossip", "--without-mingle"],
        cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=120,
    )  # fmt: skip

    assert done.returncode == 1
    assert "The clock has failed" in done.stderr + done.stdout
