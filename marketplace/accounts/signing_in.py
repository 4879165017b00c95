"""Who has to sign in first, while a part of a page is fetched."""

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.shortcuts import resolve_url
from django_htmx.http import HttpResponseClientRedirect


class SignInMiddleware:
    """Sends the whole page to the sign-in, and back to where it was.

    Else htmx would follow, and put the sign-in page in place of a row.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if not request.htmx or response.status_code != 302:
            return response
        if response.url.partition("?")[0] != resolve_url(settings.LOGIN_URL):
            return response
        page = request.htmx.current_url_abs_path or request.path
        return HttpResponseClientRedirect(redirect_to_login(page).url)
