from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import (
    require_GET,
    require_http_methods,
    require_POST,
)

from sellers.access import seller_required
from videos import deleting
from videos.models import VideoConflict
from videos.models.publishing import deleted_keep

# Read by the list once, for its “Undo”.
DELETED_KEY = "deleted_video"


def just_deleted(request):
    public_id = request.session.pop(DELETED_KEY, "")
    mine = request.seller.videos.deleted()
    return mine.filter(public_id=public_id).first() if public_id else None


@seller_required
@require_http_methods(["GET", "POST"])
def delete(request, public_id):
    """Again, or twice at once, it stays deleted."""
    if request.method == "GET":
        video = get_object_or_404(request.seller.videos.kept(), public_id=public_id)
        context = {"video": video, "keep_days": deleted_keep().days}
        return render(request, "videos/delete.html", context)
    video = get_object_or_404(request.seller.videos, public_id=public_id)
    try:
        deleting.delete(video)
    except VideoConflict:
        messages.info(request, _("The video was deleted already."))
    request.session[DELETED_KEY] = public_id
    return redirect("videos:videos")


@seller_required
@require_GET
def deleted(request):
    gone = request.seller.videos.deleted().defer("search").order_by("-deleted_at")
    page = Paginator(gone, 24).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "deleted_count": page.paginator.count,
        "keep_days": deleted_keep().days,
    }
    return render(request, "videos/deleted.html", context)


@seller_required
@require_POST
def restore(request, public_id):
    video = get_object_or_404(request.seller.videos, public_id=public_id)
    try:
        deleting.restore(video)
    except VideoConflict:
        messages.info(request, _("The video is there already."))
    else:
        messages.success(
            request, _("“%(video)s” is back as it was.") % {"video": video.title}
        )
    return redirect("videos:studio", public_id)
