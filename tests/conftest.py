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
