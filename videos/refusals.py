"""What a seller reads when a file is refused, by the code that the probe gives."""

from django.conf import settings
from django.utils.translation import gettext_lazy as _

# Each says what is wrong and what to do about it.
WORDS = {
    "empty": _(
        "The file is empty. The upload may have been cut off: choose the file again."
    ),
    "not_a_video": _(
        "This file is not a video that can be read. Upload an MP4, MOV or WebM."
    ),
    "no_picture": _("The file has sound but no picture. Upload the video itself."),
    "codec": _(
        "The picture is coded in a way that is not supported. "
        "Save it as H.264, HEVC, VP9 or AV1 and upload it again."
    ),
    "damaged": _(
        "The file is damaged or was cut off. Export it again and upload the new one."
    ),
    "too_small": _(
        "The picture is too small: both sides need 64 pixels or more. "
        "Upload it in its original size."
    ),
    "too_large": _(
        "The picture is too large: 8K is the most. "
        "Export it in 4K or smaller and upload the new one."
    ),
    "too_short": _(
        "The video is too short: it must last %(least)s s or more. Upload a longer one."
    ),
    "too_long": _(
        "The video is too long: it may last %(most)s s at most. "
        "Cut it and upload the shorter one."
    ),
    "too_slow": _(
        "The video takes too long to process here. "
        "Export it in 1080p with 30 frames a second and upload the new one."
    ),
    "disk": _("There is no room for the work at the moment. It goes on by itself."),
    "again": _(
        "Something went wrong while the video was being processed. "
        "It is tried again by itself."
    ),
    "canceled": _("You stopped the processing. Nothing is lost: start it again."),
    "processing": _(
        "Something went wrong while the video was being processed. "
        "Nothing is lost: try again. If it fails again, export it as an MP4 "
        "with H.264 and upload the new one."
    ),
}


def words_for(refusal: str) -> str:
    return WORDS[refusal] % {
        "least": f"{settings.VIDEO_MIN_MS / 1000:g}",
        "most": settings.VIDEO_MAX_SECONDS,
    }
