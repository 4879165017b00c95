"""What a seller reads when a file is refused, by the code that the probe gives."""

from django.conf import settings
from django.utils.translation import gettext as _


def words_for(refusal: str) -> str:
    return {
        "empty": _("The file is empty. The upload may have been cut off."),
        "not_a_video": _(
            "This file is not a video that can be read. Upload an MP4, MOV or WebM."
        ),
        "no_picture": _("The file has sound but no picture."),
        "codec": _(
            "The picture is coded in a way that is not supported. "
            "Save it as H.264, HEVC, VP9 or AV1 and upload it again."
        ),
        "damaged": _(
            "The file is damaged or was cut off. "
            "Export it again and upload the new one."
        ),
        "too_small": _("The picture is too small: both sides need 64 pixels or more."),
        "too_large": _("The picture is too large: 8K is the most."),
        "too_short": _("The video is too short: it must last %(seconds)s s or more.")
        % {"seconds": f"{settings.VIDEO_MIN_MS / 1000:g}"},
        "too_long": _("The video is too long: it may last %(seconds)s s at most.")
        % {"seconds": settings.VIDEO_MAX_SECONDS},
        "processing": _(
            "Something went wrong while the video was being processed. "
            "Nothing is lost: try again."
        ),
    }[refusal]
