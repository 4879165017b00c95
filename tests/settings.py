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
    "LOG_LEVEL": "WARNING",
}

from marketplace.settings import *  # noqa: E402, F403
from marketplace.settings import DATABASES  # noqa: E402

DEBUG = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DATABASES["default"]["OPTIONS"]["options"] = "-c synchronous_commit=off"
