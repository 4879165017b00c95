from functools import partial

from django.conf import settings
from django.utils.functional import SimpleLazyObject

from marketplace.accounts import details, passkeys
from marketplace.accounts.notifications import unread_count


def personal(request):
    """What the bars of every page show of the person; asked for only when shown."""
    user = getattr(request, "user", None)
    is_known = user is not None and user.is_authenticated
    return {
        "unread_count": SimpleLazyObject(lambda: unread(request)) if is_known else 0,
        "mail_is_shown": settings.IS_DEVELOPMENT,
        "better_passkey_address": partial(passkeys.better_address, request),
    }


def unread(request) -> int:
    count = details.kept(request, details.UNREAD)
    return unread_count(request.user) if count is None else count
