"""Operators answer the buyer's bank, with the facts and with what the shops say."""

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget

from checkout import dispute_evidence, gateway
from marketplace.moderation.decisions import trail

LONGEST = 20_000


class EvidenceForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("Evidence"),
        help_text=gettext_lazy("The bank reads it, and takes it only once."),
        max_length=LONGEST,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 18}),
    )


def answer(model_admin, request, object_id):
    dispute = model_admin.get_object(request, unquote(object_id))
    if dispute is None:
        raise Http404
    if not request.user.has_perm("checkout.change_dispute"):
        raise PermissionDenied
    initial = {"text": dispute_evidence.draft(dispute)}
    form = EvidenceForm(request.POST or None, initial=initial)
    is_sent = request.method == "POST" and form.is_valid()
    if is_sent and hand_in(request, dispute, form):
        return redirect("admin:checkout_dispute_change", dispute.pk)
    context = model_admin.admin_site.each_context(request) | {
        "form": form,
        "dispute": dispute,
        "opts": model_admin.opts,
        "title": _("Answer the bank"),
    }
    return render(request, "moderation/answer_dispute.html", context)


def hand_in(request, dispute, form):
    text = form.cleaned_data["text"]
    try:
        dispute_evidence.hand_in(dispute, text)
    except dispute_evidence.TooLate:
        form.add_error(None, _("The bank takes no more evidence for it."))
        return False
    except gateway.GatewayError as error:
        form.add_error(None, _("Stripe has not taken it: %s") % error)
        return False
    trail(dispute, request.user, f"Evidence handed in. {text}")
    messages.success(request, _("The evidence is with the bank."))
    return True
