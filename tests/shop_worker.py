"""A real Celery worker of the shop that tests kill.

    python -m tests.shop_worker CELERY_ARGUMENTS...

Its pauses are shorter than in production, so that a kill costs seconds.
"""

import sys
from datetime import timedelta

import django

django.setup()

from checkout import fulfillment, inbox, reconciling  # noqa: E402
from checkout.models import StripeEvent  # noqa: E402
from marketplace.celery import app  # noqa: E402

if __name__ == "__main__":
    inbox.GRACE = timedelta(seconds=2)
    inbox.FIRST_RETRY = timedelta(seconds=2)
    fulfillment.TASK_GRACE = reconciling.TASK_GRACE = timedelta(seconds=3)
    StripeEvent.LEASE = timedelta(seconds=5)
    app.worker_main(sys.argv[1:])
