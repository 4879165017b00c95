"""Stripe's events at 50 a second for 20 seconds: how soon each is answered.

python -m bench.webhooks            about a minute; only this machine is asked

Waiting is counted from the moment at which an event was to be sent.  Beside it, in the
same run, stands a view that does nothing but answer 200.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import local

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
django.setup()

import requests  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from bench import serving  # noqa: E402
from checkout.models import StripeEvent  # noqa: E402
from checkout.stripe_sandbox.deliveries import signature  # noqa: E402

TIMEOUT_SECONDS = 10
SENDERS = 32
# How long the worker may take for the rest, once the last is answered.
REST_SECONDS = 60
its_own = local()


@contextmanager
def worker():
    """One of the site's, for the queue of money."""
    command = [
        Path(sys.executable).parent / "celery", "-A", "marketplace", "worker",
        "--pool", "threads", "--concurrency", "2", "--queues", "money",
        "--loglevel", "error", "--without-gossip", "--without-mingle",
    ]  # fmt: skip
    process = subprocess.Popen(command, cwd=settings.BASE_DIR)
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def event(number, started):
    """Of the size that Stripe's have; about a payment of another shop."""
    filling = {f"field_{n}": "x" * 40 for n in range(50)}
    return {
        "id": f"evt_bench_{started}_{number}",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": int(time.time()),
        "livemode": False,
        "type": "payment_intent.succeeded",
        "data": {
            "object": {"id": f"pi_{number}", "object": "payment_intent"} | filling
        },
    }


def post(address, body, due):
    """Seconds from when it was due until it was answered."""
    if not hasattr(its_own, "session"):
        its_own.session = requests.Session()
    time.sleep(max(0, due - time.perf_counter()))
    signed = signature(body, settings.STRIPE_WEBHOOK_SECRET, int(time.time()))
    headers = {"Stripe-Signature": signed, "Content-Type": "application/json"}
    answer = its_own.session.post(
        address, body, headers=headers, timeout=TIMEOUT_SECONDS
    )
    answer.raise_for_status()
    return time.perf_counter() - due


def send(address, bodies, rate):
    began = time.perf_counter() + 0.5
    with ThreadPoolExecutor(SENDERS) as senders:
        waits = [
            senders.submit(post, address, body, began + number / rate)
            for number, body in enumerate(bodies)
        ]
        return [wait.result() for wait in waits]


def report(name, waits):
    of_hundred = statistics.quantiles(waits, n=100)
    print(
        f"{name}: {len(waits)} answered 200; p50 {of_hundred[49] * 1000:.1f} ms, "
        f"p99 {of_hundred[98] * 1000:.1f} ms, most {max(waits) * 1000:.1f} ms; "
        f"load {os.getloadavg()[0]:.1f}",
        flush=True,
    )


def report_worked_off(ids):
    """Wait until none is open, and say what became of them."""
    began = time.perf_counter()
    ours = StripeEvent.objects.filter(event_id__in=ids)
    while ours.exclude(due_at=None).exists():
        if time.perf_counter() - began > REST_SECONDS:
            break
        time.sleep(0.1)
    rest = time.perf_counter() - began
    applied, kept = ours.applied().count(), ours.count()
    print(f"{kept} kept, {applied} applied {rest:.1f} s after the last answer")
    ours.delete()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8401)
    parser.add_argument("--rate", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=20)
    options = parser.parse_args()
    call_command("migrate", verbosity=0)
    started, number = time.time_ns(), options.rate * options.seconds
    events = [event(n, started) for n in range(number)]
    bodies = [json.dumps(one).encode() for one in events]
    connection.close()
    site = f"http://127.0.0.1:{options.port}"
    with serving.served(options.port), worker():
        report("bare view", send(f"{site}/bench/bare-post", bodies, options.rate))
        report("webhook", send(f"{site}/stripe/webhook", bodies, options.rate))
        report_worked_off([one["id"] for one in events])


if __name__ == "__main__":
    main()
