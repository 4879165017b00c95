"""The first look at a file, by name and size; the worker looks inside."""

from pathlib import PurePath, PurePosixPath

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from videos.refusals import words_for

EXTENSIONS = [
    ".mp4", ".m4v", ".mov", ".webm", ".mkv", ".avi", ".3gp", ".3g2",
    ".mpg", ".mpeg", ".ts", ".mts", ".ogv", ".flv",
]  # fmt: skip


class Refused(Exception):
    """The file is not taken; the words are for its seller."""


class TooLarge(Refused):
    pass


def refuse_file(file_name: str, size: int) -> None:
    if PurePath(file_name).suffix.lower() not in EXTENSIONS:
        raise Refused(words_for("not_a_video"))
    if not size:
        raise Refused(words_for("empty"))
    if size > settings.VIDEO_MAX_BYTES:
        raise TooLarge(too_large())


def too_large() -> str:
    return _("The file is too large: it may have %(size)s at most.") % {
        "size": filesizeformat(settings.VIDEO_MAX_BYTES)
    }


def clean_name(name: str) -> str:
    """The last part of a path without anything that cannot be printed."""
    last = PurePosixPath(name.replace("\\", "/")).name
    return "".join(letter for letter in last if letter.isprintable())[-255:]


def title_from(file_name: str) -> str:
    """“IMG_2041 summer-dress.mov” becomes “IMG 2041 summer dress”."""
    stem = PurePath(file_name).stem.replace("_", " ").replace("-", " ")
    return " ".join(stem.split())[:140] or "Video"
