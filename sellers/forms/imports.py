from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from sellers.imports.table import MAX_BYTES
from sellers.models import CatalogImport


class UploadForm(forms.Form):
    file = forms.FileField(
        label=_("CSV file"),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv"}),
    )

    def clean_file(self):
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise ValidationError(_("The file has more than 10 MB: split it."))
        return file


class StartForm(forms.ModelForm):
    class Meta:
        model = CatalogImport
        fields = ["default_stock"]
