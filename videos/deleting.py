"""Deleted for everybody at once; restored for a while; then gone with its files."""

from django.db import transaction

from videos import uploads
from videos.models import Video
from videos.tasks import remove_video_files


def delete(video: Video) -> None:
    video.mark_deleted()


@transaction.atomic
def restore(video: Video) -> None:
    """As it was; what was being made then is made now."""
    video.restore()
    if video.status == Video.Status.UPLOADING and video.source:
        uploads.send(video)


@transaction.atomic
def purge(video_pk: int) -> bool:
    """Remove row and files; False where it was restored, or purged, meanwhile."""
    video = Video.objects.purgeable().select_for_update().filter(pk=video_pk).first()
    if video is None:
        return False
    video.delete()
    remove_video_files.delay_on_commit(video.public_id)
    return True
