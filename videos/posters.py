"""A poster of the seller's own: a picture, or a frame that the page has drawn."""

import io
import secrets

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from PIL import ImageOps

from sellers import pictures
from videos.models import Video

SHORT_EDGE = 1080


def replace_poster(video: Video, upload) -> None:
    """Cut to the shape of the video, encoded anew; or UnusablePicture."""
    picture = ImageOps.fit(pictures.open_picture(upload.read()), _size(video))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=85)
    name = f"videos/{video.public_id}/poster-{secrets.token_hex(4)}.jpg"
    name = default_storage.save(name, ContentFile(file.getvalue()))
    former, video.poster = video.poster, name
    video.colour = pictures.average_colour(picture)
    with transaction.atomic():
        video.save(update_fields=["poster", "colour"])
    if former:
        default_storage.delete(former)


def _size(video: Video) -> tuple[int, int]:
    scale = min(1, SHORT_EDGE / min(video.width, video.height))
    return round(video.width * scale), round(video.height * scale)
