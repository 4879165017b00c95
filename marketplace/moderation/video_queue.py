"""The desk's page of the videos that workers make, wait for, or have given up."""

from django.core.exceptions import PermissionDenied
from django.db.models.functions import Now
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from videos.models import Video

# Nobody reads more, and none of it is ever counted.
MOST_SHOWN = 50
FAILED_SHOWN = 20


def show(model_admin, request):
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    videos = Video.objects.select_related("seller").defer("search")
    waiting = list(videos.in_turn()[: MOST_SHOWN + 1])
    for place, video in enumerate(waiting):
        video.why = why_it_waits(video, place)
    pausing = videos.waiting().filter(due_at__gt=Now()).order_by("due_at")
    context = model_admin.admin_site.each_context(request) | {
        "title": _("Video queue"),
        "running": videos.running().order_by("claimed_at")[:MOST_SHOWN],
        "waiting": waiting[:MOST_SHOWN],
        "has_more": len(waiting) > MOST_SHOWN,
        "pausing": pausing[:MOST_SHOWN],
        "failed": failed(videos)[:FAILED_SHOWN],
        "may_decide": request.user.has_perm("moderation.add_moderationdecision"),
    }
    return render(request, "moderation/video_queue.html", context)


def failed(videos):
    return videos.kept().filter(status=Video.Status.FAILED).order_by("-pk")


def why_it_waits(video, place):
    if not place:
        return _("Next, as soon as a worker is free")
    if video.seller_runs:
        return ngettext(
            "%(count)d of its shop is running: others go first",
            "%(count)d of its shop are running: others go first",
            video.seller_runs,
        ) % {"count": video.seller_runs}
    return ngettext(
        "%(count)d goes before it", "%(count)d go before it", place
    ) % {"count": place}  # fmt: skip
