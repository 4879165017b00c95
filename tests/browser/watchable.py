"""Videos that a browser can really play, packaged by the product's own pipeline."""

import functools
import shutil
import tempfile
from pathlib import Path

from django.conf import settings
from django.core.files import File

from tests.clips import make_clip
from tests.factories import make_product, make_tag, make_variant, make_video, serial
from videos.models import Video
from videos.transcoding import transcode

SECONDS = 6


@functools.cache
def packaged():
    """The output set of a short clip, made once a test run."""
    video = make_video(status=Video.Status.UPLOADED, folder="")
    with make_clip(seconds=SECONDS, size="270x480").open("rb") as clip:
        video.source.save("clip.mp4", File(clip))
    assert video.claim()
    transcode(video)
    kept = Path(tempfile.mkdtemp(prefix="vitrine-packaged-"), "set")
    shutil.copytree(Path(settings.MEDIA_ROOT, video.folder), kept)
    video.delete()
    return kept


def make_watchable(**fields):
    folder = f"videos/watchable-{next(serial)}"
    shutil.copytree(packaged(), Path(settings.MEDIA_ROOT, folder))
    return make_video(
        folder=folder,
        poster=f"{folder}/poster.jpg",
        **{"width": 270, "height": 480, "duration_ms": SECONDS * 1000} | fields,
    )


def make_shoppable(*, starts_ms=0, ends_ms=SECONDS * 1000, stock=10, **fields):
    """A watchable video with one tagged product that can be bought."""
    video = make_watchable(**fields)
    product = make_product(seller=video.seller, title="Espresso cup")
    make_variant(product=product, price_minor=3400, stock=stock)
    make_tag(video=video, product=product, starts_ms=starts_ms, ends_ms=ends_ms)
    return video
