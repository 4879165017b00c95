"""Installs what the tests need beside Python packages, then runs all of them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
# Over data that is not in the tree: `make real`.
WITHOUT = ["-m", "not real"]
BROWSERS = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"]


def install_chromium():
    """The system's, else by apt as root, else Playwright's own download."""
    if any(map(shutil.which, BROWSERS)):
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        apt = ["apt-get", "-qq", "-o=Dpkg::Use-Pty=0"]
        subprocess.run([*apt, "update"], env=quiet)
        install = [*apt, "install", "--yes", "--no-install-recommends"]
        # The first has no windows and needs a sixth less of a processor.
        for package in BROWSERS[:2]:
            if subprocess.run([*install, package], env=quiet).returncode == 0:
                return
    subprocess.run([BIN / "playwright", "install", "chromium"], check=True)


if __name__ == "__main__":
    os.chdir(ROOT)
    install_chromium()
    # Three workers keep two cores busy, because browsers and servers are waited for;
    # a file's tests stay together because they share fixtures.
    workers = ["-n", "3", "--dist", "loadfile", "--no-loadscope-reorder"]
    command = [BIN / "pytest", *workers, *WITHOUT, *sys.argv[1:]]
    # Some containers forbid it; then each of some hundred Pythons compiles all anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.exit(subprocess.run(command, stdin=subprocess.DEVNULL).returncode)
