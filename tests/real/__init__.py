"""Tests over real clips and catalogues, where `DATA` names the folder with them."""

import os
from pathlib import Path

DATA = Path(os.environ.get("DATA") or "no-data")
MEDIA = DATA / "media"
CATALOGUES = DATA / "catalogues"
