"""Runs the whole site on this machine, for development.  See `make run`.

HOST (127.0.0.1), PORT (8000)    where the site listens; the Stripe sandbox
                                 takes the port after it
"""

import fcntl
import os
import queue
import shlex
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from honcho.manager import Manager
from honcho.printer import Printer

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
VAR = Path(os.environ.get("VAR_DIR") or ROOT / "var")
HOST = os.environ.get("HOST") or "127.0.0.1"
PORT = int(os.environ.get("PORT") or 8000)
HAS_STRIPE = bool(os.environ.get("STRIPE_SECRET_KEY"))
START_SECONDS = 60


def main():
    for port in [PORT] if HAS_STRIPE else [PORT, PORT + 1]:
        refuse_taken(port)
    set_defaults()
    if subprocess.run([BIN / "python", "manage.py", "prepare_database"]).returncode:
        sys.exit(1)
    manager = ThreadManager(Printer(sys.stdout))
    for name, command in commands().items():
        manager.add_process(name, f"exec {shlex.join(map(str, command))}", cwd=ROOT)
    threading.Thread(target=announce, daemon=True).start()
    # A closed terminal ends everything as Ctrl-C does.
    signal.signal(signal.SIGHUP, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
    manager.loop()
    wait_for_servers()
    sys.exit(0 if manager.returncode in (130, 143) else manager.returncode)


class ThreadManager(Manager):
    """honcho's own forks a Python of 15 MB for each process, to read what it says."""

    def __init__(self, printer):
        super().__init__(printer)
        self.events = queue.Queue()

    def _start(self):
        for process in self._processes.values():
            reader = threading.Thread(target=process["obj"].run, args=[self.events])
            reader.start()


def refuse_taken(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            sys.exit(
                f"Port {port} cannot be used: {error.strerror}.  Choose another: "
                f"make run PORT={PORT + 10}"
            )


def set_defaults():
    os.environ.setdefault("DEBUG", "true")
    # By name: browsers refuse passkeys under a bare IP address.
    site = os.environ.setdefault("SITE_URL", f"http://localhost:{PORT}")
    if not HAS_STRIPE:
        # Where the browser, which may be a phone, finds it too.
        sandbox = f"http://{urlsplit(site).hostname}:{PORT + 1}"
        os.environ.setdefault("STRIPE_SANDBOX_URL", sandbox)
    # honcho kills after five seconds what has not ended.
    os.environ.setdefault("DRAIN_SECONDS", "2")
    os.environ["PYTHONUNBUFFERED"] = "1"  # each line as it is written
    # What an idle site needs not hold: `prepare_database` has run the checks, which
    # import every page; and each thread's own heap keeps what it once took.
    os.environ.setdefault("CELERY_SKIP_CHECKS", "1")
    os.environ.setdefault("MALLOC_ARENA_MAX", "2")
    # In a container root is the only user there is; Celery's long warning says no
    # more than that.
    os.environ["PYTHONWARNINGS"] = "ignore:You're running the worker with superuser"


def commands():
    """What runs, by name.  Transcoding has a worker of its own: it takes minutes."""
    serve = [BIN / "granian", "--interface", "wsgi", "--host", HOST, "--no-ws",
             "--log-level", "error"]  # fmt: skip
    # A line for each task would push the address away that `announce` says last.
    worker = [BIN / "celery", "-A", "marketplace", "--quiet", "worker", "--loglevel",
              "warning", "--without-gossip", "--without-mingle"]  # fmt: skip
    chosen = {
        "web": [*serve, "--port", PORT, "--blocking-threads", 8,
                "marketplace.wsgi:application"],
        # Threads, because a process each costs a laptop 100 MB.
        "worker": [*worker, "-Q", "default,money,mail", "-n", "worker@%h",
                   "--pool", "threads", "--concurrency", 4, "--clock"],
        "media": [*worker, "-Q", "media", "-n", "media@%h", "--pool", "solo"],
    }  # fmt: skip
    if not HAS_STRIPE:
        chosen["stripe"] = [*serve, "--port", PORT + 1, "--blocking-threads", 8,
                            "checkout.stripe_sandbox.wsgi:application"]  # fmt: skip
    return chosen


def announce():
    """Say where the site is, and who is there, once its first page really answers."""
    address = os.environ["SITE_URL"]
    accounts = (VAR / "demo-accounts.txt").read_text()
    give_up_at = time.monotonic() + START_SECONDS
    while not answers(f"http://127.0.0.1:{PORT}/"):
        if time.monotonic() > give_up_at:
            print(f"The site does not answer at {address}; see above.", flush=True)
            return
        time.sleep(0.2)
    mail = f"Mail that it sends lies at {address}/dev/mail/"
    words = f"\nVitrine is at {address}\n\n{accounts}\n{mail}\nCtrl-C ends it.\n"
    print(textwrap.indent(words, "  "), flush=True)


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=10):
            return True
    except urllib.error.HTTPError:
        return True  # with an error page, which one should look at
    except OSError:
        return False


def wait_for_servers():
    """Until the embedded servers have ended too, unless another process uses them."""
    give_up_at = time.monotonic() + 10
    for lock in (VAR / "run").glob("*.keeper"):
        with lock.open() as keeper:
            while time.monotonic() < give_up_at and is_locked(keeper):
                time.sleep(0.1)


def is_locked(file):
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


if __name__ == "__main__":
    os.chdir(ROOT)
    main()
