"""What the platform keeps of sales: an ordered list, of which the first rule counts."""

from django import forms
from django.conf import settings
from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminDecimalFieldWidget

from checkout.models import CommissionRule
from checkout.seller_forms import MoneyField
from marketplace.moderation.admin.base import shown
from marketplace.money import format_minor

AMOUNTS = {
    "fixed": "fixed_minor",
    "minimum": "minimum_minor",
    "maximum": "maximum_minor",
}


def percent_field():
    return forms.DecimalField(
        label=_("Per cent"),
        initial=0,
        min_value=0,
        max_value=100,
        decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget,
    )


def amount_field(label):
    return MoneyField(
        label=label,
        currency=settings.CURRENCY,
        required=False,
        widget=UnfoldAdminDecimalFieldWidget,
    )


class CommissionRuleForm(forms.ModelForm):
    """Per cent and amounts as people write them; amounts in the rule's currency."""

    percent = percent_field()
    fixed = amount_field(_("and for each piece"))
    minimum = amount_field(_("at least, for each piece"))
    maximum = amount_field(_("at most, for each piece"))

    class Meta:
        model = CommissionRule
        fields = [
            "position",
            "name",
            "is_active",
            "seller",
            "category",
            "product",
            "is_on_delivery",
        ]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        rule = self.instance
        self.fields["percent"].initial = rule.basis_points / 100
        for name, column in AMOUNTS.items():
            self.fields[name].currency = rule.currency
            # Nothing and 0 are the same, but for the most that is taken.
            value = getattr(rule, column)
            self.fields[name].initial = value if name == "maximum" else value or None

    def clean(self):
        data = super().clean()
        least, most = data.get("minimum") or 0, data.get("maximum")
        if most is not None and most < least:
            self.add_error("maximum", _("Not less than the least."))
        rule = self.instance
        rule.basis_points = round((data.get("percent") or 0) * 100)
        rule.fixed_minor = data.get("fixed") or 0
        rule.minimum_minor, rule.maximum_minor = least, most
        return data


@admin.register(CommissionRule)
class CommissionRuleAdmin(ModelAdmin):
    form = CommissionRuleForm
    list_display = ["position", "name", "share", "applies_to", "is_active"]
    list_display_links = ["name"]
    list_editable = ["position"]
    list_select_related = ["seller", "category", "product"]
    ordering = ["position", "pk"]
    sortable_by = []
    autocomplete_fields = ["seller", "category", "product"]
    change_form_after_template = "moderation/_trail.html"
    fieldsets = [
        (None, {"fields": ["position", "name", "is_active"]}),
        (_("Which sales"), {"fields": ["seller", "category", "product"]}),
        (
            _("What is kept"),
            {"fields": ["percent", "fixed", "minimum", "maximum", "is_on_delivery"]},
        ),
    ]

    @shown(_("keeps"))
    def share(self, rule):
        parts = [f"{rule.basis_points / 100:g} %"]
        texts = {"fixed": "+ %s", "minimum": "≥ %s", "maximum": "≤ %s"}
        for name, text in texts.items():
            amount = getattr(rule, AMOUNTS[name])
            if amount or (name == "maximum" and amount is not None):
                parts.append(text % format_minor(amount, rule.currency))
        return " ".join(parts)

    @shown(_("of"))
    def applies_to(self, rule):
        names = [rule.seller, rule.category, rule.product]
        return " · ".join(str(name) for name in names if name) or _("every sale")
