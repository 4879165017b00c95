import json

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from sellers.categories import branches
from sellers.forms.fields import PicturesField, PriceField
from sellers.models import Product, ProductMedia, StockLevel
from sellers.rich_text import MAX_CHARACTERS, for_editing
from sellers.variants import (
    MAX_OPTIONS,
    MAX_VARIANTS,
    Option,
    Terms,
    TooManyVariants,
    VariantRow,
    choices_of,
)


class ProductForm(forms.ModelForm):
    description = forms.CharField(
        label=_("Description"),
        required=False,
        max_length=MAX_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 9}),
        help_text=_(
            "Plain text: an empty line starts a paragraph. "
            "Or HTML: headings, lists, bold, links and tables are kept."
        ),
    )
    pictures = PicturesField(
        label=_("Pictures"),
        required=False,
        help_text=_("JPEG, PNG or WebP, up to 10 MB each. The first one leads."),
    )

    class Meta:
        model = Product
        fields = [
            "title",
            "category",
            "description",
            "tax_class",
            "limit_per_buyer",
            "delivery_profile",
        ]

    def __init__(self, *args, seller, **kwargs):
        super().__init__(*args, **kwargs)
        profiles = self.fields["delivery_profile"]
        profiles.queryset = seller.delivery_profiles
        profiles.empty_label = _("Your usual rates")
        self.fields["limit_per_buyer"].widget.attrs["min"] = 1
        self.fields["category"].choices = [
            ("", _("Choose a category")),
            *((branch.category.pk, branch.label) for branch in branches()),
        ]
        self.fields["tax_class"].required = False
        self.initial["description"] = for_editing(self.instance.description)

    def clean_tax_class(self):
        return self.cleaned_data["tax_class"] or self.instance.tax_class

    def clean_title(self):
        return " ".join(self.cleaned_data["title"].split())


