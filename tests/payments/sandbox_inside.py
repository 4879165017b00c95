"""The Stripe sandbox inside the tests' own process, with a clock for both sides.

No server and no waiting: requests, webhooks and tasks run when a test says so.
"""

import sqlite3
from collections import deque
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from types import SimpleNamespace
from unittest.mock import patch
from urllib.parse import urlsplit

import requests
import stripe
from celery.app.task import Task
from django.db import connection
from django.test import Client, RequestFactory, override_settings
from django.urls import resolve
from django.utils import timezone
from stripe._http_client import RequestsClient

from checkout import gateway, inbox
from checkout.stripe_sandbox import api, clock, deliveries, events, store, timetable
from checkout.stripe_sandbox.api import own_call
from checkout.stripe_sandbox.control import ACTS
from tests.payments.contract import CheckedClient

ADDRESS = "http://stripe.test"
SECRETS = {"/stripe/webhook": "whsec_tests_only",
           "/stripe/webhook/connect": "whsec_connect_tests_only"}  # fmt: skip


class TooLate(Exception):
    """In place of the seconds for which the site does not wait."""


class Wire:
    """What `requests` would do, without a network."""

    def __init__(self):
        self.factory = RequestFactory()

    def request(self, method, url, headers=None, data=None, **_options):
        parts = urlsplit(url)
        request = self.factory.generic(
            method.upper(),
            parts.path,
            data or "",
            "application/x-www-form-urlencoded",
            headers=headers,
            QUERY_STRING=parts.query,
        )
        found = resolve(parts.path, "checkout.stripe_sandbox.urls")
        view = timetable.on_time(partial(found.func, **found.kwargs))
        try:
            response = view(request)
        except TooLate as late:
            raise requests.ReadTimeout from late
        if response.streaming:
            raise requests.exceptions.ChunkedEncodingError("cut")
        return SimpleNamespace(
            content=response.content,
            status_code=response.status_code,
            headers=response.headers,
        )


class Messages:
    """What Celery would carry to a worker."""

    def __init__(self):
        self.waiting = deque()

    def add(self, task, args=None, kwargs=None, **_options):
        if task.name.startswith("checkout."):
            self.waiting.append((task, tuple(args or ())))

    def send_committed(self):
        """As if the transactions of this step were over."""
        while connection.run_on_commit:
            callbacks, connection.run_on_commit = connection.run_on_commit, []
            for _savepoints, send, _is_robust in callbacks:
                send()

    def run(self, message):
        """Once; one that meets Stripe on a bad day is sent again, as Celery does."""
        task, args = message
        try:
            getattr(task, "_orig_run", task.run)(*args)
        except gateway.GatewayError:
            self.waiting.append(message)


class InsideSandbox:
    """The sandbox as the tests know it from `conftest`, and its clock."""

    def __init__(self, messages):
        self.messages = messages
        self.stripe = stripe.StripeClient(
            "sk_test_sandbox",
            base_addresses={"api": ADDRESS},
            http_client=RequestsClient(session=Wire()),
        )

    def set(self, knob, **value):
        store.set_knob(knob, value)

    def knob(self, name):
        return store.get_knob(name)

    def act(self, do, **details):
        with store.transaction():
            return ACTS[do](own_call(), **details)

    def advance(self, **span):
        timetable.advance(timedelta(**span).total_seconds())

    def find(self, kind, *statuses):
        return [one for one in store.find(kind) if one["status"] in statuses]

    def deliver_due(self):
        """How many webhooks came, the forged ones among them."""
        return deliveries.deliver_due()

    def forged(self):
        rows = store.run("SELECT state FROM deliveries WHERE forgery <> ''")
        return [row["state"] for row in rows if row["state"] != "waiting"]

    def onboard(self, account_id):
        self.act("onboard", account=account_id)


def post_to_site(url, payload, signed):
    return Client().post(
        urlsplit(url).path,
        payload,
        content_type="application/json",
        headers={"Stripe-Signature": signed},
    )


def empty_memory():
    memory = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    memory.row_factory = sqlite3.Row
    memory.executescript(store.SCHEMA)
    return memory


@contextmanager
def sandbox_inside():
    """An empty sandbox, to which the site talks; both live by the sandbox's clock."""
    messages, real_now = Messages(), timezone.now

    def site_now():
        return real_now() + timedelta(seconds=clock.ahead())

    def http_client(timeout):
        return CheckedClient(timeout=timeout, session=Wire())

    def too_late(_seconds):
        raise TooLate

    memory = empty_memory()
    with (
        patch.object(store, "_connection", memory),
        patch.object(api, "time", SimpleNamespace(sleep=too_late)),
        patch.object(deliveries, "post", post_to_site),
        patch.object(timezone, "now", site_now),
        patch.object(inbox, "time", SimpleNamespace(time=clock.now)),
        patch.object(Task, "apply_async", adding_to(messages)),
        patch.object(CheckedClient, "transcript", deque(maxlen=1)),
        patch.object(stripe.HTTPClient, "INITIAL_DELAY", 0),
        patch.object(stripe.HTTPClient, "MAX_DELAY", 0),
        override_settings(STRIPE_API_BASE=ADDRESS),
    ):
        gateway._client.cache_clear()
        sandbox = InsideSandbox(messages)
        for path, secret in SECRETS.items():
            events.add_endpoint(
                f"http://site.test{path}", ["*"], secret=secret,
                is_connect=path.endswith("connect"),
            )  # fmt: skip
        with patch.object(stripe, "RequestsClient", http_client):
            yield sandbox
        gateway._client.cache_clear()
    memory.close()


def adding_to(messages):
    def apply_async(task, args=None, kwargs=None, **options):
        messages.add(task, args, kwargs, **options)

    return apply_async
