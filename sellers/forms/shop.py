from django import forms
from django.utils.translation import gettext_lazy as _

from sellers.forms.fields import FittedPictureField
from sellers.models import Seller
from sellers.regions import transfer_countries

BANNER = (1600, 500)
AVATAR = (320, 320)


class ApplicationForm(forms.ModelForm):
    class Meta:
        model = Seller
        fields = [
            "name", "description", "legal_name", "business_address", "country",
            "email", "phone",
        ]  # fmt: skip
        widgets = {
            "description": forms.Textarea(attrs={"rows": 4}),
            "business_address": forms.Textarea(attrs={"rows": 3}),
            "phone": forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
        }
        labels = {"description": _("What will you sell?")}
        help_texts = {
            "legal_name": _("Your company, or your own name if you sell as yourself."),
            "business_address": _("Shown to buyers, as the law asks of traders."),
        }

    def clean_country(self):
        """Better now than when the first money is to be sent."""
        country = self.cleaned_data["country"]
        if country not in transfer_countries():
            raise forms.ValidationError(
                _("We cannot pay out to sellers there yet, so you cannot sell here.")
            )
        return country

    def clean_name(self):
        """The database would refuse it too, but only in the same spelling."""
        name = " ".join(self.cleaned_data["name"].split())
        same = Seller.objects.filter(name__iexact=name).exclude(pk=self.instance.pk)
        if same.exists():
            raise forms.ValidationError(_("There is a shop of that name already."))
        return name


class ShopSettingsForm(forms.ModelForm):
    banner = FittedPictureField(
        size=BANNER,
        label=_("Banner"),
        required=False,
        help_text=_("Wide, at least 1600 × 500. JPEG, PNG or WebP."),
    )
    avatar = FittedPictureField(
        size=AVATAR,
        label=_("Avatar"),
        required=False,
        help_text=_("Square, at least 320 × 320."),
    )

    class Meta:
        model = Seller
        fields = [
            "name", "tagline", "description", "banner", "avatar", "dispatch_days",
            "return_days", "holiday_note", "tax_number",
        ]  # fmt: skip
        widgets = {"description": forms.Textarea(attrs={"rows": 5})}
        help_texts = {"tax_number": _("Your VAT number, printed on your invoices.")}

    clean_name = ApplicationForm.clean_name

    def clean(self):
        """No new picture leaves the old one where it is."""
        cleaned = super().clean()
        for name in ["banner", "avatar"]:
            if cleaned.get(name) is None:
                cleaned[name] = getattr(self.instance, name)
        return cleaned


class InvitationForm(forms.Form):
    email = forms.EmailField(label=_("Email"))
