"""Runs a command under limits.

    python limited.py PARENT MEMORY_BYTES CPU_SECONDS FILE_BYTES COMMAND...

A program of its own, because limits set between fork and exec of a threaded
parent can deadlock.  It ends with exec, so the command keeps this process id.
"""

import ctypes
import os
import resource
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with(parent):
    """A killed worker must not leave its ffmpeg running (the signal: Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the parent is gone already")


def limit(kind, value):
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(kind, (value, hard))


def main(parent, memory, cpu_seconds, file_bytes, *command):
    die_with(int(parent))
    if sys.platform == "linux":  # macOS refuses RLIMIT_AS
        limit(resource.RLIMIT_AS, int(memory))
    limit(resource.RLIMIT_CPU, int(cpu_seconds))
    limit(resource.RLIMIT_FSIZE, int(file_bytes))
    limit(resource.RLIMIT_CORE, 0)
    os.execv(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
