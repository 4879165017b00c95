"""A real Celery worker of the queue `media`, as the tests of faults start it.

    python -m tests.media_worker LEASE_SECONDS CELERY_ARGUMENTS...

Lease and pauses are shorter than in production, so that a kill costs seconds.
"""

import sys
from datetime import timedelta

import django

django.setup()

from marketplace.celery import app  # noqa: E402
from videos.models import processing  # noqa: E402

if __name__ == "__main__":
    processing.LEASE = timedelta(seconds=float(sys.argv[1]))
    processing.FIRST_PAUSE = processing.LEASE / 4
    app.worker_main(sys.argv[2:])
