"""The Stripe sandbox for as long as the demo's orders are paid: `make run` starts it
only after the database is filled."""

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import requests
from django.conf import settings

START_SECONDS = 20


class SandboxSilent(Exception):
    """The Stripe sandbox was started and does not answer."""


@contextmanager
def running_sandbox():
    if answers():
        yield
        return
    address = urlsplit(settings.STRIPE_SANDBOX_URL)
    command = [
        Path(sys.executable).parent / "granian",
        *("--interface", "wsgi", "--no-ws", "--log-level", "error"),
        # granian wants a number, not a name.
        *("--host", socket.gethostbyname(address.hostname)),
        *("--port", str(address.port)),
        *("--blocking-threads", "4", "checkout.stripe_sandbox.wsgi:application"),
    ]
    environment = {
        **os.environ,
        "VAR_DIR": str(settings.VAR_DIR),
        "SITE_URL": settings.SITE_URL,
    }
    # It would complain about each webhook, as nobody listens before the site runs.
    with (settings.VAR_DIR / "stripe_sandbox.log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=settings.BASE_DIR, env=environment, stdout=log, stderr=log
        )
    try:
        wait_for_answer()
        yield
    finally:
        process.terminate()
        process.wait(timeout=10)


def answers():
    try:
        requests.get(settings.STRIPE_SANDBOX_URL, timeout=2)
    except requests.ConnectionError:
        return False
    return True


def wait_for_answer():
    give_up_at = time.monotonic() + START_SECONDS
    while not answers():
        if time.monotonic() > give_up_at:
            raise SandboxSilent(settings.STRIPE_SANDBOX_URL)
        time.sleep(0.1)
