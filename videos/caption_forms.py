from django import forms
from django.utils.translation import gettext_lazy as _

from videos import captions
from videos.captioning import LANGUAGES
from videos.captions import Cue

# Without script, so many captions can be added at a time.
BLANK_ROWS = 5


class CaptionFileForm(forms.Form):
    language = forms.ChoiceField(label=_("Language"), choices=list(LANGUAGES.items()))
    file = forms.FileField(
        label=_("WebVTT or SRT file"),
        widget=forms.FileInput(attrs={"accept": ".vtt,.srt"}),
    )

    def clean_file(self):
        """Its cues: nothing but times and text goes on."""
        file = self.cleaned_data["file"]
        try:
            return captions.read(file.read(captions.MOST_BYTES + 1))
        except captions.UnreadableCaptions as error:
            raise forms.ValidationError(str(error)) from error


class TimeField(forms.CharField):
    """Minutes and seconds as people write them; milliseconds when cleaned."""

    def __init__(self, **kwargs):
        attrs = {"autocomplete": "off", "placeholder": "0:00.000", "size": 9}
        super().__init__(widget=forms.TextInput(attrs=attrs), max_length=16, **kwargs)

    def clean(self, value):
        milliseconds = captions.typed_time(super().clean(value))
        if milliseconds is None:
            raise forms.ValidationError(_("Write the time like 0:02.5 or 2.5."))
        return milliseconds


class CueForm(forms.Form):
    starts = TimeField(label=_("From"))
    ends = TimeField(label=_("To"))
    text = forms.CharField(
        label=_("Text"),
        max_length=captions.LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
    )

    def clean_text(self):
        text = captions.plain(self.cleaned_data["text"])
        if not text:
            raise forms.ValidationError(_("Write what is said, or delete the caption."))
        return text

    def cue(self):
        data = self.cleaned_data
        return Cue(data["starts"], data["ends"], data["text"])


class BaseCueFormSet(forms.BaseFormSet):
    """Rows in any order; what is wrong is said at the row it concerns."""

    def __init__(self, *args, duration_ms, **kwargs):
        super().__init__(*args, **kwargs)
        self.duration_ms = duration_ms

    def clean(self):
        rows = self._rows()
        wrong = captions.wrong_times([form.cue() for form in rows], self.duration_ms)
        for number, words in wrong.items():
            rows[number].add_error("starts", words)
        if wrong:
            raise forms.ValidationError(
                _("Nothing is saved yet: look at the times marked below.")
            )

    def _rows(self):
        filled = [form for form in self.forms if form.has_changed()]
        kept = [form for form in filled if not self._should_delete_form(form)]
        if any(form.errors for form in kept):
            return []
        return sorted(kept, key=lambda form: (form.cue().starts_ms, form.cue().ends_ms))

    def cues(self):
        return [form.cue() for form in self._rows()]


CueFormSet = forms.formset_factory(
    CueForm,
    formset=BaseCueFormSet,
    extra=BLANK_ROWS,
    can_delete=True,
    max_num=captions.MOST_CUES,
    validate_max=True,
    absolute_max=captions.MOST_CUES + BLANK_ROWS,
)


def rows_of(cues):
    """The form as the page would send it, for cues that came in a file."""
    data = {"cues-TOTAL_FORMS": len(cues), "cues-INITIAL_FORMS": 0}
    for number, cue in enumerate(cues):
        data |= {
            f"cues-{number}-starts": captions.time_to_type(cue.starts_ms),
            f"cues-{number}-ends": captions.time_to_type(cue.ends_ms),
            f"cues-{number}-text": cue.text,
        }
    return data
