"""While PostgreSQL does not answer: a page that says so, at once, and no waiting."""

import sys

import psycopg
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.views.defaults import server_error

from marketplace.breakers import Breaker
from marketplace.env import DATABASE_WAIT_SECONDS

# How long visitors are told to wait, and how often one of them finds out whether
# the database is back: longer than the pool makes that one wait.
RETRY_AFTER_SECONDS = 5
LOOK_EVERY_SECONDS = 1
# The server is shutting down, starting up, was killed, or takes no more connections.
AWAY = {"57P01", "57P02", "57P03", "53300"}


def is_outage(error: BaseException | None) -> bool:
    """Whether there is no database, rather than a lock, a deadlock or a bad query."""
    if isinstance(error, InterfaceError):
        return True
    if not isinstance(error, OperationalError):
        return False
    state = getattr(error.__cause__, "sqlstate", None)
    return state is None or state.startswith("08") or state in AWAY


breaker = Breaker(
    "The database", rest_seconds=LOOK_EVERY_SECONDS, wait_seconds=DATABASE_WAIT_SECONDS
)


def is_back() -> bool:
    if not breaker.may_look():
        return False
    try:
        # Not by the pool, which would make this visitor wait for its own attempts.
        psycopg.connect(**connection.get_connection_params()).close()
    except psycopg.OperationalError as error:
        breaker.trip(error)
        return False
    breaker.mend()
    return True


class OutageMiddleware:
    """After the middleware that knows who it is, before those that ask for it."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if breaker.is_open and not is_back():
            return unavailable(request)
        try:
            # Looked up here, where a failure can still be answered well.
            if settings.SESSION_COOKIE_NAME in request.COOKIES:
                bool(request.user.is_authenticated)
        except (OperationalError, InterfaceError) as error:
            return self.process_exception(request, error) or server_error(request)
        return self.get_response(request)

    def process_exception(self, request, error):
        if not is_outage(error):
            return None
        breaker.trip(error)
        return unavailable(request)


def unavailable(request) -> HttpResponse:
    page = render_to_string("503.html", {"is_reloaded": request.method == "GET"})
    headers = {"Retry-After": RETRY_AFTER_SECONDS, "Cache-Control": "no-store"}
    return HttpResponse(page, status=503, headers=headers)


def broken(request):
    """The site's handler500: also where a middleware could not save a session."""
    error = sys.exc_info()[1]
    if is_outage(error):
        breaker.trip(error)
        return unavailable(request)
    return server_error(request)
