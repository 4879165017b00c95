import os
import shutil

import pytest
from django.core.cache import cache

from marketplace.celery import app as celery_app


@pytest.fixture(autouse=True)
def own_files(settings, tmp_path):
    """What a test publishes lies in a folder of its own."""
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()


@pytest.fixture
def eager_tasks():
    """Tasks run where they are sent, as soon as the transaction commits."""
    conf = celery_app.conf
    conf.task_always_eager = conf.task_eager_propagates = True
    yield
    conf.task_always_eager = conf.task_eager_propagates = False


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """The system's Chromium where there is one, else Playwright's own."""
    names = ["chromium", "chromium-browser", "google-chrome"]
    system = next(filter(None, map(shutil.which, names)), None)
    quiet = ["--disable-gpu", "--disable-background-networking", "--disable-sync"]
    # Chromium's own sandbox refuses to be run by root.
    unguarded = ["--no-sandbox"] if os.geteuid() == 0 else []
    return browser_type_launch_args | {
        "executable_path": system,
        "args": [*quiet, "--disable-component-update", "--no-first-run", *unguarded],
    }
