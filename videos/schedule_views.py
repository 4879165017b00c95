from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from sellers.access import seller_required
from videos.models import VideoConflict
from videos.schedule_forms import ScheduleForm


@seller_required
@require_http_methods(["GET", "POST"])
def schedule(request, public_id):
    """When a video appears: at a time, or as soon as it is approved."""
    video = get_object_or_404(request.seller.videos.kept(), public_id=public_id)
    if request.method == "GET":
        return _page(request, video, ScheduleForm(initial=_initial(request, video)))
    if "at_once" in request.POST:
        return _save(request, video, None, "")
    form = ScheduleForm(request.POST)
    if not form.is_valid():
        return _page(request, video, form, status=422)
    data = form.cleaned_data
    return _save(request, video, data["publish_at"], data["zone"])


def _initial(request, video):
    zone = video.publish_zone or _last_zone(request.seller)
    initial = {"zone": zone or settings.TIME_ZONE}
    if video.is_timed:
        at = video.publish_at.astimezone(ZoneInfo(initial["zone"]))
        initial["at"] = at.replace(tzinfo=None)
    return initial


def _last_zone(seller):
    timed = seller.videos.exclude(publish_zone="")
    return timed.values_list("publish_zone", flat=True).first()


def _page(request, video, form, status=200):
    is_known = bool(video.publish_zone or _last_zone(request.seller))
    context = {
        "video": video,
        "form": form,
        # Else the browser's own is taken, where there is a script.
        "is_zone_known": is_known or form.is_bound,
    }
    return render(request, "videos/schedule.html", context, status=status)


def _save(request, video, publish_at, zone):
    try:
        video.schedule(publish_at, zone)
    except VideoConflict:
        messages.error(
            request, _("The video is published already. Unpublish it first.")
        )
    else:
        messages.success(request, _("Saved."))
    return redirect("videos:studio", video.public_id)
