"""The desk's page that asks the ranking log what other numbers would have earned."""

from django import forms
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

# Of what may be tried, what the log can be asked about.
ASKED = ["FEED_VALUES", "FEED_EXPOSURE"]
LABELS = {
    "tap": gettext_lazy("Worth of a product opened"),
    "cart": gettext_lazy("Worth of a product put in the cart"),
    "purchase": gettext_lazy("Worth of a purchase"),
    "refund": gettext_lazy("Cost of a refund"),
    "trial_share": gettext_lazy("Share of places for new videos on trial"),
    "support_share": gettext_lazy("Share of places for videos that have passed"),
}
DAYS = [(7, gettext_lazy("7 days")), (28, gettext_lazy("28 days"))]
DAYS += [(90, gettext_lazy("90 days"))]


class CandidateForm(forms.Form):
    """A number for each of the public weights and shares; the site's to begin with."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for setting in ASKED:
            for name, number in getattr(settings, setting).items():
                self.fields[f"{setting}-{name}"] = forms.FloatField(
                    label=LABELS.get(name, name),
                    help_text=f"{setting}: {name}",
                    min_value=0,
                    max_value=settings.FEED_TRIED[setting],
                    initial=round(number, 4),
                    widget=UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"}),
                )
        self.fields["days"] = forms.TypedChoiceField(
            label=_("From the log of"),
            choices=DAYS,
            coerce=int,
            initial=28,
            widget=UnfoldAdminSelectWidget,
        )

    def numbers(self, setting):
        names = getattr(settings, setting)
        return {name: self.cleaned_data[f"{setting}-{name}"] for name in names}


def show(model_admin, request):
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    form = CandidateForm(request.GET or None)
    answer = answer_to(form) if form.is_valid() else None
    context = model_admin.admin_site.each_context(request) | {
        "title": _("What other numbers would have earned"),
        "form": form,
        "answer": answer,
        "rows": rows_of(answer) if answer else [],
    }
    return render(request, "moderation/estimate.html", context)


def answer_to(form):
    from videos.feed import estimating  # numpy: workers import this module too

    candidate = estimating.Candidate(
        form.numbers("FEED_VALUES"), form.numbers("FEED_EXPOSURE")
    )
    return estimating.estimate(candidate, form.cleaned_data["days"])


def rows_of(answer):
    return [
        (line.label, *(said(one) for one in (line.served, line.plain, line.normalised)))
        for line in answer.lines
    ]


def said(one) -> str:
    if one.low == one.high == 0:
        # An interval without any width would claim to know that there never are any.
        return _("none seen")
    return f"{one.value:.4f} ({one.low:.4f} … {one.high:.4f})"
