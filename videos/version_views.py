from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from sellers.access import seller_required
from videos import versions
from videos.models import VideoConflict


@seller_required
@require_POST
def keep_former(request, public_id):
    """Stay with the version that is shown."""
    mine = request.seller.videos.kept()
    video = get_object_or_404(mine, public_id=public_id)
    try:
        versions.keep_former(video)
    except VideoConflict:
        messages.error(request, _("The new version is there already."))
    else:
        messages.success(request, _("The video stays as it was."))
    return redirect("videos:studio", public_id)
