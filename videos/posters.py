"""The poster of a video: a frame that was kept for it, or a picture of the seller's."""

import base64
import io
import secrets
from dataclasses import dataclass
from pathlib import Path

from django.core.files.base import ContentFile, File
from PIL import Image, ImageFilter, ImageOps

from marketplace.video_files import video_files
from sellers import pictures
from videos.models import Video, VideoConflict

SHORT_EDGE = 1080
PLACEHOLDER_SIDE = 32
# Enough of it to tell its colours.
LOOKED_AT = 64
# How the file of a picture of the seller's own begins.
OWN = "poster-"


@dataclass(frozen=True)
class Look:
    """What is shown while the poster loads."""

    colour: str
    placeholder: str


def look_of(file: Path | File) -> Look:
    with Image.open(file, formats=["JPEG"]) as image:
        image.draft("RGB", (2 * LOOKED_AT, 2 * LOOKED_AT))
        return _look(image.convert("RGB"))


def _look(picture: Image.Image) -> Look:
    return Look(dominant_colour(picture), _placeholder(picture))


def dominant_colour(picture: Image.Image) -> str:
    """The colour that covers most, of a few; an average would be grey."""
    small = picture.copy()
    small.thumbnail((LOOKED_AT, LOOKED_AT))
    palette = small.quantize(8, kmeans=2)
    _, index = max(palette.getcolors())
    red, green, blue = palette.getpalette()[3 * index : 3 * index + 3]
    return f"#{red:02x}{green:02x}{blue:02x}"


def _placeholder(picture: Image.Image) -> str:
    """The poster in a few hundred bytes, to stand in the page itself."""
    small = picture.copy()
    small.thumbnail((PLACEHOLDER_SIDE, PLACEHOLDER_SIDE))
    file = io.BytesIO()
    small.filter(ImageFilter.GaussianBlur(1)).save(file, "WEBP", quality=40)
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"


def replace_poster(video: Video, upload) -> None:
    """Cut to the shape of the video, encoded anew.

    UnusablePicture, or VideoConflict where somebody else has just changed it.
    """
    picture = ImageOps.fit(pictures.open_picture(upload.read()), _size(video))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=85)
    # Should this process die half-way, the sweep removes the one that is not used.
    Video.objects.filter(pk=video.pk).update(has_leftovers=True)
    name = f"videos/{video.public_id}/{OWN}{secrets.token_hex(4)}.jpg"
    _set_poster(
        video,
        video_files().save(name, ContentFile(file.getvalue())),
        _look(picture),
    )


def choose_frame(video: Video, number: int) -> None:
    """One of the frames that were kept, or VideoConflict."""
    if not 1 <= number <= video.frame_count:
        raise VideoConflict(f"video {video.pk} has no frame {number}")
    name = video.frame_names[number - 1]
    with video_files().open(name) as stored:
        look = look_of(stored)
    _set_poster(video, name, look)


def _set_poster(video: Video, name: str, look: Look) -> None:
    """By one conditional UPDATE: a video made anew meanwhile has other frames."""
    former = video.poster
    unchanged = Video.objects.filter(
        pk=video.pk, folder=video.folder, poster=video.poster
    )
    if not unchanged.update(
        poster=name, colour=look.colour, placeholder=look.placeholder
    ):
        _remove_own(video, name)
        raise VideoConflict(f"video {video.pk} has another poster already")
    video.refresh_from_db(fields=["poster", "colour", "placeholder"])
    if former != name:
        _remove_own(video, former)


def _remove_own(video: Video, name: str) -> None:
    """The frames stay to be chosen again, a picture of the seller's own does not."""
    if name.startswith(f"videos/{video.public_id}/{OWN}"):
        video_files().delete(name)


def _size(video: Video) -> tuple[int, int]:
    scale = min(1, SHORT_EDGE / min(video.width, video.height))
    return round(video.width * scale), round(video.height * scale)
