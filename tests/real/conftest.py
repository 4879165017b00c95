from pathlib import Path

import pytest

from tests.real import DATA


def pytest_collection_modifyitems(items):
    absent = pytest.mark.skip(reason="no real data: set DATA to the folder with it")
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.real)
            if not DATA.is_dir():
                item.add_marker(absent)
