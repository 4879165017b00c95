"""Where a video begins and ends: cut from the kept source, so never encoded twice."""

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from videos import versions
from videos.captions import time_to_type
from videos.cutting import Span
from videos.models import Video
from videos.tasks import transcode_video


class TrimRefused(Exception):
    """Its text tells the seller why."""


def check(video: Video, cut: Span) -> None:
    if cut == video.cut:
        raise TrimRefused(_("The video begins and ends there already."))
    if cut.ends_ms > video.full_ms:
        raise TrimRefused(
            _("The file ends at %(end)s.") % {"end": time_to_type(video.full_ms)}
        )
    if cut.ends_ms <= cut.starts_ms:
        raise TrimRefused(_("The video must end after it begins."))
    if cut.ends_ms - cut.starts_ms < settings.VIDEO_MIN_MS:
        raise TrimRefused(
            _("At least %(seconds)s seconds must be left.")
            % {"seconds": f"{settings.VIDEO_MIN_MS / 1000:g}"}
        )


@transaction.atomic
def trim(video: Video, cut: Span) -> None:
    """Make it anew with another beginning and end; VideoConflict while it is made."""
    check(video, cut)
    versions.change_cut(video.pk, cut)
    transcode_video.delay_on_commit(video.pk)
