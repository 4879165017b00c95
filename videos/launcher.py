"""Starts the children that read uploads: python launcher.py SOCKET, a descriptor.

A program of its own, because limits set between fork and exec of a threaded process
can deadlock; and one that stays, because to start Python with PyAV for each file costs
more than to look into it.  It reads no file and has nothing to hide but the names
of earlier ones: each is read by a child, which is forked, builds the walls, and then
is the command.

One line of JSON is asked and one answered:

    {"start": [WORD...]}, with where to write output and errors: {"pid": PID}
    {"reap": PID}: {"code": CODE, "cpu": SECONDS}, or {"code": null} while it runs

The words are those of `walls.build`; without a command, a child prints the walls that
this kernel does not give, one a line.
"""

import json
import os
import socket
import sys
from pathlib import Path

# `python -I` leaves a program's own folder out.
sys.path.append(str(Path(__file__).parent))
import inspection  # noqa: E402
import walls  # noqa: E402

# Loaded here already.  Elsewhere than on Linux libraries may forbid fork without exec.
INSPECTION = [sys.executable, "-I", inspection.__file__]
IS_FORKED = sys.platform == "linux"
# Nobody has asked: its memory is given back.
IDLE_SECONDS = 300
MOST_BYTES = 65536


class Launcher:
    def __init__(self, asked: socket.socket):
        self.asked = asked
        # By the id of each child, whether it is a copy of this process.
        self.children: dict[int, bool] = {}
        self.is_over = False

    def serve(self) -> list[str]:
        """Does not return but in a child, with its words."""
        while self.children or not self.is_over:
            try:
                question, files = self._receive()
            except TimeoutError:
                self.is_over |= not self.children
                continue
            if not question:
                sys.exit()
            if "reap" in question:
                self._answer(self._reaped(question["reap"]))
                continue
            pid = os.fork()
            if not pid:
                self._become_child(files)
                return question["start"]
            for file in files:
                os.close(file)
            self.children[pid] = is_inspection(question["start"])
            self._answer({"pid": pid})
        sys.exit()

    def _receive(self) -> tuple[dict, list[int]]:
        self.asked.settimeout(IDLE_SECONDS)
        data, files, _, _ = socket.recv_fds(self.asked, MOST_BYTES, 2)
        while data and not data.endswith(b"\n"):
            more = self.asked.recv(MOST_BYTES)
            data = more and data + more
        return (json.loads(data) if data else {}), files

    def _answer(self, answer: dict) -> None:
        self.asked.sendall(json.dumps(answer).encode() + b"\n")

    def _become_child(self, files: list[int]) -> None:
        """A session and group of its own; no file but these, not even the socket."""
        os.setsid()
        output, errors = files
        os.dup2(output, 1)
        os.dup2(errors, 2)
        for file in (output, errors, self.asked.detach()):
            os.close(file)

    def _reaped(self, pid: int) -> dict:
        found, status, used = os.wait4(pid, os.WNOHANG)
        if not found:
            return {"code": None}
        code = os.waitstatus_to_exitcode(status)
        is_copy = self.children.pop(pid)
        # Copies have the same addresses: who crashes one must not learn of the next.
        self.is_over |= is_copy and code < 0
        return {"code": code, "cpu": used.ru_utime + used.ru_stime}


def is_inspection(words: list[str]) -> bool:
    return IS_FORKED and words[-4:-1] == INSPECTION


def main(descriptor: str) -> None:
    launcher = os.getpid()
    words = Launcher(socket.socket(fileno=int(descriptor))).serve()
    command, missing = walls.build(launcher, *words)
    if not command:
        sys.stdout.writelines(f"{wall}\n" for wall in missing)
    elif is_inspection(words):
        inspection.main(command[-1])
        sys.stdout.flush()
        os._exit(0)  # nothing to tidy up: half of the time that the look takes
    else:
        os.execv(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1])
