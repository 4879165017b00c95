"""A pseudonym for each browser session, so that guests have a feed of their own."""

import re
import secrets

from django.conf import settings

COOKIE = "viewer"
PSEUDONYM = re.compile(r"[\w-]{22}")


def viewer_of(request) -> str:
    """The pseudonym, or "" before the first answer has given one."""
    value = request.COOKIES.get(COOKIE, "")
    return value if PSEUDONYM.fullmatch(value) else ""


def name_viewer(request, response):
    """Let the browser keep a pseudonym until it is closed."""
    if not viewer_of(request):
        response.set_cookie(
            COOKIE,
            secrets.token_urlsafe(16),
            httponly=True,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )
    return response
