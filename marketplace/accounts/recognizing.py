"""Who asks: session, account and what pages show of it, in one query.

Whose a session is never changes, so the cache may say whom to ask about.  What is true
the database says each time: who has signed out, or whose account is off, is so at once.
Where the cache says nothing, or something wrong, it takes two queries.
"""

from hashlib import sha256

from django.conf import settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    get_user_model,
    load_backend,
)
from django.contrib.auth import middleware as django_middleware
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import connection
from django.db.models import BigIntegerField, CharField, DateTimeField, Subquery
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject

from marketplace.accounts import details
from marketplace.prepared import Given, Prepared


class RecognizingMiddleware(django_middleware.AuthenticationMiddleware):
    def process_request(self, request):
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: user_of(request))


def user_of(request):
    session, name = request.session, request.session.session_key
    if name and not session.is_read and not hasattr(request, "_cached_user"):
        if user := at_once(request, name):
            # Where Django's own function keeps it.
            request._cached_user = user
            return user
        user = django_middleware.get_user(request)
        if user.is_authenticated and session.session_key == name:
            cache.set(hint_key(name), user.pk, settings.SESSION_COOKIE_AGE)
        return user
    return django_middleware.get_user(request)


def at_once(request, name: str):
    """The account, if the cache has the right one; None says nothing."""
    if not (user_pk := cache.get(hint_key(name))):
        return None
    with_details = details.are_kept(request)
    given = details.given(request) if with_details else {}
    now = timezone.now()
    rows = ROWS.rows(with_details, account=user_pk, session=name, now=now, **given)
    if not rows or rows[0][0] is None:
        return None
    session, *row = rows[0]
    request.session.take(session)
    user = get_user_model().from_db(connection.alias, COLUMNS, row[: len(COLUMNS)])
    if not is_session_of(request.session, user):
        return None
    if with_details:
        details.keep(request, user.pk, row[len(COLUMNS) :])
    return user


def is_session_of(session, user) -> bool:
    """As Django looks; what it does with secrets of before, it does itself."""
    backend, signed = session.get(BACKEND_SESSION_KEY), session.get(HASH_SESSION_KEY)
    return (
        session.get(SESSION_KEY) == str(user.pk)
        and backend in settings.AUTHENTICATION_BACKENDS
        and load_backend(backend).user_can_authenticate(user)
        and bool(signed)
        and constant_time_compare(signed, user.get_session_auth_hash())
    )


COLUMNS = [field.attname for field in get_user_model()._meta.concrete_fields]


def rows(with_details):
    """The session's content, null if it has ended, and the account's row."""
    sessions = Session.objects.filter(
        session_key=Given("session", CharField()),
        expire_date__gt=Given("now", DateTimeField()),
    )
    accounts = get_user_model().objects.filter(pk=Given("account", BigIntegerField()))
    more = details.expressions() if with_details else []
    return accounts.values_list(
        Subquery(sessions.values("session_data")), *COLUMNS, *more
    )


ROWS = Prepared(rows)


def hint_key(name: str) -> str:
    """Whoever reads the cache learns no name of a session."""
    return f"session-of:{sha256(name.encode()).hexdigest()}"
