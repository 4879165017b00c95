"""Forms of the seller centre's order and delivery pages."""

from django import forms
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from checkout.models import ShippingRate
from checkout.models.cart import new_token
from marketplace.money import format_minor, to_major, to_minor


class QuantitiesForm(forms.Form):
    """A number of units for each of some order lines, named `line-<pk>`."""

    def __init__(self, *args, lines, limit, **kwargs):
        """`limit` answers how many units of a line may be chosen."""
        super().__init__(*args, **kwargs)
        self.lines = [line for line in lines if limit(line) > 0]
        for line in self.lines:
            self.fields[f"line-{line.pk}"] = forms.IntegerField(
                label=" · ".join(filter(None, [line.title, line.variant_title])),
                min_value=0,
                max_value=limit(line),
                initial=limit(line),
                required=False,
            )

    def quantities(self):
        """Units by order line, zeros left out."""
        chosen = {
            line.pk: self.cleaned_data[f"line-{line.pk}"] or 0 for line in self.lines
        }
        return {pk: quantity for pk, quantity in chosen.items() if quantity}


class ParcelForm(QuantitiesForm):
    request_key = forms.CharField(
        max_length=40, widget=forms.HiddenInput, initial=new_token
    )
    carrier = forms.CharField(label=_("Carrier"), max_length=60)
    tracking_number = forms.CharField(
        label=_("Tracking number"), max_length=80, required=False
    )
    tracking_url = forms.URLField(
        label=_("Tracking address"), required=False, assume_scheme="https"
    )

    def parcel(self):
        names = ("carrier", "tracking_number", "tracking_url")
        return {name: self.cleaned_data[name] for name in names}


class RefundForm(QuantitiesForm):
    reason = forms.CharField(label=_("Reason, for the buyer"), max_length=300)


class CancelForm(forms.Form):
    reason = forms.CharField(label=_("Reason, for the buyer"), max_length=200)


class MoneyField(forms.DecimalField):
    """An amount as people write it, cleaned to whole minor units."""

    def __init__(self, *, currency, **kwargs):
        super().__init__(min_value=0, max_digits=12, **kwargs)
        self.currency = currency

    def prepare_value(self, value):
        return to_major(value, self.currency) if isinstance(value, int) else value

    def clean(self, value):
        amount = super().clean(value)
        if amount is None:
            return None
        try:
            return to_minor(amount, self.currency)
        except ValueError:
            raise forms.ValidationError(
                _("Write the amount like %(example)s."),
                params={"example": format_minor(499, self.currency)},
            ) from None


class ShippingRateForm(forms.ModelForm):
    countries = forms.MultipleChoiceField(
        label=_("Countries"),
        choices=countries,
        required=False,
        help_text=_("None chosen: everywhere."),
    )

    class Meta:
        model = ShippingRate
        fields = ["name", "countries", "min_days", "max_days", "is_active"]
        labels = {"is_active": _("Offered to buyers")}

    def __init__(self, *args, seller, **kwargs):
        super().__init__(*args, **kwargs)
        self.instance.seller = seller
        amounts = {
            "price_minor": MoneyField(
                label=_("Price (%s)") % seller.currency, currency=seller.currency
            ),
            "free_from_minor": MoneyField(
                label=_("Free from (%s)") % seller.currency,
                currency=seller.currency,
                required=False,
                help_text=_("Leave empty if delivery always costs the same."),
            ),
        }
        for name, field in amounts.items():
            self.fields[name] = field
            self.initial.setdefault(name, getattr(self.instance, name))
        self.order_fields(["name", "price_minor", "free_from_minor"])

    def clean(self):
        data = super().clean()
        if data.get("min_days", 0) > data.get("max_days", 0):
            self.add_error(
                "max_days", _("The slowest cannot be before the fastest day.")
            )
        return data

    def save(self, commit=True):
        self.instance.price_minor = self.cleaned_data["price_minor"]
        self.instance.free_from_minor = self.cleaned_data["free_from_minor"]
        return super().save(commit)
