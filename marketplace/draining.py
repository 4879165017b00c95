"""Whether this worker was asked to stop, and for how long its tasks may go on.

Celery waits for running tasks as long as they take, and tells only its own process.
"""

import mmap
import struct
import time

from celery.signals import worker_shutting_down
from django.conf import settings

# Memory that the processes of a pool, which fork later, share with their parent.
_asked_at = mmap.mmap(-1, 8)


@worker_shutting_down.connect
def ask(**_details):
    struct.pack_into("d", _asked_at, 0, time.monotonic())


def is_asked() -> bool:
    return struct.unpack_from("d", _asked_at)[0] > 0


def is_over() -> bool:
    """The time in which a task could still finish by itself has passed."""
    (asked_at,) = struct.unpack_from("d", _asked_at)
    return asked_at > 0 and time.monotonic() - asked_at > settings.DRAIN_SECONDS
