"""Forms of the seller centre's order and delivery pages."""

from django import forms
from django.utils.translation import gettext_lazy as _

from checkout.models.cart import new_token
from checkout.refund_amounts import DELIVERY, Claim, remaining
from marketplace.money import format_minor, to_major, to_minor


class QuantitiesForm(forms.Form):
    """A number of units for each of some order lines, named `line-<pk>`."""

    # Whether all is chosen to begin with; else only what leaves no choice.
    starts_full = False

    def __init__(self, *args, lines, limit, **kwargs):
        """`limit` answers how many units of a line may be chosen."""
        super().__init__(*args, **kwargs)
        self.lines = [line for line in lines if limit(line) > 0]
        is_full = self.starts_full or sum(map(limit, self.lines)) == 1
        for line in self.lines:
            self.fields[f"line-{line.pk}"] = forms.IntegerField(
                label=" · ".join(filter(None, [line.title, line.variant_title])),
                min_value=0,
                max_value=limit(line),
                initial=limit(line) if is_full else 0,
                required=False,
                error_messages={
                    "max_value": _("There are only %(limit_value)s."),
                    "min_value": _("Not less than 0."),
                },
            )

    def clean(self):
        data = super().clean()
        is_readable = all(f"line-{line.pk}" in data for line in self.lines)
        if is_readable and not self.has_choice():
            raise forms.ValidationError(_("Choose at least one."))
        return data

    def has_choice(self):
        return bool(self.quantities())

    @property
    def units(self):
        """Each line with its field."""
        return [(line, self[f"line-{line.pk}"]) for line in self.lines]

    def quantities(self):
        """Units by order line, zeros left out."""
        chosen = {
            line.pk: self.cleaned_data[f"line-{line.pk}"] or 0 for line in self.lines
        }
        return {pk: quantity for pk, quantity in chosen.items() if quantity}

    def chosen(self):
        """As `quantities`, of a form that may hold mistakes or be new."""
        names = {line.pk: f"line-{line.pk}" for line in self.lines}
        if self.is_bound:
            if not hasattr(self, "cleaned_data"):
                self.full_clean()
            values = self.cleaned_data
        else:
            values = {name: self.fields[name].initial for name in names.values()}
        chosen = {pk: values.get(name) for pk, name in names.items()}
        return {pk: quantity for pk, quantity in chosen.items() if quantity}


class ParcelForm(QuantitiesForm):
    starts_full = True

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


def reason_field(max_length):
    return forms.CharField(
        label=_("Reason, for the buyer"),
        help_text=_("The buyer reads it in the email about the money."),
        error_messages={"required": _("Say why, in a few words.")},
        max_length=max_length,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class CancelForm(forms.Form):
    reason = reason_field(200)


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


class RefundForm(QuantitiesForm):
    """Units, delivery and goodwill of one order, or of several of one checkout."""

    reason = reason_field(300)

    def __init__(self, *args, orders, **kwargs):
        self.orders = list(orders)
        lines = [line for order in self.orders for line in order.lines.with_pictures()]
        super().__init__(*args, lines=lines, limit=lambda line: line.left, **kwargs)
        for order in self.orders:
            self.add_amounts(order)

    def add_amounts(self, order):
        left = remaining(order)
        delivery = left[DELIVERY].amount
        most = sum(amounts.amount for amounts in left.values())
        currency = order.group.currency
        # The page writes it as it is now: after a refusal what was sent is old.
        self.fields[f"seen-{order.pk}"] = forms.IntegerField(
            required=False, widget=forms.HiddenInput
        )
        if delivery:
            self.fields[f"shipping-{order.pk}"] = MoneyField(
                currency=currency,
                label=_("Delivery"),
                required=False,
                help_text=_("Of %(amount)s. Empty: it goes back with the last item.")
                % {"amount": format_minor(delivery, currency)},
            )
        if most:
            self.fields[f"goodwill-{order.pk}"] = MoneyField(
                currency=currency,
                label=_("Goodwill"),
                required=False,
                help_text=_("For a scratch or a delay: the buyer keeps everything."),
            )

    @property
    def is_open(self):
        """Whether anything can still be paid back."""
        amounts = [f for f in self.fields.values() if isinstance(f, MoneyField)]
        return bool(self.lines or amounts)

    @property
    def units_by_order(self):
        """Each order with its lines' fields, and its two amounts' where there are."""
        return [
            {
                "order": order,
                "units": [unit for unit in self.units if unit[0].order_id == order.pk],
                "amounts": [
                    self[name]
                    for name in (f"shipping-{order.pk}", f"goodwill-{order.pk}")
                    if name in self.fields
                ],
            }
            for order in self.orders
        ]

    def has_choice(self):
        return any(not claim.is_empty for claim in self.claims().values())

    def claims(self):
        """By order; of a form that may hold mistakes, too."""
        chosen = self.chosen()
        data = self.cleaned_data if self.is_bound else {}
        return {
            order.pk: Claim(
                quantities={
                    line.pk: chosen[line.pk]
                    for line in self.lines
                    if line.order_id == order.pk and line.pk in chosen
                },
                shipping_minor=data.get(f"shipping-{order.pk}"),
                goodwill_minor=data.get(f"goodwill-{order.pk}") or 0,
                is_borne_by_platform=bool(data.get("is_borne_by_platform")),
                seen_minor=data.get(f"seen-{order.pk}"),
            )
            for order in self.orders
        }

    def claim(self):
        """Of the only order."""
        return self.claims()[self.orders[0].pk]