class OptionForm(forms.Form):
    name = forms.CharField(
        label=_("Option"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": _("Colour")}),
    )
    values = forms.CharField(
        label=_("Values, with commas between"),
        max_length=1000,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": _("Sand, Moss, Night")}),
    )

    def clean_values(self):
        parts = self.cleaned_data["values"].replace("\n", ",").split(",")
        values = tuple(dict.fromkeys(" ".join(p.split()) for p in parts if p.strip()))
        if any(len(value) > 80 for value in values):
            raise ValidationError(_("A value has 80 characters at most."))
        return values

    def clean(self):
        cleaned = super().clean()
        if bool(cleaned.get("name")) != bool(cleaned.get("values")):
            raise ValidationError(_("An option needs a name and its values."))
        return cleaned


class BaseOptionFormSet(forms.BaseFormSet):
    def clean(self):
        if any(self.errors):
            return
        names = [option.name.casefold() for option in self.options]
        if len(set(names)) < len(names):
            raise ValidationError(_("Two options have the same name."))
        try:
            choices_of(self.options)
        except TooManyVariants as error:
            raise ValidationError(
                _("These options make more than %(most)s variants."),
                params={"most": MAX_VARIANTS},
            ) from error

    @property
    def options(self):
        filled = [form.cleaned_data for form in self.forms]
        return [Option(data["name"], data["values"]) for data in filled if data["name"]]


class VariantForm(forms.Form):
    pk = forms.IntegerField(required=False, widget=forms.HiddenInput)
    values = forms.CharField(required=False, widget=forms.HiddenInput)
    shown_on_hand = forms.IntegerField(required=False, widget=forms.HiddenInput)
    price = PriceField(label=_("Price"))
    compare_at = PriceField(label=_("Price before"), required=False)
    on_hand = forms.IntegerField(
        label=_("In stock"), required=False, min_value=0, max_value=1_000_000
    )
    sku = forms.CharField(label=_("SKU"), max_length=80, required=False)
    weight_grams = forms.IntegerField(
        label=_("Weight in grams"), required=False, min_value=0, max_value=1_000_000
    )
    is_active = forms.BooleanField(label=_("On sale"), required=False, initial=True)
    policy = forms.ChoiceField(
        label=_("When there are none left"),
        choices=StockLevel.Policy.choices,
        required=False,
        initial=StockLevel.Policy.REFUSE,
        help_text=_(
            "Back-order: sold on, sent when it is there again. "
            "Pre-order: sold before it is out."
        ),
    )
    ships_on = forms.DateField(
        label=_("Sent from this day on"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Buyers see it. A back-order can do without."),
    )
    backorder_limit = forms.IntegerField(
        label=_("So many at most"),
        required=False,
        min_value=1,
        max_value=1_000_000,
        help_text=_("Sold beyond what is in stock; empty for no limit."),
    )
    limit_per_buyer = forms.IntegerField(
        label=_("At most per buyer"),
        required=False,
        min_value=1,
        max_value=1_000_000,
        help_text=_("Over all orders; empty for no limit."),
    )

    def __init__(self, *args, currency, **kwargs):
        super().__init__(*args, **kwargs)
        for name in ["price", "compare_at"]:
            self.fields[name].currency = currency

    def clean_values(self):
        try:
            values = json.loads(self.cleaned_data["values"] or "[]")
        except json.JSONDecodeError as error:
            raise ValidationError(_("That choice cannot be read.")) from error
        if not isinstance(values, list):
            raise ValidationError(_("That choice cannot be read."))
        return tuple(str(value)[:80] for value in values)

    def clean(self):
        cleaned = super().clean()
        price, before = cleaned.get("price"), cleaned.get("compare_at")
        if price and before and before <= price:
            self.add_error("compare_at", _("The price before must be the higher one."))
        is_pre_order = cleaned.get("policy") == StockLevel.Policy.PRE_ORDER
        if is_pre_order and "ships_on" in cleaned and not cleaned["ships_on"]:
            self.add_error("ships_on", _("A pre-order needs a day."))
        return cleaned

    @property
    def title(self):
        """What is chosen, for the row's heading."""
        try:
            return " / ".join(map(str, json.loads(self["values"].value() or "[]")))
        except (TypeError, json.JSONDecodeError):
            return ""

    @property
    def terms_matter(self):
        """Shown open where something is set, or wrong."""
        fields = ["policy", "ships_on", "backorder_limit", "limit_per_buyer"]
        is_said = self["limit_per_buyer"].value() or self["policy"].value()
        is_wrong = any(self[name].errors for name in fields)
        return is_wrong or is_said not in {None, "", StockLevel.Policy.REFUSE}

    @property
    def terms(self):
        """None where the form that was sent does not have them."""
        fields = ["policy", "ships_on", "backorder_limit", "limit_per_buyer"]
        values = [self.cleaned_data[name] for name in fields]
        return Terms(*values) if values[0] else None

    @property
    def row(self):
        data = self.cleaned_data
        on_hand = data["on_hand"]
        is_as_shown = on_hand == data["shown_on_hand"]
        return VariantRow(
            values=data["values"],
            price_minor=data["price"],
            compare_at_minor=data["compare_at"],
            sku=data["sku"],
            weight_grams=data["weight_grams"] or 0,
            on_hand=None if is_as_shown else on_hand,
            is_active=data["is_active"],
            terms=self.terms,
            pk=data["pk"],
        )


class BaseVariantFormSet(forms.BaseFormSet):
    def clean(self):
        if any(self.errors):
            return
        skus = [row.sku for row in self.rows if row.sku]
        if len(set(skus)) < len(skus):
            raise ValidationError(_("Two variants have the same SKU."))

    @property
    def rows(self):
        return [form.row for form in self.forms]


class PictureForm(forms.ModelForm):
    class Meta:
        model = ProductMedia
        fields = ["alt"]


OptionFormSet = forms.formset_factory(
    OptionForm,
    formset=BaseOptionFormSet,
    extra=0,
    min_num=MAX_OPTIONS,
    max_num=MAX_OPTIONS,
    absolute_max=MAX_OPTIONS,
)
VariantFormSet = forms.formset_factory(
    VariantForm,
    formset=BaseVariantFormSet,
    extra=0,
    min_num=1,
    validate_min=True,
    max_num=MAX_VARIANTS,
    absolute_max=MAX_VARIANTS,
)
