from django import forms
from django.utils.translation import gettext_lazy as _

from videos import posters, tagging
from videos.first_look import EXTENSIONS, Refused, refuse_file
from videos.models import Upload, Video


class ManyFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    widget = ManyFilesInput

    def clean(self, data, initial=None):
        files = data if isinstance(data, list | tuple) else [data]
        return [super(ManyFilesField, self).clean(file, initial) for file in files]


class VideoUploadForm(forms.Form):
    """The first look at a file, by name and size; the worker looks inside."""

    files = ManyFilesField(
        label=_("Video files"),
        allow_empty_file=True,
        widget=ManyFilesInput(attrs={"accept": ",".join(["video/*", *EXTENSIONS])}),
    )
    title = forms.CharField(label=_("Title"), max_length=140, required=False)

    def clean_files(self):
        for file in self.cleaned_data["files"]:
            try:
                refuse_file(file.name, file.size)
            except Refused as refused:
                raise forms.ValidationError(str(refused)) from refused
        return self.cleaned_data["files"]


class VideoForm(forms.ModelForm):
    class Meta:
        model = Video
        fields = ["title", "description"]
        widgets = {"description": forms.Textarea(attrs={"rows": 5})}


class UploadWordsForm(forms.ModelForm):
    """What a seller writes while the bytes are on their way."""

    title = forms.CharField(max_length=140, required=False)

    class Meta:
        model = Upload
        fields = ["title", "description"]


class PosterForm(forms.Form):
    frame = forms.IntegerField(required=False, min_value=1)
    image = forms.FileField(
        label=_("A picture of your own"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
    )

    def clean(self):
        if not self.errors and not any(self.cleaned_data.values()):
            raise forms.ValidationError(_("Choose a picture."))
        return self.cleaned_data

    def save(self, video):
        if frame := self.cleaned_data["frame"]:
            posters.choose_frame(video, frame)
        else:
            posters.replace_poster(video, self.cleaned_data["image"])


class TagForm(forms.Form):
    """One row of the tagging page: seconds for people, milliseconds for the row."""

    product = forms.ModelChoiceField(queryset=None, widget=forms.HiddenInput)
    starts = forms.DecimalField(label=_("From"), min_value=0, decimal_places=3)
    ends = forms.DecimalField(label=_("To"), min_value=0, decimal_places=3)
    x_permille = forms.IntegerField(
        required=False, min_value=0, max_value=1000, widget=forms.HiddenInput
    )
    y_permille = forms.IntegerField(
        required=False, min_value=0, max_value=1000, widget=forms.HiddenInput
    )

    def __init__(self, *args, seller, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["product"].queryset = tagging.taggable_products(seller)

    def tag(self):
        data = self.cleaned_data
        return tagging.Tag(
            product=data["product"],
            starts_ms=round(data["starts"] * 1000),
            ends_ms=round(data["ends"] * 1000),
            x_permille=data["x_permille"],
            y_permille=data["y_permille"],
        )


TagFormSet = forms.formset_factory(TagForm, extra=0, can_delete=True)
