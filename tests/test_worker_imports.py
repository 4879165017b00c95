"""What a worker holds before it has anything to do."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# As Celery does when a worker starts; then, whether a module is there.
STARTED = """
import sys
from marketplace.celery import app
app.loader.import_default_modules()
print(sorted({"numpy", "scipy", "videos.periodic"} & sys.modules.keys()))
"""


def test_a_worker_starts_without_numpy(tmp_path):
    """A media worker never needs it, and it is 40 MB in each process."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    addresses = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing"}
    addresses |= {"REDIS_URL": "redis://127.0.0.1:1/0", "VAR_DIR": str(tmp_path)}

    done = subprocess.run(
        [sys.executable, "-c", STARTED],
        cwd=ROOT,
        env=kept | addresses | {"DEBUG": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.stdout == "['videos.periodic']\n", done.stderr
