"""The site under granian, and what its processes have spent."""

import os
import socket
import subprocess
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import psutil
from django.conf import settings

from marketplace import embedded

START_SECONDS = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def served(port, workers=1):
    """Yields the processes that do the work: granian's and PostgreSQL's."""
    granian = Path(settings.BASE_DIR) / ".venv" / "bin" / "granian"
    command = [
        granian, "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
        "--no-ws", "--log-level", "error", "--workers", str(workers),
        "--blocking-threads", "4", "marketplace.wsgi:application",
    ]  # fmt: skip
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "bench.settings"}
    server = subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment)
    try:
        wait_until_it_answers(port)
        yield [psutil.Process(server.pid), *database_processes()]
    finally:
        server.terminate()
        server.wait(30)


def wait_until_it_answers(port):
    give_up_at = time.monotonic() + START_SECONDS
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/bench/bare", timeout=5)
        except OSError:  # refused, or reset while it starts
            if time.monotonic() > give_up_at:
                raise
            time.sleep(0.2)
        else:
            return


def database_processes():
    """None where the database is another machine's."""
    running = embedded.Postgres(settings.VAR_DIR).running()
    return [running] if running else []


def cpu_seconds(processes):
    """Of whole trees; the children that are gone count with their parents."""
    trees = [p for root in processes for p in [root, *root.children(recursive=True)]]
    spent = 0.0
    for process in trees:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        spent += times.user + times.system
        if process in processes:
            spent += times.children_user + times.children_system
    return spent
