"""The launcher of the children that read uploads, and what it must not hand on."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tests.clips import make_clip
from videos import children, ffmpeg, launcher
from videos.ffmpeg import FFmpegError, Limits, UnreadableVideo

pytestmark = pytest.mark.ffmpeg
linux = pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")

LIMITS = Limits(wall_seconds=20, cpu_seconds=10, file_bytes=100_000)


def python(code):
    return [sys.executable, "-I", "-c", code]


def running(command, limits=LIMITS):
    """A child as `ffmpeg.run` starts it."""
    with tempfile.TemporaryFile() as errors:
        return children.start([*ffmpeg.terms_of(limits, command), *command], errors)


@contextlib.contextmanager
def waiting_inspection(tmp_path):
    """One that cannot begin to read: what it opens is a pipe that nobody writes."""
    pipe = tmp_path / "film.mp4"
    os.mkfifo(pipe)
    command = [sys.executable, "-I", str(ffmpeg.INSPECTION), str(pipe)]
    limits = replace(ffmpeg.PROBE_LIMITS, reads=(pipe, ffmpeg.INSPECTION.parent))
    child = running(command, limits)
    try:
        wait_until(lambda: waits_behind_walls(child.pid))
        yield child
    finally:
        child.end()


def test_all_children_have_one_launcher():
    first, second = (running(python("")) for _ in range(2))

    assert first.launcher is second.launcher
    assert [child.wait(10)[0] for child in (first, second)] == [0, 0]
    for child in (first, second):
        child.end()


def test_threads_get_what_their_own_child_wrote():
    def said(number):
        return ffmpeg.run(python(f"print({number})"), limits=LIMITS).strip()

    with ThreadPoolExecutor(max_workers=8) as pool:
        assert list(pool.map(said, range(24))) == [f"{n}" for n in range(24)]


def test_a_launcher_that_was_killed_is_replaced():
    child = running(python("import time; time.sleep(60)"))
    child.launcher.process.kill()

    with pytest.raises(children.ChildLost):
        child.wait(10)
    child.end()

    assert ffmpeg.run(python("print(1)"), limits=LIMITS) == "1\n"


def test_a_launcher_that_does_not_answer_is_replaced(monkeypatch):
    children.end_launcher()
    monkeypatch.setattr(children, "PATIENCE_SECONDS", 2)
    child = running(python("import time; time.sleep(60)"))
    child.launcher.process.send_signal(signal.SIGSTOP)

    with pytest.raises(children.ChildLost):
        child.wait(10)
    child.end()

    wait_until(lambda: not psutil.pid_exists(child.pid))
    assert ffmpeg.run(python("print(1)"), limits=LIMITS) == "1\n"


def test_a_command_whose_launcher_is_killed_may_be_tried_again():
    """It says nothing of the video."""
    killed = []

    def kill(_line):
        if not killed:
            killed.append(children.launcher().process.kill())

    with pytest.raises(FFmpegError) as caught:
        ffmpeg.run(python("import time; time.sleep(60)"), limits=LIMITS, on_line=kill)

    assert not isinstance(caught.value, UnreadableVideo)


def test_a_launcher_ends_when_nobody_asks(monkeypatch):
    monkeypatch.setattr(launcher, "IDLE_SECONDS", 0.05)
    ours, theirs = socket.socketpair()

    with ours, theirs, pytest.raises(SystemExit):
        launcher.Launcher(theirs).serve()


def test_a_fork_of_a_worker_has_a_launcher_of_its_own():
    mine = running(python(""))
    mine.wait(10)
    pid = os.fork()
    if not pid:
        with contextlib.suppress(BaseException):
            other = running(python("print(1)"))
            os._exit(other.launcher is mine.launcher or other.wait(10)[0])
        os._exit(9)

    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    mine.end()
    assert ffmpeg.run(python("print(1)"), limits=LIMITS) == "1\n"


# Says who its launcher and its child are, and waits to be killed.
WORKER = """
import sys, tempfile, time
from videos import children, ffmpeg
command = [sys.executable, "-I", "-c", "import time; time.sleep(60)"]
terms = ffmpeg.terms_of(ffmpeg.Limits(60, 10), command)
child = children.start([*terms, *command], tempfile.TemporaryFile())
print(child.launcher.process.pid, child.pid, flush=True)
time.sleep(60)
"""


@linux
def test_a_killed_worker_takes_launcher_and_children_along():
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER], cwd=Path(__file__).parent.parent,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"},
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    with worker:
        pids = [int(word) for word in worker.stdout.readline().split()]
        assert all(map(psutil.pid_exists, pids))

        worker.kill()

    wait_until(lambda: not any(map(psutil.pid_exists, pids)))


def wait_until(is_so, seconds=10):
    give_up_at = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < give_up_at
        time.sleep(0.01)


def status_of(pid, name):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith(f"{name}:"))


def limits_of(pid):
    """Soft ones, by the kernel's names."""
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    return {line[:26].strip(): line[26:].split()[0] for line in lines}


def waits_behind_walls(pid):
    is_limited = limits_of(pid)["Max file size"] == f"{ffmpeg.PROBE_LIMITS.file_bytes}"
    return is_limited and status_of(pid, "State") == "S"


@linux
def test_an_inspection_has_its_walls_before_it_opens_the_file(tmp_path):
    """It is a fork of the launcher, without exec, which would have closed its files."""
    limits = ffmpeg.PROBE_LIMITS

    with waiting_inspection(tmp_path) as child:
        found = limits_of(child.pid)
        assert found["Max address space"] == f"{limits.memory_bytes}"
        assert found["Max cpu time"] == f"{limits.cpu_seconds}"
        assert found["Max file size"] == f"{limits.file_bytes}"
        assert found["Max core file size"] == "0"
        assert os.getsid(child.pid) == os.getpgid(child.pid) == child.pid
        assert status_of(child.pid, "NoNewPrivs") == "1"
        files = [file.name for file in Path(f"/proc/{child.pid}/fd").iterdir()]
        assert sorted(files) == ["0", "1", "2"]
        assert os.readlink(f"/proc/{child.pid}/fd/0") == os.devnull
        if "network namespace" not in ffmpeg.missing_walls():
            assert namespace(child.pid) != namespace("self")
            for rights in ("CapPrm", "CapEff", "CapInh", "CapAmb"):
                assert int(status_of(child.pid, rights), 16) == 0


def namespace(pid):
    return os.readlink(f"/proc/{pid}/ns/net")


@linux
@pytest.mark.skipif("Landlock" in ffmpeg.missing_walls(), reason="no Landlock here")
def test_an_inspection_opens_no_other_file(tmp_path):
    clip = make_clip()
    command = [sys.executable, "-I", str(ffmpeg.INSPECTION), str(clip)]

    assert "unopened" in ffmpeg.run(command, limits=ffmpeg.PROBE_LIMITS)


@linux
def test_after_a_crash_files_are_read_at_other_addresses(tmp_path):
    """Inspections are copies of one process: of its addresses a crash may tell."""
    with waiting_inspection(tmp_path) as child:
        os.kill(child.pid, signal.SIGSEGV)
        assert child.wait(10)[0] == -signal.SIGSEGV

    probe = ffmpeg.probe(make_clip())

    assert probe.width == 360
    assert children.launcher() is not child.launcher


@linux
def test_an_inspection_that_ends_well_leaves_the_launcher(tmp_path):
    ffmpeg.probe(make_clip())
    before = children.launcher()

    ffmpeg.probe(make_clip())

    assert children.launcher() is before
