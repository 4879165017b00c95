from pathlib import PurePath

from django import forms
from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from videos import captions, tagging
from videos.models import CaptionTrack, Video
from videos.refusals import words_for

EXTENSIONS = [
    ".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".3gp", ".3g2",
    ".mpg", ".mpeg", ".ts", ".mts", ".ogv", ".flv",
]  # fmt: skip


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
            self._check(file)
        return self.cleaned_data["files"]

    def _check(self, file):
        if PurePath(file.name).suffix.lower() not in EXTENSIONS:
            raise forms.ValidationError(words_for("not_a_video"))
        if not file.size:
            raise forms.ValidationError(words_for("empty"))
        if file.size > settings.VIDEO_MAX_BYTES:
            raise forms.ValidationError(too_large())


def too_large():
    return _("The file is too large: it may have %(size)s at most.") % {
        "size": filesizeformat(settings.VIDEO_MAX_BYTES)
    }


class VideoForm(forms.ModelForm):
    class Meta:
        model = Video
        fields = ["title", "description"]
        widgets = {"description": forms.Textarea(attrs={"rows": 5})}


class CaptionForm(forms.ModelForm):
    LANGUAGES = [
        ("en", "English"),
        ("de", "Deutsch"),
        ("fr", "Français"),
        ("es", "Español"),
        ("it", "Italiano"),
        ("pt", "Português"),
        ("nl", "Nederlands"),
        ("pl", "Polski"),
        ("zh", "中文"),
        ("ja", "日本語"),
    ]
    language = forms.ChoiceField(label=_("Language"), choices=LANGUAGES)
    file = forms.FileField(
        label=_("WebVTT file"), widget=forms.FileInput(attrs={"accept": ".vtt"})
    )

    class Meta:
        model = CaptionTrack
        fields = ["language", "file"]

    def clean_file(self):
        """Read to cues and written anew: nothing but times and text goes on."""
        try:
            return captions.rewritten(self.cleaned_data["file"])
        except captions.UnreadableCaptions as error:
            raise forms.ValidationError(str(error)) from error


class PosterForm(forms.Form):
    image = forms.FileField(
        label=_("Picture"),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
    )


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
