from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from marketplace.moderation.models import AUTOMATIC_REASONS, Report

# The sentences that moderators need most often.
STANDARD_REASONS = [
    _("The picture or video does not show the product that is for sale."),
    _("The description promises more than the product can do."),
    _("The goods look counterfeit, or carry a brand without its leave."),
    _("These goods may not be sold here."),
    _("It shows hate, violence or sexual content."),
    _("Music or pictures belong to somebody else."),
    _("The particulars of the business could not be confirmed."),
]


class DecisionForm(forms.Form):
    standard = forms.ChoiceField(
        label=_("Standard reason"),
        required=False,
        choices=[("", "—"), *((text, text) for text in STANDARD_REASONS)],
        widget=UnfoldAdminSelectWidget,
    )
    details = forms.CharField(
        label=_("In your words"),
        required=False,
        max_length=2000,
        widget=UnfoldAdminTextareaWidget,
        help_text=_("The person concerned reads this."),
    )

    def __init__(self, *args, needs_reason, needs_words=False, asks_for="", **kwargs):
        super().__init__(*args, **kwargs)
        self.needs_reason = needs_reason
        self.fields["details"].required = needs_words
        if not needs_reason:
            # All of them say why something is refused.
            del self.fields["standard"]
        if asks_for:
            self.fields["details"] = forms.CharField(
                label=asks_for, max_length=64, widget=UnfoldAdminTextInputWidget
            )
        elif not needs_reason and not needs_words:
            self.fields["details"].label = _("Note")
            self.fields["details"].help_text = _(
                "It stays in the record; nobody gets it by email."
            )

    def clean(self):
        cleaned = super().clean()
        parts = [cleaned.get("standard"), cleaned.get("details")]
        cleaned["reason"] = "\n\n".join(filter(None, parts))
        if self.needs_reason and not cleaned["reason"]:
            raise forms.ValidationError(
                _("Give a reason: the person concerned has a right to it.")
            )
        return cleaned


class ReportForm(forms.ModelForm):
    class Meta:
        model = Report
        fields = ["reason", "details", "email"]
        widgets = {
            "reason": forms.RadioSelect,
            "details": forms.Textarea(attrs={"rows": 4}),
            "email": forms.EmailInput(attrs={"autocomplete": "email"}),
        }

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["reason"].choices = [
            choice
            for choice in Report.Reason.choices
            if choice[0] not in AUTOMATIC_REASONS
        ]
        if user.is_authenticated:
            del self.fields["email"]
