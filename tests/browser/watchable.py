"""Videos that a browser can really play, packaged by the product's own pipeline."""

import functools
import shutil
import tempfile
from pathlib import Path

from django.conf import settings
from django.core.files import File

from tests import clips
from tests.factories import make_product, make_tag, make_variant, make_video
from videos.models import Rendition, Video
from videos.models.video import new_public_id
from videos.transcoding import transcode

SECONDS = 6


# What the row of a finished video says of its output set.
FACTS = [
    "width", "height", "duration_ms", "frame_count", "has_storyboard", "colour",
    "placeholder",
]  # fmt: skip


@functools.cache
def packaged(size, rate):
    """A short clip's output set, made once a test run, with its row and renditions."""
    video = make_video(status=Video.Status.UPLOADED, folder="")
    with clips.make_clip(seconds=SECONDS, size=size, rate=rate).open("rb") as clip:
        video.source.save("clip.mp4", File(clip))
    assert video.claim()
    transcode(video)
    video.refresh_from_db()
    renditions = list(video.renditions.all())
    kept = Path(tempfile.mkdtemp(dir=clips.FOLDER), "set")
    shutil.copytree(Path(settings.VIDEO_ROOT, video.folder), kept)
    video.delete()
    return kept, video, renditions


def make_watchable(*, size="270x480", rate=30, **fields):
    kept, made, renditions = packaged(size, rate)
    public_id = new_public_id()
    folder = f"videos/{public_id}/1"
    shutil.copytree(kept, Path(settings.VIDEO_ROOT, folder))
    video = make_video(
        public_id=public_id,
        folder=folder,
        poster=f"{folder}/{Path(made.poster).name}",
        **{name: getattr(made, name) for name in FACTS} | fields,
    )
    for rendition in renditions:
        rendition.pk, rendition.video = None, video
    Rendition.objects.bulk_create(renditions)
    return video


def make_shoppable(*, starts_ms=0, ends_ms=SECONDS * 1000, stock=10, **fields):
    """A watchable video with one tagged product that can be bought."""
    video = make_watchable(**fields)
    product = make_product(seller=video.seller, title="Espresso cup")
    make_variant(product=product, price_minor=3400, stock=stock)
    make_tag(video=video, product=product, starts_ms=starts_ms, ends_ms=ends_ms)
    return video
