"""What a piece of work costs."""

import resource
import time

import psutil


def timed(work, argument):
    """Wall and CPU seconds of this process and of the children that it has or had."""
    running, ended, began = _cpu_of_running(), cpu_seconds(), time.monotonic()
    work(argument)
    wall, ended = time.monotonic() - began, cpu_seconds() - ended
    return wall, ended + _cpu_of_running() - running


def cpu_seconds():
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, kinds))


def _cpu_of_running():
    """The launcher stays, and has children of its own that have ended."""
    return sum(sum(child.cpu_times()[:4]) for child in psutil.Process().children())
