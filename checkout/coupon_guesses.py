"""Nobody finds coupons by trying codes."""

from allauth.core import ratelimit
from django.utils.translation import gettext as _

from checkout import coupons


def refusal(request, code: str) -> str:
    """Why no code is looked at any more, in words for the buyer; else empty.

    Codes that do not exist count, by session and by address.  After too many of them
    the right ones are refused too: else one could go on until one fits.
    """
    if not code.strip():
        return ""
    is_guess = not coupons.named(code).exists()
    is_allowed = ratelimit.consume(
        request,
        action="coupon",
        key=request.session.session_key or "",
        dry_run=not is_guess,
    )
    if is_allowed:
        return ""
    return _("Too many codes were tried. Please try again in ten minutes.")
