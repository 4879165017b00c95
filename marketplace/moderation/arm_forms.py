"""An arm's changes as lines that people write: `FEED_PARTS.visit = 4`."""

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextareaWidget

from marketplace.moderation.experiment_pages import LABELS
from videos.models import ExperimentArm

FIRST_ARM = "FEED_PARTS.visit = 4"


class ChangesField(forms.CharField):
    """Numbers by setting and key, as `ExperimentArm.changes` holds them."""

    widget = UnfoldAdminTextareaWidget

    def prepare_value(self, value):
        if not isinstance(value, dict):
            return value
        return "\n".join(
            # In full: what the form shows is what it saves.
            f"{setting}.{key} = {str(number).removesuffix('.0')}"
            for setting, change in value.items()
            for key, number in change.items()
        )

    def to_python(self, value):
        changes: dict[str, dict[str, float]] = {}
        for line in filter(str.strip, super().to_python(value).splitlines()):
            setting, key, number = parts_of(line)
            change = changes.setdefault(setting, {})
            if key in change:
                said = _("More than one line is of %(name)s.")
                raise ValidationError(said % {"name": f"{setting}.{key}"})
            change[key] = number
        return changes

    def has_changed(self, initial, data):
        try:
            return (initial or {}) != self.to_python(data)
        except ValidationError:
            return True


def parts_of(line: str) -> tuple[str, str, float]:
    name, _equals, number = line.partition("=")
    setting, _dot, key = name.strip().partition(".")
    try:
        return setting, key, float(number)
    except ValueError:
        said = _("Not a setting and its number: “%(line)s”. Write such as %(example)s.")
        raise ValidationError(said % {"line": line, "example": FIRST_ARM}) from None


def tried_numbers() -> list[dict[str, str]]:
    """Each number: what it means, its name, what it is now, and the most it may be."""
    return [
        {
            "label": LABELS.get(key, key),
            "name": f"{setting}.{key}",
            "usual": f"{number:g}",
            "most": f"{most:g}",
        }
        for setting, most in settings.FEED_TRIED.items()
        for key, number in getattr(settings, setting).items()
        if isinstance(number, (int, float)) and number <= most
    ]


class ArmForm(forms.ModelForm):
    changes = ChangesField(
        label=gettext_lazy("changes"),
        required=False,
        help_text=gettext_lazy("One a line; what there is stands below."),
        widget=UnfoldAdminTextareaWidget(
            attrs={"rows": 3, "placeholder": FIRST_ARM, "spellcheck": "false"}
        ),
    )

    class Meta:
        model = ExperimentArm
        fields = ["name", "is_control", "weight", "changes"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        # In a table the heads are no labels.
        for field in self.fields.values():
            field.widget.attrs["aria-label"] = field.label
