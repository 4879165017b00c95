import os
import shutil
from contextlib import suppress

import pytest
import stripe
from django.conf import settings
from django.core.cache import cache, caches
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from checkout import page_questions, tax_questions
from marketplace import caching, redis_breaker
from marketplace.celery import app as celery_app
from marketplace.file_storages import disk_storages
from tests import clips
from tests.database.base import rights_that_stay
from tests.payments.contract import CheckedClient

# Examples are judged by what they find: how long one takes says how busy a machine is.
hypothesis_settings.register_profile(
    "vitrine",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
hypothesis_settings.load_profile("vitrine")

# Where pytest makes temporary folders, which the next run removes: a server may still
# be ending in them when its test is over.
os.environ["PYTEST_DEBUG_TEMPROOT"] = str(settings.VAR_DIR)


def pytest_collection_modifyitems(items):
    """What takes long begins first, so that no worker is alone with it at the end.

    What waits for processes of its own gets a second try, which the summary names.
    """
    long = ["faults", "ffmpeg", "browser", "money"]
    items.sort(key=lambda item: [not item.get_closest_marker(name) for name in long])
    for item in items:
        if item.get_closest_marker("faults") or item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(autouse=True, scope="session")
def folder_of_clips(tmp_path_factory):
    clips.FOLDER = tmp_path_factory.mktemp("clips")


@pytest.fixture(autouse=True)
def own_files(settings, tmp_path):
    """What a test publishes, and works on, lies in a folder of its own."""
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.VIDEO_ROOT = tmp_path / "video"
    settings.VIDEO_WORK_ROOT = tmp_path / "work"
    disk = disk_storages(settings.PRIVATE_ROOT, settings.VIDEO_ROOT)
    settings.STORAGES = settings.STORAGES | {"videos": disk["videos"]}


@pytest.fixture
def no_cache(settings, monkeypatch):
    """The cache of a site whose Redis does not answer."""
    monkeypatch.setattr(redis_breaker, "until", {})
    location = {"LOCATION": "unix:///nowhere/redis.sock"}
    settings.CACHES = {"default": settings.CACHES["default"] | location}
    caching.memory.clear()
    yield
    caching.memory.clear()
    with suppress(AttributeError):  # nobody asked it
        del caches["default"]


@pytest.fixture(autouse=True, scope="session")
def checked_requests():
    """Whatever the site asks of Stripe in a test is held to Stripe's own types."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stripe, "RequestsClient", CheckedClient)
        yield


@pytest.fixture(autouse=True, scope="session")
def filled_once():
    with rights_that_stay():
        yield


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()
    page_questions.breaker.mend()
    tax_questions.breaker.mend()


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
    names = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"]
    system = next(filter(None, map(shutil.which, names)), None)
    quiet = ["--disable-gpu", "--disable-background-networking", "--disable-sync"]
    # Chromium's own sandbox refuses to be run by root.
    unguarded = ["--no-sandbox"] if os.geteuid() == 0 else []
    return browser_type_launch_args | {
        "executable_path": system,
        "args": [*quiet, "--disable-component-update", "--no-first-run", *unguarded],
    }
