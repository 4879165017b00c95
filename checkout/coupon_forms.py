"""What sellers and operators type to make a coupon."""

from datetime import datetime, time, timedelta

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from checkout.models import Coupon
from checkout.models.coupon import normal_code
from checkout.seller_forms import MoneyField
from sellers.categories import branches

Kind, Scope = Coupon.Kind, Coupon.Scope


class CodeField(forms.CharField):
    def to_python(self, value):
        return normal_code(super().to_python(value))


class CouponForm(forms.ModelForm):
    """Per cent and amounts as people write them, else in the site's currency."""

    code = CodeField(
        label=_("Code"),
        max_length=30,
        help_text=_("What buyers type: letters, digits and dashes."),
        widget=forms.TextInput(attrs={"autocapitalize": "characters"}),
        error_messages={"unique": _("This code is taken already. Choose another one.")},
    )
    percent = forms.DecimalField(
        label=_("Per cent"),
        required=False,
        min_value=0.01,
        max_value=100,
        decimal_places=2,
    )
    amount = MoneyField(label=_("Amount"), currency=settings.CURRENCY, required=False)
    minimum = MoneyField(
        label=_("From an order of"),
        help_text=_("Of the things that it is for. Empty: any order."),
        currency=settings.CURRENCY,
        required=False,
    )

    class Meta:
        model = Coupon
        fields = [
            "code",
            "kind",
            "scope",
            "categories",
            "products",
            "usage_limit",
            "usage_limit_per_buyer",
        ]

    def __init__(self, *args, currency="", **kwargs):
        super().__init__(*args, **kwargs)
        coupon = self.instance
        self.currency = coupon.currency or currency or settings.CURRENCY
        for name in ("amount", "minimum"):
            field = self.fields[name]
            field.currency = self.currency
            field.label = f"{field.label} ({self.currency})"
        if coupon.pk:
            self.initial["percent"] = coupon.basis_points and coupon.basis_points / 100
            self.initial["amount"] = coupon.amount_minor
            self.initial["minimum"] = coupon.minimum_minor or None
        for name in ("usage_limit", "usage_limit_per_buyer"):
            self.fields[name].min_value = 1
            self.fields[name].widget.attrs["min"] = 1

    def clean(self):
        data = super().clean()
        kind, scope = data.get("kind"), data.get("scope")
        needed = {Kind.PERCENT: "percent", Kind.FIXED: "amount"}.get(kind)
        if needed and needed not in self.errors and not data.get(needed):
            self.add_error(needed, _("How much does it take off?"))
        chosen = {Scope.CATEGORIES: "categories", Scope.PRODUCTS: "products"}.get(scope)
        if chosen and chosen not in self.errors and not data.get(chosen):
            self.add_error(chosen, _("Choose at least one."))
        for name in ("usage_limit", "usage_limit_per_buyer"):
            if data.get(name) == 0:
                self.add_error(name, _("At least 1; leave it empty for no limit."))
        self.check_used(data.get("usage_limit"))
        self.fill(data, kind, scope)
        return data

    def check_used(self, limit):
        if limit is not None and limit < self.instance.uses:
            text = _("It was used %(uses)s times already.")
            self.add_error("usage_limit", text % {"uses": self.instance.uses})

    def fill(self, data, kind, scope):
        """What the model keeps; what the kind does not need is dropped."""
        coupon, percent = self.instance, data.get("percent")
        is_percent, is_fixed = kind == Kind.PERCENT, kind == Kind.FIXED
        coupon.basis_points = int(percent * 100) if is_percent and percent else None
        coupon.amount_minor = data.get("amount") if is_fixed else None
        coupon.minimum_minor = data.get("minimum") or 0
        has_amount = coupon.amount_minor or coupon.minimum_minor
        coupon.currency = self.currency if has_amount else ""
        if scope != Scope.CATEGORIES:
            data["categories"] = []
        if scope != Scope.PRODUCTS:
            data["products"] = []


def day_field(**kwargs):
    return forms.DateField(
        required=False, widget=forms.DateInput(attrs={"type": "date"}), **kwargs
    )


class SellerCouponForm(CouponForm):
    """A shop's own coupon: the shop bears it, for its own things, by whole days."""

    first_day = day_field(label=_("First day"), help_text=_("Empty: from now on."))
    last_day = day_field(label=_("Last day"), help_text=_("Empty: until you pause it."))

    def __init__(self, *args, seller, **kwargs):
        super().__init__(*args, currency=seller.currency, **kwargs)
        self.instance.seller = seller
        self.instance.bearer = Coupon.Bearer.SELLER
        self.fields["kind"].initial = Kind.PERCENT
        self.fields["kind"].widget = forms.RadioSelect(choices=Kind.choices)
        self.fields["scope"].widget = forms.RadioSelect(choices=Scope.choices)
        products = self.fields["products"]
        products.queryset = seller.products.exclude(status="archived").order_by("title")
        products.widget = forms.CheckboxSelectMultiple()
        products.widget.choices = products.choices
        categories = self.fields["categories"]
        categories.widget = forms.CheckboxSelectMultiple(
            choices=[(branch.category.pk, branch.label) for branch in branches()]
        )

    def clean(self):
        data = super().clean()
        first, last = data.get("first_day"), data.get("last_day")
        if last and last < timezone.localdate():
            self.add_error("last_day", _("That day is over already."))
        elif first and last and last < first:
            self.add_error("last_day", _("The last day cannot be before the first."))
        else:
            self.instance.valid_from = midnight(first) if first else timezone.now()
            after = last and last + timedelta(days=1)
            self.instance.valid_until = midnight(after) if after else None
        return data


def midnight(day):
    return timezone.make_aware(datetime.combine(day, time()))
