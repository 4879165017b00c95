from django import forms
from django.conf import settings
from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from sellers.access import seller_required
from videos import trimming
from videos.caption_forms import TimeField
from videos.captions import time_to_type
from videos.cutting import Span
from videos.models import Video, VideoConflict


class TrimForm(forms.Form):
    starts = TimeField(label=gettext_lazy("Begins at"))
    ends = TimeField(label=gettext_lazy("Ends at"))

    def __init__(self, *args, video, **kwargs):
        super().__init__(*args, **kwargs)
        self.video = video

    def clean(self):
        if self.errors:
            return
        span = Span(self.cleaned_data["starts"], self.cleaned_data["ends"])
        try:
            trimming.check(self.video, span)
        except trimming.TrimRefused as refused:
            raise forms.ValidationError(str(refused)) from refused
        self.cleaned_data["cut"] = span


@seller_required
@require_http_methods(["GET", "POST"])
def trim(request, public_id):
    """Another beginning and end; the whole file comes back by the same page."""
    ready = request.seller.videos.kept().filter(status=Video.Status.READY)
    video = get_object_or_404(ready.exclude(source=""), public_id=public_id)
    if request.method == "GET":
        return _page(request, video, TrimForm(video=video, initial=_times(video.cut)))
    times = _times(Span(0, video.full_ms)) if "whole" in request.POST else request.POST
    form = TrimForm(times, video=video)
    if not form.is_valid():
        return _page(request, video, form, status=422)
    try:
        trimming.trim(video, form.cleaned_data["cut"])
    except VideoConflict:
        messages.error(request, _("The video has changed meanwhile. Look again."))
    else:
        messages.success(
            request,
            _("The video is being cut. Until it is ready the old one is shown."),
        )
    return redirect("videos:studio", public_id)


def _times(span):
    return {
        "starts": time_to_type(span.starts_ms),
        "ends": time_to_type(span.ends_ms),
    }


def _page(request, video, form, status=200):
    context = {
        "video": video,
        "form": form,
        "shortest_ms": settings.VIDEO_MIN_MS,
        "full": time_to_type(video.full_ms),
        "is_cut": video.cut != Span(0, video.full_ms),
    }
    return render(request, "videos/trim.html", context, status=status)
