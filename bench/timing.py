"""What a piece of work costs."""

import resource
import time


def timed(work, argument):
    """Wall and CPU seconds of this process and of the children it waited for."""
    wall, cpu = time.monotonic(), cpu_seconds()
    work(argument)
    return time.monotonic() - wall, cpu_seconds() - cpu


def cpu_seconds():
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, kinds))
