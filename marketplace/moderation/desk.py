"""The desk: Django admin as moderators and operators enter it."""

from allauth.mfa.utils import is_mfa_enabled
from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.decorators import csp_update
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.sites import UnfoldAdminSite

# unfold's Alpine.js evaluates the expressions in its attributes, and its colours
# stand in a <style> element.  Nowhere else on the site is either allowed.
UNFOLD_POLICY = {"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]}


class Desk(UnfoldAdminSite):
    index_title = gettext_lazy("What waits")

    def has_permission(self, request):
        return super().has_permission(request) and has_second_step(request.user)

    def login(self, request, extra_context=None):
        """By the site's own door, with its rate limits and second step."""
        target = request.GET.get("next") or reverse("admin:index")
        if not request.user.is_authenticated:
            return redirect_to_login(target)
        if self.has_permission(request):
            return redirect("admin:index")
        if super().has_permission(request):
            messages.warning(
                request, _("Staff need two-step sign-in.  Set it up, then come back.")
            )
            return redirect("mfa_index")
        raise PermissionDenied

    def admin_view(self, view, cacheable=False):
        return csp_update(UNFOLD_POLICY)(super().admin_view(view, cacheable))


def has_second_step(user):
    return not settings.STAFF_MFA_REQUIRED or is_mfa_enabled(user)
