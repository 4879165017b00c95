"""Of the workers that tests start: the tests' settings and their storage.

VIDEO_ROOT and PRIVATE_ROOT stand for the storage that all machines reach; what is
local lies below TEST_VAR_DIR and is each worker's own.
"""

import os
import sys

from tests.settings import *  # noqa: F403

# As in `shop_settings`.
sys.modules["aiohttp"] = None

if not HAS_BUCKETS:  # noqa: F405
    STORAGES["videos"]["OPTIONS"]["location"] = os.environ["VIDEO_ROOT"]  # noqa: F405
    STORAGES["private"]["OPTIONS"]["location"] = os.environ["PRIVATE_ROOT"]  # noqa: F405
DRAIN_SECONDS = float(os.environ.get("DRAIN_SECONDS", "20"))
SWEEP_SECONDS = float(os.environ.get("SWEEP_SECONDS", "30"))
CELERY_BEAT_SCHEDULE = {
    "sweep": {
        "task": "videos.periodic.sweep_videos",
        "schedule": SWEEP_SECONDS,
        "options": {"expires": SWEEP_SECONDS},
    }
}
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "celerybeat-schedule")  # noqa: F405
CELERY_BEAT_MAX_LOOP_INTERVAL = 1
