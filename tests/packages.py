"""What the pipeline makes of a clip, as a local folder."""

import functools
import shutil
import tempfile
from pathlib import Path

from django.conf import settings
from django.core.files import File

from tests import clips
from tests.factories import make_video
from videos.models import Video
from videos.transcoding import transcode


def transcoded(clip, **fields):
    """A video whose output set lies in `folder_of(video)`."""
    video = make_video(status=Video.Status.UPLOADED, folder="", **fields)
    with clip.open("rb") as opened:
        video.source.save("film.mp4", File(opened))
    assert video.claim()
    transcode(video)
    return video


def folder_of(video):
    return Path(settings.VIDEO_ROOT, video.folder)


def copy_of_output(clip, target):
    """The clip's output set in that folder, for tests that only look at it."""
    return Path(shutil.copytree(kept_output(clip), target))


def output_of(clip):
    """A video with the clip's output set, for tests that only look at its files."""
    video = make_video()
    copy_of_output(clip, folder_of(video))
    return video


@functools.cache
def kept_output(clip):
    """Made once a test run."""
    video = transcoded(clip)
    kept = Path(tempfile.mkdtemp(dir=clips.FOLDER), "output")
    shutil.copytree(folder_of(video), kept)
    video.delete()
    return kept
