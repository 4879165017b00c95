"""The site as the benches want it: production's speed, servers of its own."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

os.environ |= {
    "DEBUG": "1",
    "VAR_DIR": str(ROOT / "var" / "bench"),
    "DATABASE_URL": os.environ.get("BENCH_DATABASE_URL", ""),
    "REDIS_URL": os.environ.get("BENCH_REDIS_URL", ""),
    "STRIPE_SECRET_KEY": "",
    "LOG_LEVEL": "ERROR",
}

from marketplace.settings import *  # noqa: E402, F403

IS_DEVELOPMENT = False
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "bench.urls"
# All browsers of a bench have one address.
FEED_EVENTS_PER_MINUTE = 10**9
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = False
