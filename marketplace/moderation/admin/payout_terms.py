"""How long a shop's money is held, and how much of it is kept in reserve."""

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminDecimalFieldWidget

from checkout.models import PayoutTerms
from marketplace.moderation.admin.base import shown


class PayoutTermsForm(forms.ModelForm):
    """The reserve in per cent."""

    reserve = forms.DecimalField(
        label=_("Reserve, in per cent"),
        help_text=_("Of each order. Empty: as the settings say."),
        required=False,
        min_value=0,
        max_value=100,
        decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget,
    )

    class Meta:
        model = PayoutTerms
        fields = ["seller", "hold_days", "reserve_days"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        kept = self.instance.reserve_basis_points
        self.fields["reserve"].initial = None if kept is None else kept / 100

    def clean(self):
        data = super().clean()
        percent = data.get("reserve")
        basis_points = None if percent is None else round(percent * 100)
        self.instance.reserve_basis_points = basis_points
        return data


@admin.register(PayoutTerms)
class PayoutTermsAdmin(ModelAdmin):
    form = PayoutTermsForm
    list_display = ["seller", "hold_days", "reserve", "reserve_days"]
    list_select_related = ["seller"]
    autocomplete_fields = ["seller"]
    ordering = ["seller__name"]
    sortable_by = []
    fields = ["seller", "hold_days", "reserve", "reserve_days"]
    change_form_after_template = "moderation/_trail.html"

    @shown(_("reserve"))
    def reserve(self, terms):
        kept = terms.reserve_basis_points
        return None if kept is None else f"{kept / 100:g} %"
