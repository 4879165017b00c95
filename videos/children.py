"""Child processes behind walls; `videos/launcher.py` starts them, one for this process.

It is started with the first child, and anew where it has ended: nobody has asked for
a while, or it was killed, and its children with it.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO

LAUNCHER = Path(__file__).with_name("launcher.py")
# It answers in a millisecond, but for the first time.
PATIENCE_SECONDS = 60
# A child that has closed its output is gone within a millisecond.
PAUSE_SECONDS = 0.001


class ChildLost(Exception):
    """What becomes of it is not known: its launcher has been killed, or it hangs."""


class Child:
    """A running child, and what it writes; a process group of its own."""

    def __init__(self, launcher: "_Launcher", pid: int, output: int):
        self.launcher = launcher
        self.pid = pid
        self.output = output
        self.ended: tuple[int, float] | None = None

    def wait(self, timeout: float) -> tuple[int, float]:
        """Its exit code and CPU seconds."""
        give_up_at = time.monotonic() + timeout
        while not self._is_reaped():
            if time.monotonic() > give_up_at:
                raise ChildLost(f"child {self.pid} goes on")
            time.sleep(PAUSE_SECONDS)
        return self.ended

    def end(self) -> None:
        """It and all that it started, whatever they are doing."""
        os.close(self.output)
        try:
            while not self._is_reaped():
                self._kill()
                time.sleep(PAUSE_SECONDS)
        except ChildLost:
            self.launcher.process.kill()  # which takes its children along

    def _kill(self) -> None:
        """Not reaped, so the number is its own; the group it may not have yet."""
        for kill in (os.kill, os.killpg):
            with contextlib.suppress(ProcessLookupError):
                kill(self.pid, signal.SIGKILL)

    def _is_reaped(self) -> bool:
        if self.ended is None:
            answer = self.launcher.ask({"reap": self.pid})
            if answer["code"] is not None:
                self.ended = answer["code"], answer["cpu"]
        return self.ended is not None


class _Launcher:
    """The program, and the one socket by which it is asked."""

    def __init__(self):
        self.lock = threading.Lock()
        self.asked, theirs = socket.socketpair()
        self.asked.settimeout(PATIENCE_SECONDS)
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-I", LAUNCHER, str(theirs.fileno())],
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def ask(self, question: dict, files: tuple[int, ...] = ()) -> dict:
        words = json.dumps(question).encode() + b"\n"
        answer = b""
        with self.lock:
            try:
                sent = socket.send_fds(self.asked, [words], files)
                if sent < len(words):  # of what has answered and ended nothing is asked
                    self.asked.sendall(words[sent:])
                while not answer.endswith(b"\n"):
                    answer += self._more()
            except OSError as error:
                self.asked.close()  # a late answer would be taken for the next
                raise ChildLost(str(error)) from error
        return json.loads(answer)

    def _more(self) -> bytes:
        more = self.asked.recv(4096)
        if not more:
            raise ChildLost("the launcher has ended")
        return more

    def start(self, words: list[str], errors: IO[bytes]) -> Child:
        output, theirs = os.pipe()
        try:
            answer = self.ask({"start": words}, (theirs, errors.fileno()))
        except ChildLost:
            os.close(output)
            raise
        finally:
            os.close(theirs)
        return Child(self, answer["pid"], output)

    def end(self) -> None:
        """And what it has started."""
        self.asked.close()
        self.process.kill()
        self.process.wait()


def _environment() -> dict[str, str]:
    """Nothing of the worker's own, which holds the site's secrets."""
    kept = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    return {name: os.environ[name] for name in kept if name in os.environ} | {
        "LC_ALL": "C.UTF-8"
    }


class _Keeper:
    """Of the launcher of this process, whose threads share it."""

    def __init__(self):
        self.lock = threading.Lock()
        self.launcher: _Launcher | None = None

    def running(self, lost: _Launcher | None = None) -> _Launcher:
        """Another one than what was lost."""
        with self.lock:
            if self.launcher and self.launcher is lost:
                self._end()
            self.launcher = self.launcher or _Launcher()
            return self.launcher

    def end(self) -> None:
        with self.lock:
            self._end()

    def _end(self) -> None:
        if self.launcher:
            self.launcher.end()
            self.launcher = None

    def forget(self) -> None:
        """In a fork of this process: the launcher is its parent's."""
        if self.launcher:
            self.launcher.asked.close()
        self.__init__()


_keeper = _Keeper()
os.register_at_fork(after_in_child=_keeper.forget)


def launcher() -> _Launcher:
    """The one that runs; it gets ready while something else is done."""
    return _keeper.running()


def end_launcher() -> None:
    _keeper.end()


def start(words: list[str], errors: IO[bytes]) -> Child:
    """A child that does what the words say, by `walls.build`."""
    launcher = _keeper.running()
    try:
        return launcher.start(words, errors)
    except ChildLost:  # it had ended, or was about to, having nothing to do
        return _keeper.running(lost=launcher).start(words, errors)
