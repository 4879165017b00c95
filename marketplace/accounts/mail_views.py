"""The page that lists the mails of development.  In production there is none."""

from functools import wraps

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET

from marketplace.accounts import mailbox


def development_only(view):
    @wraps(view)
    def view_in_development(request, *args, **kwargs):
        if not settings.IS_DEVELOPMENT:
            raise Http404
        return view(request, *args, **kwargs)

    return view_in_development


@development_only
@require_GET
def mail(request):
    letters = mailbox.letters(settings.EMAIL_FILE_PATH)
    return render(request, "accounts/mail.html", {"letters": letters})


@development_only
@require_GET
def letter(request, name):
    return render(request, "accounts/letter.html", {"letter": find_letter(name)})


@development_only
@xframe_options_sameorigin
@csp_replace(
    {
        "default-src": [NONE],
        "style-src": [UNSAFE_INLINE],
        "frame-ancestors": [SELF],
        "sandbox": ["allow-popups"],
    }
)
@require_GET
def letter_html(request, name):
    """The HTML part as mail programs show it: without scripts, pictures or origin."""
    return HttpResponse(find_letter(name).html)


def find_letter(name):
    found = mailbox.letter(settings.EMAIL_FILE_PATH, name)
    if found is None:
        raise Http404
    return found
