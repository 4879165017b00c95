"""The site's development settings, whatever the machine's own environment says."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Servers and files of its own: `make test` beside `make run` shares nothing with it.
os.environ |= {
    "DEBUG": "1",
    "VAR_DIR": os.environ.get("TEST_VAR_DIR", str(ROOT / "var" / "test")),
    "DATABASE_URL": os.environ.get("TEST_DATABASE_URL", ""),
    "REDIS_URL": os.environ.get("TEST_REDIS_URL", ""),
    "STRIPE_SECRET_KEY": "",
    "STRIPE_WEBHOOK_SECRET": "whsec_tests_only",
    "STRIPE_CONNECT_WEBHOOK_SECRET": "whsec_connect_tests_only",
    "LOG_LEVEL": "WARNING",
}

from marketplace.env import broker_url, numbered  # noqa: E402
from marketplace.settings import *  # noqa: E402, F403
from marketplace.settings import (  # noqa: E402
    CACHES,
    DATABASES,
    HAS_BUCKETS,
    REDIS_URL,
    STORAGES,
    VAR_DIR,
)

# Each worker of pytest-xdist clears a cache and reads a queue of its own.
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
REDIS_URL = numbered(REDIS_URL, 2 * WORKER + 2)
CACHES["default"]["LOCATION"] = numbered(REDIS_URL, 2 * WORKER + 3)
CELERY_BROKER_URL = broker_url(REDIS_URL)

# And it counts the files that it finds.
PRIVATE_ROOT = VAR_DIR / "private" / f"gw{WORKER}"
FILE_UPLOAD_TEMP_DIR = PRIVATE_ROOT / "incoming"
FILE_UPLOAD_TEMP_DIR.mkdir(parents=True, exist_ok=True)
VIDEO_PARTS_ROOT = PRIVATE_ROOT / "parts"
FEED_MODEL_ROOT = PRIVATE_ROOT / "feed-models"
# Tests load a model themselves: no thread reads a database that is rolled back.
FEED_LOOKS_EVERY_SECONDS = 0
if not HAS_BUCKETS:
    STORAGES["private"]["OPTIONS"]["location"] = PRIVATE_ROOT

IS_DEVELOPMENT = False
# Static files as in development: from where they are, not collected.
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = True
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DATABASES["default"]["ENGINE"] = "tests.database"
# It is made from a copy that is migrated.
DATABASES["default"]["TEST"] = {"MIGRATE": False}
DATABASES["default"]["OPTIONS"]["options"] += " -c synchronous_commit=off"
