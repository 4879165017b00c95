"""What a look at a video's pictures and sound says, as the desk shows it."""

from django.template.loader import render_to_string

from marketplace.moderation import nudity_model
from marketplace.moderation.models import LookAlike, NudityFinding, Report
from marketplace.video_addresses import address_of
from videos.models import ContentFeatures, Video
from videos.models.video import clock

MOST_SCENES = 60
MOST_LOOK_ALIKES = 20


def of_video(video: Video) -> str:
    features = ContentFeatures.objects.filter(video=video).first()
    if features is None:
        return render_to_string("moderation/_inside.html", {"features": None})
    scenes = features.scenes[:MOST_SCENES]
    return render_to_string(
        "moderation/_inside.html",
        {
            "video": video,
            "features": features,
            "scenes": [(clock(one["starts_ms"]), one["colour"]) for one in scenes],
            "more_scenes": len(features.scenes) - len(scenes),
            "pairs": pairs_of(video),
            "nudity": nudity_of(video),
            "is_nudity_checked": nudity_model.is_available(),
        },
    )


def of_report(report: Report) -> str:
    """Both videos side by side, or the picture that the model saw."""
    context = {}
    if report.reason == Report.Reason.COPIED:
        pairs = LookAlike.objects.filter(copy=report.video).select_related(
            "copy__seller", "original__seller"
        )
        others = pairs.exclude(original__seller=report.video.seller)
        context["pairs"] = others[:MOST_LOOK_ALIKES]
    if report.reason == Report.Reason.NUDITY:
        context["nudity"] = nudity_of(report.video)
    return render_to_string("moderation/_evidence.html", context)


def pairs_of(video: Video) -> list[tuple[Video, int, bool]]:
    """Each look-alike: it, how much, and whether it is of the same shop."""
    pairs = LookAlike.objects.filter(copy=video) | LookAlike.objects.filter(
        original=video
    )
    found = pairs.select_related("copy__seller", "original__seller")
    others = [
        (pair.original if pair.copy_id == video.pk else pair.copy, pair.percent)
        for pair in found[:MOST_LOOK_ALIKES]
    ]
    return [
        (other, percent, other.seller_id == video.seller_id)
        for other, percent in others
    ]


def nudity_of(video: Video) -> dict | None:
    found = NudityFinding.objects.filter(video=video).first()
    if found is None:
        return None
    is_frame = found.at_ms is None
    return {
        "label": found.label.replace("_", " ").capitalize(),
        "percent": found.percent,
        "picture": address_of(found.picture, is_shared=False) if is_frame else "",
        "at": "" if is_frame else clock(found.at_ms),
        "moment": "" if is_frame else f"{video.mp4_url}#t={found.at_ms // 1000}",
    }
