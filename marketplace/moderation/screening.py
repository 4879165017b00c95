"""Videos that look like another shop's, found by their pictures' hashes."""

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from marketplace.moderation.models import LookAlike, Report
from videos import fingerprints
from videos.models import ContentFeatures, Video

# Of those that share a part of a hash, the likeliest are compared whole.
COMPARED = 100


def compare(features: ContentFeatures) -> list[LookAlike]:
    """Note what looks like this video; another shop's is reported, each pair once."""
    found = look_alikes(features)
    with transaction.atomic():
        noted = [_note(features.video, other, percent) for other, percent in found]
        # Replaced in the meantime: then those of the new file are compared next.
        current = ContentFeatures.objects.filter(
            pk=features.pk, made_at=features.made_at
        )
        current.update(compared_at=Now())
    return noted


def look_alikes(features: ContentFeatures) -> list[tuple[Video, int]]:
    hashes = features.hashes
    bands = fingerprints.bands_near(hashes)
    likeliest = ContentFeatures.objects.likeliest(bands, COMPARED + 1)
    others = ContentFeatures.objects.filter(pk__in=likeliest).exclude(pk=features.pk)
    found = []
    for other in others.select_related("video").defer("bands", "scenes"):
        percent = round(100 * fingerprints.share_found(hashes, other.hashes))
        if percent >= settings.VIDEO_COPY_PERCENT:
            found.append((other.video, percent))
    return found


def _note(video: Video, other: Video, percent: int) -> LookAlike:
    # Whichever of the two is looked at first, and when both are at once.
    original, copy = sorted([video, other], key=lambda one: (one.created_at, one.pk))
    noted, is_new = LookAlike.objects.get_or_create(
        copy=copy, original=original, defaults={"percent": percent}
    )
    if is_new and copy.seller_id != original.seller_id:
        report(copy, Report.Reason.COPIED)
    return noted


def report(video: Video, reason: str) -> None:
    """Ask for a moderator's look; a report that waits already is enough."""
    Report.objects.bulk_create(
        [Report(video=video, reason=reason)], ignore_conflicts=True
    )
