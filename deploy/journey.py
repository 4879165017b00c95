"""`manage.py journey FOLDER` with the settings of the site that `make run` runs."""

import os
import sys

from run import BIN, ROOT, set_defaults

if __name__ == "__main__":
    os.chdir(ROOT)
    set_defaults()
    python = BIN / "python"
    os.execv(python, [python, "manage.py", "journey", *sys.argv[1:]])
