"""What must hold before a commit; prints only what does not."""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import prepare

ROOT = prepare.ROOT
BIN = ROOT / ".venv" / "bin"


def commands(npm):
    manage = [BIN / "python", "manage.py"]
    templates = sorted((ROOT / "templates").rglob("*.html"))
    return [
        [BIN / "ruff", "check", "--quiet", "."],
        [BIN / "ruff", "format", "--quiet", "--check", "."],
        [BIN / "djade", "--check", "--target-version", "5.2", *templates],
        [BIN / "lint-imports"],
        [*manage, "makemigrations", "--check", "--dry-run"],
        [*npm, "run", "--silent", "check"],
    ]


def hosts_in_locks():
    """Lock files name packages and hashes; where they come from is each user's own."""
    for file in sorted((ROOT / "requirements").glob("*.txt")):
        if re.search(r"https?://|^--|/wheels", file.read_text(), re.MULTILINE):
            yield file
    lock = ROOT / "package-lock.json"
    if '"resolved"' in lock.read_text():
        yield lock


def failure(environment, command):
    """What the command complains of."""
    done = subprocess.run(
        command, cwd=ROOT, env=environment, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    if done.returncode:
        words = " ".join(Path(word).name for word in map(str, command[:3]))
        return f"{words}\n{done.stdout}"
    return ""


def main():
    npm, environment = prepare.npm_command()
    environment["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    failures = [f"{file.name} names a host" for file in hosts_in_locks()]
    with ThreadPoolExecutor() as threads:
        failures += filter(
            None, threads.map(partial(failure, environment), commands(npm))
        )
    sys.exit("\n".join(failures) or 0)


if __name__ == "__main__":
    main()
