"""From an upload form to a video that waits for its worker."""

from pathlib import PurePath

from django.db import transaction

from videos.models import Video
from videos.tasks import remove_video_files, transcode_video


@transaction.atomic
def submit(seller, user, upload, title=""):
    """Keep the upload as the source of a new video and send it to be transcoded."""
    video = Video(
        seller=seller,
        uploaded_by=user,
        title=title or title_from(upload.name),
        source_name=upload.name[-255:],
        source_bytes=upload.size,
    )
    # The name is generated; a large upload is moved to its place, not copied.
    video.source.save("source", upload, save=False)
    video.save()
    send(video)
    return video


def title_from(file_name):
    """“IMG_2041 summer-dress.mov” becomes “IMG 2041 summer dress”."""
    stem = PurePath(file_name).stem.replace("_", " ").replace("-", " ")
    return " ".join(stem.split())[:140] or "Video"


@transaction.atomic
def send(video):
    """Queue a complete source, or a failed video once more."""
    video.queue()
    transcode_video.delay_on_commit(video.pk)


@transaction.atomic
def remove(video):
    """Delete a video with all its files; a worker that has it loses its lease."""
    video.delete()
    remove_video_files.delay_on_commit(video.public_id)
