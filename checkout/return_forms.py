"""What buyers fill in to send things back, and what sellers answer."""

from django import forms
from django.core.files.base import ContentFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from checkout import return_requests
from checkout.models import ReturnRequest
from checkout.seller_forms import QuantitiesForm
from sellers import pictures

SIDE = 1280


class PicturesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class PicturesField(forms.FileField):
    """Some picture files, cleaned to new ones that keep the pixels alone."""

    widget = PicturesInput(attrs={"accept": "image/jpeg,image/png,image/webp"})

    def clean(self, data, initial=None):
        files = data or []
        if len(files) > return_requests.MOST_PICTURES:
            raise forms.ValidationError(
                _("At most %(most)d pictures.")
                % {"most": return_requests.MOST_PICTURES}
            )
        return [self.encoded(super(PicturesField, self).clean(f)) for f in files]

    def encoded(self, file) -> ContentFile:
        if file.size > pictures.MAX_BYTES:
            raise forms.ValidationError(_("A picture is too large."))
        try:
            picture = pictures.open_picture(file.read())
        except pictures.UnusablePicture as refusal:
            raise forms.ValidationError(f"{file.name}: {refusal}") from refusal
        picture.thumbnail((SIDE, SIDE))
        return return_requests.picture_file(pictures.webp(picture))


class ReturnForm(QuantitiesForm):
    cause = forms.ChoiceField(
        label=gettext_lazy("What is wrong?"), choices=ReturnRequest.Cause.choices
    )
    reason = forms.CharField(
        label=gettext_lazy("Tell the shop more"),
        help_text=gettext_lazy("The shop reads it, and decides by it."),
        error_messages={"required": gettext_lazy("Say what is wrong.")},
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    pictures = PicturesField(
        label=gettext_lazy("Pictures"),
        help_text=gettext_lazy(
            "What they show, the shop believes. Nobody else sees them."
        ),
        required=False,
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.others = {
            str(variant.pk): variant
            for line in self.lines
            for variant in return_requests.exchangeable(line)
        }
        if self.others:
            self.fields["exchange_for"] = forms.ChoiceField(
                label=gettext_lazy("What do you want instead?"),
                required=False,
                choices=[
                    ("", gettext_lazy("My money back")),
                    *((pk, self.exchange_label(v)) for pk, v in self.others.items()),
                ],
            )

    def exchange_label(self, variant):
        title = variant.product.title
        return _("Exchange for %(title)s, %(variant)s") % {
            "title": title,
            "variant": variant.title,
        }

    @property
    def after_units(self):
        names = ["cause", "reason", "pictures", "exchange_for"]
        return [self[name] for name in names if name in self.fields]

    def details(self):
        data = self.cleaned_data
        return return_requests.Details(
            cause=data["cause"],
            exchange_for=self.others.get(data.get("exchange_for")),
            pictures=data["pictures"],
        )


class SentForm(forms.Form):
    proof = forms.CharField(
        label=gettext_lazy("How did you send it?"),
        help_text=gettext_lazy("The carrier, the day, and the number of the parcel."),
        max_length=300,
    )


class AnswerForm(forms.Form):
    answer = forms.CharField(
        label=gettext_lazy("Answer, for the buyer"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    is_restocked = forms.BooleanField(
        label=gettext_lazy("Put the goods back into stock"), required=False
    )

    def clean(self):
        data = super().clean()
        if self.data.get("decision") == "refuse" and not data.get("answer"):
            self.add_error("answer", _("Tell the buyer why you refuse."))
        return data


class WithdrawalForm(QuantitiesForm):
    """The first of two steps; the law asks for a name and where to confirm it."""

    starts_full = True

    name = forms.CharField(label=gettext_lazy("Your name"), max_length=120)
    email = forms.EmailField(
        label=gettext_lazy("Email for the confirmation"),
    )
