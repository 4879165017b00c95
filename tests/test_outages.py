"""Without PostgreSQL every page is a short 503, and it comes back by itself."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
import requests
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse
from django.test import RequestFactory
from psycopg import errors

from marketplace import breakers, embedded, outages
from marketplace.breakers import Breaker
from marketplace.env import DATABASE_WAIT_SECONDS
from marketplace.outages import OutageMiddleware
from tests.database.copying import copy_migrated

ROOT = Path(__file__).resolve().parents[1]


def caused_by(cause):
    error = OperationalError("no")
    error.__cause__ = cause
    return error


GONE = caused_by(psycopg.OperationalError("connection refused"))


@pytest.fixture(autouse=True)
def breaker(monkeypatch):
    fresh = Breaker(
        "The database",
        rest_seconds=outages.LOOK_EVERY_SECONDS,
        wait_seconds=outages.DATABASE_WAIT_SECONDS,
    )
    monkeypatch.setattr(outages, "breaker", fresh)
    return fresh


@pytest.mark.parametrize(
    ("error", "is_outage"),
    [
        (GONE, True),
        (InterfaceError("the connection is closed"), True),
        (caused_by(errors.AdminShutdown()), True),
        (caused_by(errors.CannotConnectNow()), True),
        (caused_by(errors.TooManyConnections()), True),
        (caused_by(errors.LockNotAvailable()), False),
        (caused_by(errors.DeadlockDetected()), False),
        (caused_by(errors.QueryCanceled()), False),
        (ValueError(), False),
        (None, False),
    ],
)
def test_a_lock_is_no_outage(error, is_outage):
    assert outages.is_outage(error) is is_outage


def request_with(user=None, method="get", **cookies):
    request = getattr(RequestFactory(), method)("/")
    request.user = user or AnonymousUser()
    request.COOKIES = cookies
    return request


class Unreadable:
    @property
    def is_authenticated(self):
        raise GONE


def test_the_page_is_cheap_says_when_to_come_back_and_is_kept_by_nobody(
    django_assert_num_queries, db
):
    with django_assert_num_queries(0):
        response = OutageMiddleware(None).process_exception(request_with(), GONE)

    assert response.status_code == 503
    assert response["Retry-After"] == "5"
    assert response["Cache-Control"] == "no-store"
    page = response.content.decode()
    assert "Back in a moment" in page
    assert 'http-equiv="refresh"' in page


def test_what_was_sent_is_not_sent_again_by_itself():
    response = outages.unavailable(request_with(method="post"))

    assert "refresh" not in response.content.decode()


def test_a_session_that_cannot_be_read_is_an_outage(settings, breaker):
    cookies = {settings.SESSION_COOKIE_NAME: "key"}
    middleware = OutageMiddleware(lambda request: pytest.fail("not reached"))

    assert middleware(request_with(Unreadable(), **cookies)).status_code == 503
    assert breaker.is_open is True


@pytest.fixture
def session(client, db):
    session = client.session
    session["cart"] = "token"
    session.save()
    return session


def test_a_session_that_cannot_be_saved_is_an_outage(session, monkeypatch):
    """Django would call it deleted, and answer 400."""

    def fail(*args, **kwargs):
        raise GONE

    monkeypatch.setattr(Session, "save", fail)

    with pytest.raises(OperationalError) as raised:
        session.save()

    assert outages.is_outage(raised.value)


def test_a_session_is_saved_by_one_statement(session, django_assert_num_queries):
    session["cart"] = "another"

    with django_assert_num_queries(1):
        session.save()

    assert Session.objects.get().get_decoded() == {"cart": "another"}


def test_a_session_that_was_ended_meanwhile_is_none(session):
    Session.objects.all().delete()

    with pytest.raises(UpdateError):
        session.save()


def test_an_error_of_another_kind_is_left_to_others(breaker):
    error = caused_by(errors.DeadlockDetected())

    assert OutageMiddleware(None).process_exception(request_with(), error) is None
    assert breaker.is_open is False


def test_during_an_outage_one_looks_and_the_others_are_answered_at_once(
    breaker, monkeypatch
):
    now = [100.0]
    monkeypatch.setattr(breakers, "time", SimpleNamespace(monotonic=lambda: now[0]))
    breaker.trip(GONE)

    at_once = [breaker.may_look() for _ in range(3)]
    now[0] += outages.LOOK_EVERY_SECONDS
    later = [breaker.may_look() for _ in range(3)]

    assert at_once == [False] * 3
    assert later == [True, False, False]


@pytest.mark.django_db
def test_the_one_that_finds_it_back_lets_all_in(breaker):
    middleware = OutageMiddleware(lambda request: HttpResponse("well"))
    breaker.trip(GONE)
    assert middleware(request_with()).status_code == 503

    breaker.look_at = 0
    answers = [middleware(request_with()).status_code for _ in range(3)]

    assert answers == [200] * 3
    assert breaker.is_open is False


def test_a_failure_in_a_middleware_ends_at_the_same_page():
    try:
        raise GONE
    except OperationalError:
        response = outages.broken(request_with())

    assert response.status_code == 503


def test_other_failures_are_still_broken():
    try:
        raise ValueError
    except ValueError:
        response = outages.broken(request_with())

    assert response.status_code == 500


class Stoppable:
    """A site of its own on a PostgreSQL of its own, which can be stopped."""

    def __init__(self, folder):
        self.postgres = embedded.Postgres(folder)
        self.postgres.make_folders()
        self.postgres.start()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        self.environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "TEST_DATABASE_URL": self.postgres.address,
        }
        copy_migrated(self.postgres)
        self.log = folder / "log"
        port = self.url.rpartition(":")[2]
        application = "marketplace.wsgi:application"
        command = ["-m", "granian", "--interface", "wsgi", "--port", port,
                   "--blocking-threads", "8", application]  # fmt: skip
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, *command],
                cwd=ROOT, env=self.environment, stdout=log, stderr=log,
            )  # fmt: skip

    def get(self, path, **options):
        """The answer, and how many seconds it took."""
        began = time.monotonic()
        answer = requests.get(
            f"{self.url}{path}", timeout=30, headers={"Host": "localhost"}, **options
        )
        return answer, time.monotonic() - began

    def seconds_until_well(self):
        began = time.monotonic()
        while time.monotonic() < began + 60:
            try:
                if self.get("/shop/")[0].status_code == 200:
                    return time.monotonic() - began
            except requests.ConnectionError:
                pass
            time.sleep(0.1)
        raise TimeoutError(self.log.read_text())

    def end(self):
        self.process.terminate()
        self.process.wait(timeout=20)
        self.postgres.stop()


@pytest.fixture
def site(django_db_setup):
    folder = Path(tempfile.mkdtemp(prefix="vit"))
    site = Stoppable(folder)
    yield site
    site.end()
    shutil.rmtree(folder)


def test_a_database_that_stops_and_comes_back(site, settings):
    site.seconds_until_well()
    somebody = {settings.SESSION_COOKIE_NAME: "a" * 32}

    site.postgres.stop()
    first, first_seconds = site.get("/shop/")
    pages = ["/", "/shop/", "/accounts/login/", "/cart/", "/admin/", "/healthz", "/no"]
    answers = [site.get(path, cookies=cookies) for path in pages
               for cookies in ({}, somebody) for _ in range(3)]  # fmt: skip

    assert {first.status_code, *(a.status_code for a, _ in answers)} == {503}
    assert all(answer.headers["Retry-After"] == "5" for answer, _ in answers)
    assert first_seconds < DATABASE_WAIT_SECONDS + 3
    assert max(seconds for _, seconds in answers) < 1
    time.sleep(8)  # long enough for a pool that tries more and more rarely

    site.postgres.start()
    assert site.seconds_until_well() < 10
    log = site.log.read_text()
    assert "The database answers again." in log
