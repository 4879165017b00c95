"""What is kept of a finished clip's looks and sound, for moderators and for ranking."""

from dataclasses import asdict, dataclass
from pathlib import Path

from django.db import transaction

from videos import fingerprints, scenes
from videos.models import ContentFeatures, Video


@dataclass(frozen=True)
class Features:
    hashes: list[int]
    scenes: list[scenes.Scene]
    loudness_lufs: float | None


def features_of(
    samples: Path, duration_ms: int, loudness_lufs: float | None
) -> Features:
    pictures = scenes.samples_in(samples)
    return Features(
        fingerprints.distinct(fingerprints.hash_of(picture) for picture in pictures),
        scenes.scenes_of(pictures, scenes.interval_ms(duration_ms)),
        loudness_lufs,
    )


@transaction.atomic
def keep_features(video: Video, found: Features) -> None:
    """In place of those of an earlier output set, to be looked at anew."""
    ContentFeatures.objects.filter(video=video).delete()
    ContentFeatures.objects.create(
        video=video,
        hashes=found.hashes,
        bands=fingerprints.bands_of(found.hashes),
        scenes=[asdict(scene) for scene in found.scenes],
        loudness_lufs=found.loudness_lufs,
    )
