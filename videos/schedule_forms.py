from datetime import timedelta
from zoneinfo import available_timezones

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from videos.scheduling import NoSuchTime, moment

LOOK = "%Y-%m-%dT%H:%M"
FARTHEST = timedelta(days=365)


class WrittenTimeField(forms.DateTimeField):
    """What the clock on the wall shows, of no zone yet."""

    widget = forms.DateTimeInput(format=LOOK, attrs={"type": "datetime-local"})

    def __init__(self, **kwargs):
        super().__init__(input_formats=[LOOK, "%Y-%m-%d %H:%M"], **kwargs)

    def prepare_value(self, value):
        return value

    def to_python(self, value):
        with timezone.override("UTC"):
            read = super().to_python(value)
        return read and read.replace(tzinfo=None)


class ScheduleForm(forms.Form):
    at = WrittenTimeField(label=_("Date and time"))
    zone = forms.ChoiceField(
        label=_("Time zone"),
        help_text=_("The time above is the time that clocks show there."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        zones = [zone for zone in available_timezones() if "/" in zone or zone == "UTC"]
        named = [zone for zone in zones if not zone.startswith(("Etc/", "posix/"))]
        self.fields["zone"].choices = [
            (zone, zone.replace("_", " ")) for zone in sorted(named)
        ]

    def clean(self):
        written, zone = (self.cleaned_data.get(name) for name in ("at", "zone"))
        if written is None or zone is None:
            return
        try:
            publish_at = moment(written, zone)
        except NoSuchTime as refused:
            self.add_error("at", str(refused))
            return
        if publish_at <= timezone.now():
            self.add_error("at", _("That time is over already. Choose a later one."))
        elif publish_at > timezone.now() + FARTHEST:
            self.add_error("at", _("Choose a time within the next year."))
        else:
            self.cleaned_data["publish_at"] = publish_at
