"""The page on which a decision is confirmed, with its reason."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from marketplace.moderation.decisions import AlreadyDecided
from marketplace.moderation.forms import DecisionForm


@dataclass(frozen=True)
class Choice:
    """Something that can be decided about an object."""

    name: str
    label: str
    act: Callable
    is_possible: Callable
    needs_reason: bool = False
    variant: str = "primary"
    # Above the right to decide at all.
    permission: str = ""
    # Asked for in words of their own: these, and not a reason for a refusal.
    question: str = ""
    # A value, by this name, instead of words; `act` may refuse it: ValidationError.
    asks_for: str = ""
    # Nobody is concerned but the site itself: no mail, so no words either.
    is_told: bool = True

    def may_be_made_by(self, user) -> bool:
        may_decide = user.has_perm("moderation.add_moderationdecision")
        return may_decide and (not self.permission or user.has_perm(self.permission))


def decide(model_admin, request, object_id, name):
    """Ask for the reason, then act; a decision that came too late is said so."""
    choice = next((c for c in model_admin.choices if c.name == name), None)
    found = model_admin.get_object(request, unquote(object_id))
    if choice is None or found is None:
        raise Http404
    if not (
        model_admin.has_view_permission(request, found)
        and choice.may_be_made_by(request.user)
    ):
        raise PermissionDenied
    opts = model_admin.opts
    page = f"admin:{opts.app_label}_{opts.model_name}_change"
    posted = request.POST if request.method == "POST" else None
    form = DecisionForm(
        posted,
        needs_reason=choice.needs_reason,
        needs_words=bool(choice.question),
        asks_for=choice.asks_for,
    )
    if form.is_valid() and act(request, choice, found, form):
        return redirect(page, found.pk)
    context = model_admin.admin_site.each_context(request) | {
        "form": form,
        "choice": choice,
        "found": found,
        "opts": opts,
        "title": choice.label,
    }
    return render(request, "moderation/decide.html", context)


def act(request, choice, found, form) -> bool:
    """False where what was entered is refused: the form says why."""
    try:
        choice.act(found, request.user, form.cleaned_data["reason"])
    except ValidationError as refusal:
        form.add_error("details", refusal)
        return False
    except AlreadyDecided:
        messages.error(
            request, _("This has been decided in the meantime.  See what it is now.")
        )
    else:
        messages.success(request, _("Done: %s.") % choice.label)
    return True
