import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def own_files(settings, tmp_path):
    """What a test publishes lies in a folder of its own."""
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()
