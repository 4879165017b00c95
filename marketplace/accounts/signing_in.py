"""Who has to sign in first, in the middle of something; and the way back to it."""

from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponseForbidden
from django.shortcuts import render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event


class SignInMiddleware:
    """Sends the whole page to the sign-in, and back to where the person was.

    Else htmx would follow, and put the sign-in page in place of a row; and who sent a
    form would come back to an address that may only take forms.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if response.status_code != 302 or not is_sign_in(response.url):
            return response
        if request.htmx:
            page = request.htmx.current_url_abs_path or request.path
            return HttpResponseClientRedirect(redirect_to_login(page).url)
        came_for = redirect_to_login(request.get_full_path()).url
        if request.method == "POST" and response.url == came_for:
            page = page_before(request) or request.get_full_path()
            return redirect_to_login(page)
        return response


def is_sign_in(url: str) -> bool:
    return url.partition("?")[0] == resolve_url(settings.LOGIN_URL)


def page_before(request) -> str:
    """The page of ours that a form was sent from, if the browser says so."""
    before = request.headers.get("Referer", "")
    parts = urlsplit(before)
    page = parts._replace(scheme="", netloc="", fragment="").geturl()
    is_ours = url_has_allowed_host_and_scheme(before, {request.get_host()})
    return page if is_ours and url_has_allowed_host_and_scheme(page, None) else ""


def refuse_form(request, reason=""):
    """Of another session, mostly: who signs in again gets another CSRF token."""
    if request.htmx:
        toast = {
            "kind": "error",
            "text": _("You signed in or out since this page was opened."),
            "url": request.htmx.current_url_abs_path or "/",
            "link": _("Open it again"),
        }
        return trigger_client_event(HttpResponseForbidden(), "toast", toast)
    context = {"back": page_before(request)}
    return render(request, "403_csrf.html", context, status=403)
