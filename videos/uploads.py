"""From a file that is here to a video that waits for its worker."""

import contextlib
import hashlib
from pathlib import Path

from django.db import transaction

from marketplace.user_files import private_files
from sellers.models import Seller
from videos import multipart, parts, versions
from videos.first_look import title_from
from videos.models import Upload, UploadClosed, Video, VideoConflict
from videos.tasks import transcode_video


def submit(seller, user, file, title=""):
    """Keep a file of the plain form as the source of a new video, and send it off."""
    video = Video(
        seller=seller,
        uploaded_by=user,
        title=title or title_from(file.name),
        source_name=file.name[-255:],
        source_bytes=file.size,
        source_sha256=_sha256(file),
    )
    _store(video, file)
    with transaction.atomic():
        video.save()
        send(video)
    return video


def _sha256(file):
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def _store(video, file):
    """Under a generated name; what lies on the private files' disk is moved there."""
    video.source.save("source", file, save=False)
    with contextlib.suppress(NotImplementedError):  # only a disk has paths
        parts.sync_folder(Path(private_files().path(video.source.name)).parent)


def finish(upload, *, is_wanted_twice=False):
    """Make the video of a complete upload: once, however often this is called.

    Where its seller has a video of the same bytes it waits to be wanted twice, or
    canceled.
    """
    if upload.is_direct and upload.state == Upload.State.RECEIVING:
        multipart.assemble(upload)
    if upload.is_gone or not upload.is_complete:
        raise UploadClosed(f"upload {upload.pk} is {upload.state}")
    try:
        if upload.is_direct and upload.state != Upload.State.FINISHED:
            _adopt(upload, is_wanted_twice)
        elif upload.state != Upload.State.FINISHED:
            with parts.noticing_no_room():
                _finish(upload, is_wanted_twice)
    except FileNotFoundError as error:
        # Another request has finished it meanwhile, or canceled it.
        upload.refresh_from_db()
        if upload.state != Upload.State.FINISHED:
            raise UploadClosed(f"the part of upload {upload.pk} is gone") from error


def _finish(upload, is_wanted_twice):
    if not upload.sha256:
        upload.sha256 = parts.sha256(upload.public_id)
        upload.save(update_fields=["sha256"])
    if upload.replaces_id:
        _replace(upload)
        return
    if not is_wanted_twice and _set_aside(upload):
        return
    video = _video_of(upload)
    with parts.second_name(upload.public_id) as file:
        _store(video, file)
    if _admit(upload, video, is_wanted_twice):
        parts.remove(upload.public_id)
    else:
        video.source.delete(save=False)
    upload.refresh_from_db()


def _replace(upload):
    """Give the file to the video that it replaces."""
    holder = Video(public_id=upload.replaces.public_id)
    if upload.is_direct:
        holder.source.name = upload.object_name
    else:
        with parts.second_name(upload.public_id) as file:
            _store(holder, file)
    new = versions.Source(
        holder.source.name,
        upload.file_name,
        upload.length,
        upload.sha256,
        upload.etag,
    )
    try:
        is_taken = _hand_over(upload, new)
    except VideoConflict as deleted:
        holder.source.delete(save=False)
        raise UploadClosed(f"upload {upload.pk} has nothing to replace") from deleted
    if not upload.is_direct:
        _tidy_up(upload, holder, is_taken)
    upload.refresh_from_db()


def _tidy_up(upload, holder, is_taken):
    """Of two that finished the same upload, the second one's copy goes."""
    if is_taken:
        parts.remove(upload.public_id)
    else:
        holder.source.delete(save=False)


@transaction.atomic
def _hand_over(upload, new):
    """The video's new file and the upload's end in one; False where it was done."""
    ended = Upload.objects.open().filter(pk=upload.pk)
    if not ended.update(state=Upload.State.FINISHED):
        return False
    _replace_source(upload.replaces_id, new)
    return True


@transaction.atomic
def _replace_source(video_pk, new):
    versions.replace_source(video_pk, new)
    transcode_video.delay_on_commit(video_pk)


def replace(video, file):
    """Keep a file of the plain form as another version of the video."""
    holder = Video(public_id=video.public_id)
    sha256 = _sha256(file)
    _store(holder, file)
    new = versions.Source(holder.source.name, file.name[-255:], file.size, sha256)
    try:
        _replace_source(video.pk, new)
    except VideoConflict:
        holder.source.delete(save=False)
        raise


def _adopt(upload, is_wanted_twice):
    """The object in the bucket is the source, where it lies."""
    if upload.replaces_id:
        _replace(upload)
        return
    if not is_wanted_twice and _set_aside(upload):
        return
    video = _video_of(upload)
    video.source.name = upload.object_name
    _admit(upload, video, is_wanted_twice)
    upload.refresh_from_db()


def _video_of(upload):
    # The upload's id, so that a second video of it cannot exist, and whatever a
    # failure leaves in the folder is removed with the video.
    return Video(
        public_id=upload.public_id,
        seller_id=upload.seller_id,
        uploaded_by_id=upload.user_id,
        source_name=upload.file_name,
        source_bytes=upload.length,
        source_sha256=upload.sha256,
        source_etag=upload.etag,
    )


@transaction.atomic
def _admit(upload, video, is_wanted_twice):
    """The video's row and the upload's end in one; False where another was first."""
    # Two uploads of the same bytes, one after another: the second sees the first.
    Seller.objects.select_for_update(no_key=True).get(pk=upload.seller_id)
    going = Upload.objects.open().select_for_update().filter(pk=upload.pk).first()
    if going is None or (not is_wanted_twice and _set_aside(going)):
        return False
    video.title, video.description = going.title, going.description
    video.save()
    send(video)
    going.state, going.video, going.twin = Upload.State.FINISHED, video, None
    going.save(update_fields=["state", "video", "twin"])
    return True


def twin_of(video):
    """Another video of the same seller with the same bytes, the newest."""
    twins = Video.objects.kept().filter(
        seller_id=video.seller_id, source_sha256=video.source_sha256
    )
    return twins.exclude(pk=video.pk).exclude(source_sha256="").first()


def _set_aside(upload):
    same = {"source_sha256": upload.sha256}
    if upload.is_direct:
        # Files of one length are cut alike, so the same bytes have the same sum.
        same = {"source_etag": upload.etag, "source_bytes": upload.length}
    twin = upload.seller.videos.kept().filter(**same).first()
    if twin is None:
        return False
    Upload.objects.open().filter(pk=upload.pk).update(
        state=Upload.State.DUPLICATE, twin=twin
    )
    upload.refresh_from_db()
    return True


@transaction.atomic
def describe(upload, words):
    """Keep title and description, on the video if it has become one meanwhile."""
    upload = Upload.objects.select_for_update().get(pk=upload.pk)
    subject = upload.video or upload
    subject.title = words["title"] or upload.title
    subject.description = words["description"]
    subject.save(update_fields=["title", "description"])


@transaction.atomic
def send(video):
    """Queue a complete source, or a failed video once more."""
    video.queue()
    transcode_video.delay_on_commit(video.pk)
