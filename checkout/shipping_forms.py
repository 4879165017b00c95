"""What sellers type about a way to deliver."""

from decimal import Decimal

from django import forms
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from checkout import shipping_zones
from checkout.models import ShippingBand, ShippingRate, ShippingZone
from checkout.seller_forms import MoneyField
from marketplace.money import to_major
from sellers.models import DeliveryProfile

BANDS = 5
GRAMS = 1000
Measure = ShippingRate.Measure
NAME_TAKEN = _("You have a zone of this name already.")
PROFILE_NAME_TAKEN = _("You have a profile of this name already.")


def weight_field(**kwargs):
    return forms.DecimalField(
        required=False, min_value=Decimal("0.001"), decimal_places=3, **kwargs
    )


class CountriesField(forms.MultipleChoiceField):
    """Boxes to tick; what is ticked stands first, or nobody would find it among 250."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **kwargs):
        super().__init__(label=_("Countries"), choices=countries, **kwargs)

    def put_first(self, codes):
        chosen = set(codes or [])
        self.choices = sorted(countries, key=lambda country: country[0] not in chosen)


class KeptForm(forms.ModelForm):
    """Where what it changes was deleted meanwhile it says so, and keeps what was typed.

    `gone`: in which words.  Sent again it makes a new one.
    """

    is_gone = False
    gone = ""

    def refuse_as_gone(self) -> None:
        self.is_gone = True
        self.add_error(None, self.gone)

    def is_saved(self) -> bool:
        try:
            self.save()
        except shipping_zones.Deleted:
            self.refuse_as_gone()
            return False
        return True


class ShippingZoneForm(KeptForm):
    gone = _("This zone has been deleted meanwhile. Save it again to make a new one.")
    countries = CountriesField(
        error_messages={"required": _("Tick at least one country.")}
    )

    class Meta:
        model = ShippingZone
        fields = ["name", "countries"]

    def __init__(self, *args, seller, **kwargs):
        super().__init__(*args, **kwargs)
        self.instance.seller = seller
        self.fields["countries"].put_first(self["countries"].value())

    def clean_name(self):
        name = self.cleaned_data["name"]
        others = self.instance.seller.shipping_zones.exclude(pk=self.instance.pk)
        if others.filter(name__iexact=name).exists():
            raise forms.ValidationError(NAME_TAKEN)
        return name

    def is_saved(self) -> bool:
        """Not where a second click, or somebody else, was quicker with the name."""
        try:
            return super().is_saved()
        except shipping_zones.NameTaken:
            self.add_error("name", NAME_TAKEN)
            return False

    def save(self):
        shipping_zones.save_zone(self.instance)


class DeliveryProfileForm(KeptForm):
    gone = _("This profile has been deleted meanwhile. Save it again to make another.")

    class Meta:
        model = DeliveryProfile
        fields = ["name"]

    def __init__(self, *args, seller, **kwargs):
        super().__init__(*args, **kwargs)
        self.instance.seller = seller

    def clean_name(self):
        name = " ".join(self.cleaned_data["name"].split())
        others = self.instance.seller.delivery_profiles.exclude(pk=self.instance.pk)
        if others.filter(name__iexact=name).exists():
            raise forms.ValidationError(PROFILE_NAME_TAKEN)
        return name

    def is_saved(self) -> bool:
        """Not where a second click, or somebody else, was quicker with the name."""
        try:
            with transaction.atomic():
                return super().is_saved()
        except IntegrityError:
            self.add_error("name", PROFILE_NAME_TAKEN)
            return False

    def save(self):
        profile = self.instance
        if not profile.pk:
            profile.save()
            return
        known = profile.seller.delivery_profiles.filter(pk=profile.pk)
        if not known.update(name=profile.name):
            raise shipping_zones.Deleted


class ShippingRateForm(KeptForm):
    gone = _("This rate has been deleted meanwhile. Save it again to make a new one.")
    countries = CountriesField(
        required=False,
        help_text=_("None ticked: everywhere. A zone has its own countries."),
    )
    max_kilograms = weight_field(
        label=_("Heaviest order (kg)"),
        max_value=1000,
        help_text=_("Leave empty if the weight does not matter."),
    )

    class Meta:
        model = ShippingRate
        fields = [
            "name",
            "profile",
            "banded_by",
            "zone",
            "countries",
            "min_days",
            "max_days",
            "is_active",
        ]
        labels = {
            "is_active": _("Offered to buyers"),
            "banded_by": _("The price is"),
            "zone": _("Delivers to"),
            "profile": _("For"),
        }
        widgets = {"banded_by": forms.RadioSelect}

    def __init__(self, *args, seller, **kwargs):
        super().__init__(*args, **kwargs)
        self.instance.seller = seller
        self.add_amounts(seller.currency)
        self.add_bands(seller.currency)
        heaviest = self.instance.max_grams
        self.initial["max_kilograms"] = heaviest and Decimal(heaviest) / GRAMS
        self.fields["banded_by"].choices = Measure.choices
        zones = self.fields["zone"]
        zones.queryset = seller.shipping_zones
        zones.empty_label = _("The countries ticked below")
        profiles = self.fields["profile"]
        profiles.queryset = seller.delivery_profiles
        profiles.empty_label = _("Products without a delivery profile")
        self.fields["countries"].put_first(self["countries"].value())

    def add_amounts(self, currency):
        amounts = {
            "price_minor": MoneyField(
                label=_("Price (%s)") % currency, currency=currency
            ),
            "free_from_minor": MoneyField(
                label=_("Free from (%s)") % currency,
                currency=currency,
                required=False,
                help_text=_("Leave empty if no order is delivered free."),
            ),
        }
        for name, field in amounts.items():
            self.fields[name] = field
            self.initial.setdefault(name, getattr(self.instance, name))

    def add_bands(self, currency):
        """A row each: from which weight or price on another price holds."""
        bands = list(self.instance.bands.all()) if self.instance.pk else []
        is_by_weight = self.instance.banded_by == Measure.WEIGHT
        for number in range(BANDS):
            starts, price = f"band_starts_{number}", f"band_price_{number}"
            self.fields[starts] = weight_field(
                label=_("From (kg or %s)") % currency, max_value=10**9
            )
            self.fields[price] = MoneyField(
                label=_("It costs (%s)") % currency, currency=currency, required=False
            )
            if number < len(bands):
                start = bands[number].starts_at
                self.initial[starts] = (
                    Decimal(start) / GRAMS
                    if is_by_weight
                    else to_major(start, currency)
                )
                self.initial[price] = bands[number].price_minor

    @property
    def band_rows(self):
        return [
            (self[f"band_starts_{number}"], self[f"band_price_{number}"])
            for number in range(BANDS)
        ]

    def clean(self):
        data = super().clean()
        if data.get("min_days", 0) > data.get("max_days", 0):
            self.add_error(
                "max_days", _("The slowest cannot be before the fastest day.")
            )
        self.bands = {}
        if data.get("banded_by"):
            for number in range(BANDS):
                self.clean_band(number)
            if not self.bands and not self.errors:
                self.add_error("band_starts_0", _("From where on does it cost more?"))
        return data

    def clean_band(self, number):
        starts, price = f"band_starts_{number}", f"band_price_{number}"
        if starts in self.errors or price in self.errors:
            return
        start, price_minor = (self.cleaned_data.get(name) for name in (starts, price))
        if start is None and price_minor is None:
            return
        if start is None or price_minor is None:
            missing = starts if start is None else price
            self.add_error(missing, _("Fill in both, or leave both empty."))
            return
        starts_at = self.in_units(start, starts)
        if starts_at in self.bands:
            self.add_error(starts, _("There is a price from there already."))
        elif starts_at:
            self.bands[starts_at] = price_minor

    def in_units(self, start, name):
        if self.cleaned_data["banded_by"] == Measure.WEIGHT:
            return int(start * GRAMS)
        try:
            return self.fields["price_minor"].clean(start)
        except forms.ValidationError as error:
            self.add_error(name, error)
            return None

    @transaction.atomic
    def save(self):
        rate, heaviest = self.instance, self.cleaned_data["max_kilograms"]
        rate.price_minor = self.cleaned_data["price_minor"]
        rate.free_from_minor = self.cleaned_data["free_from_minor"]
        rate.max_grams = int(heaviest * GRAMS) if heaviest else None
        rate = super().save(commit=False)
        shipping_zones.save_rate(rate)
        rate.bands.all().delete()
        ShippingBand.objects.bulk_create(
            ShippingBand(rate=rate, starts_at=starts_at, price_minor=price_minor)
            for starts_at, price_minor in sorted(self.bands.items())
        )
        return rate
