from django import forms
from django.core.exceptions import ValidationError

from marketplace.money import to_major
from sellers.pictures import UnusablePicture, encode_to_fit
from sellers.prices import BadPrice, parse_price


class PriceField(forms.CharField):
    """Typed in major units as people write them, cleaned to minor units."""

    currency = "EUR"

    def __init__(self, **kwargs):
        super().__init__(max_length=20, **kwargs)
        self.widget.attrs["inputmode"] = "decimal"

    def prepare_value(self, value):
        return to_major(value, self.currency) if isinstance(value, int) else value

    def clean(self, value):
        text = super().clean(value)
        if not text:
            return None
        try:
            return parse_price(text, self.currency)
        except BadPrice as error:
            raise ValidationError(str(error)) from error


class PicturesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class PicturesField(forms.FileField):
    """Any number of files; what they hold is looked at by `sellers.pictures`."""

    widget = PicturesInput(
        attrs={"accept": "image/jpeg,image/png,image/webp", "multiple": True}
    )

    def clean(self, data, initial=None):
        files = data if isinstance(data, list | tuple) else [data]
        return [super(PicturesField, self).clean(file) for file in files if file]


class FittedPictureField(forms.FileField):
    """A picture cut to one shape, as a file that can be stored as it is."""

    def __init__(self, *, size, **kwargs):
        self.size = size
        widget = forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"})
        super().__init__(widget=widget, **kwargs)

    def clean(self, data, initial=None):
        file = super().clean(data, initial)
        if not file or file is initial:
            return None
        try:
            return encode_to_fit(file.read(), self.size)
        except UnusablePicture as error:
            raise ValidationError(str(error)) from error
