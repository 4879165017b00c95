from django import forms
from django.core.exceptions import ValidationError
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _

from sellers.models import StockMovement

MOST = 1_000_000
LABELS = {
    StockMovement.Reason.RECEIVED: _("Received"),
    StockMovement.Reason.COUNT: _("Corrected: counted, found, damaged, lost"),
    StockMovement.Reason.RETURN: _("Returned by a buyer"),
}


def new_key():
    return get_random_string(22)


class MovementForm(forms.Form):
    request_key = forms.CharField(
        max_length=40, widget=forms.HiddenInput, initial=new_key
    )
    quantity = forms.IntegerField(
        label=_("How many more"),
        min_value=-MOST,
        max_value=MOST,
        help_text=_("With a minus: fewer."),
    )
    reason = forms.ChoiceField(
        label=_("Why"), choices=[(r, LABELS[r]) for r in StockMovement.BY_HAND]
    )
    note = forms.CharField(label=_("Note"), max_length=200, required=False)

    def clean_quantity(self):
        quantity = self.cleaned_data["quantity"]
        if quantity == 0:
            raise ValidationError(_("Nothing would change."))
        return quantity

    def clean(self):
        cleaned = super().clean()
        is_fewer = cleaned.get("quantity", 0) < 0
        if is_fewer and cleaned.get("reason") not in {None, StockMovement.Reason.COUNT}:
            self.add_error("reason", _("Fewer can only be a correction."))
        return cleaned
