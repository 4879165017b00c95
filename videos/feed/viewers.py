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


def viewer_for(request) -> str:
    """The pseudonym, if need be the one that the answer to this request will give."""
    if not hasattr(request, "new_viewer"):
        if found := viewer_of(request):
            return found
        renew_viewer(request)
    return request.new_viewer


def renew_viewer(request) -> None:
    """Another one from now on; nobody can tell that both were the same browser's."""
    request.new_viewer = secrets.token_urlsafe(16)


def name_viewer(request, response):
    """Let the browser keep a pseudonym until it is closed."""
    if viewer_for(request) != viewer_of(request):
        response.set_cookie(
            COOKIE,
            viewer_for(request),
            httponly=True,
            samesite="Lax",
            secure=settings.SESSION_COOKIE_SECURE,
        )
    return response
