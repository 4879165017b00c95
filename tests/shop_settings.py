"""Of the shop whose processes tests kill: its clock is fast, its sandbox its own."""

import os
import sys

from tests.settings import *  # noqa: F403

# Of the tests' packages: where it is found, Stripe's loads it, a fifth of each start.
sys.modules["aiohttp"] = None

STRIPE_SANDBOX_URL = STRIPE_API_BASE = os.environ["STRIPE_SANDBOX_URL"]
SITE_URL = os.environ["SITE_URL"]
ALLOWED_HOSTS = ["127.0.0.1"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
CLOCK = [
    "checkout.periodic.hear_from_stripe",
    "checkout.periodic.reconcile",
    "checkout.periodic.sweep_events",
    "checkout.periodic.release_overdue",
    "checkout.periodic.watch_parcels",
    "marketplace.accounts.periodic.send_due_mails",
]
CELERY_BEAT_SCHEDULE = {
    task: {"task": task, "schedule": 2, "options": {"expires": 2}} for task in CLOCK
}
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "celerybeat-schedule")  # noqa: F405
CELERY_BEAT_MAX_LOOP_INTERVAL = 1
# What is committed must survive a killed PostgreSQL.
DATABASES["default"]["OPTIONS"]["options"] += " -c synchronous_commit=on"  # noqa: F405
