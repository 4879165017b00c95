"""Uploads that go from the browser straight into the private bucket, part by part.

Which parts are there, and what they weigh, is asked of S3; of the browser nothing is
believed.  The parts become an object under the name that the video's source has, so
nothing is copied.
"""

from collections.abc import Iterator
from datetime import timedelta

from botocore.exceptions import ClientError
from django.utils import timezone

from marketplace.user_files import is_bucket, private_files
from videos.models import Upload, UploadClosed
from videos.models.video import source_path

MEGABYTE = 1024**2
# What S3 allows: parts no smaller, but for the last, and no more of them.  A cut
# costs a part at most, so they are as small as they may be.
SMALLEST_PART = 5 * MEGABYTE
MOST_PARTS = 10_000
# So many addresses are given out at a time; then the browser asks what is missing.
BATCH = 4
ADDRESS_SECONDS = 900
# S3 knows an upload a moment before its row does.
GRACE = timedelta(hours=1)

MISSING = {"NoSuchUpload", "NoSuchKey", "404"}


class UploadIncomplete(UploadClosed):
    """Parts are missing: the browser asks which, and sends them."""


def is_available() -> bool:
    return is_bucket(private_files())


def new_name(upload: Upload) -> str:
    """In the folder of the video that it becomes, or whose file it replaces."""
    return source_path(upload.replaces or upload, upload.file_name)


def part_bytes(length: int) -> int:
    """Of all parts but the last; the same for files of the same length."""
    least = -(-length // MOST_PARTS)
    return max(SMALLEST_PART, -(-least // MEGABYTE) * MEGABYTE)


def sizes(length: int) -> dict[int, int]:
    """What each part weighs, by its number from 1 on."""
    size = part_bytes(length)
    starts = range(0, length, size)
    return {n: min(size, length - start) for n, start in enumerate(starts, start=1)}


def _client():
    return private_files().connection.meta.client


def _place(upload: Upload) -> dict[str, str]:
    return {"Bucket": private_files().bucket_name, "Key": upload.object_name}


def _multipart(upload: Upload) -> dict[str, str]:
    return _place(upload) | {"UploadId": upload.multipart_id}


def _is_missing(error: ClientError) -> bool:
    return error.response["Error"]["Code"] in MISSING


def next_parts(upload: Upload) -> list[dict]:
    """Some of the parts that are missing, each with an address to send it to.

    An address is good for as many bytes as its part has, and no other number.
    """
    if upload.is_gone:
        raise UploadClosed(f"upload {upload.pk} is {upload.state}")
    if upload.state != Upload.State.RECEIVING:
        return []  # all is here already
    if not upload.multipart_id:
        _begin(upload)
    there = look(upload)
    upload.go_on()
    size = part_bytes(upload.length)
    missing = [each for each in sizes(upload.length).items() if each[0] not in there]
    return [
        {
            "start": (number - 1) * size,
            "end": (number - 1) * size + weight,
            "url": _address(upload, number, weight),
        }
        for number, weight in missing[:BATCH]
    ]


def _begin(upload: Upload) -> None:
    """Of two requests at once one wins; the other's is taken back."""
    begun = _client().create_multipart_upload(**_place(upload))["UploadId"]
    if not upload.begin_multipart(begun):
        _client().abort_multipart_upload(**_place(upload), UploadId=begun)


def _address(upload: Upload, number: int, weight: int) -> str:
    return _client().generate_presigned_url(
        "upload_part",
        Params=_multipart(upload) | {"PartNumber": number, "ContentLength": weight},
        ExpiresIn=ADDRESS_SECONDS,
    )


def look(upload: Upload) -> dict[int, str]:
    """The ETags of the parts that are there and weigh what they should.

    The row's offset is brought up to date with them.
    """
    if upload.state != Upload.State.RECEIVING or not upload.multipart_id:
        return {}
    wanted = sizes(upload.length)
    try:
        there = {
            part["PartNumber"]: part["ETag"]
            for part in _listed(upload)
            if wanted.get(part["PartNumber"]) == part["Size"]
        }
    except ClientError as error:
        if not _is_missing(error):
            raise
        # Assembled already, or aborted.
        if _weight_of_object(upload) != upload.length:
            raise UploadClosed(f"the parts of upload {upload.pk} are gone") from error
        there = dict.fromkeys(wanted, "")
    upload.count_parts(sum(wanted[number] for number in there))
    return there


def _listed(upload: Upload) -> Iterator[dict]:
    pages = _client().get_paginator("list_parts").paginate(**_multipart(upload))
    for page in pages:
        yield from page.get("Parts", [])


def _weight_of_object(upload: Upload) -> int | None:
    found = _head(upload)
    return found and found["ContentLength"]


def _head(upload: Upload) -> dict | None:
    try:
        return _client().head_object(**_place(upload))
    except ClientError as error:
        if not _is_missing(error):
            raise
        return None


def assemble(upload: Upload) -> None:
    """Make one object of the parts, and see that it is what was promised.

    May run twice, and twice at once: the second finds the object of the first.
    Whoever cancels meanwhile removes it.
    """
    if upload.is_gone:
        raise UploadClosed(f"upload {upload.pk} is {upload.state}")
    there = look(upload)
    if not upload.is_complete:
        raise UploadIncomplete(f"upload {upload.pk} is at {upload.offset}")
    if there[1]:
        _join(upload, there)
    found = _head(upload)
    if found is None or found["ContentLength"] != upload.length:
        raise UploadClosed(f"upload {upload.pk} did not become its object")
    upload.etag = found["ETag"].strip('"')
    upload.save(update_fields=["etag"])


def _join(upload: Upload, there: dict[int, str]) -> None:
    parts = [{"PartNumber": n, "ETag": etag} for n, etag in sorted(there.items())]
    try:
        _client().complete_multipart_upload(
            **_multipart(upload), MultipartUpload={"Parts": parts}
        )
    except ClientError as error:
        if not _is_missing(error):
            raise  # else another request was quicker, or it was canceled


def remove(upload: Upload) -> None:
    """The parts, or the object that they have become meanwhile."""
    if upload.multipart_id:
        _abort(**_multipart(upload))
    _client().delete_object(**_place(upload))


def _abort(**multipart: str) -> None:
    try:
        _client().abort_multipart_upload(**multipart)
    except ClientError as error:
        if not _is_missing(error):
            raise


def remove_stale() -> None:
    """Multipart uploads that no open row knows: of killed processes, of late parts."""
    if not is_available():
        return
    found = list(_unfinished_in_bucket())
    ids = [each["UploadId"] for each in found]
    known = set(
        Upload.objects.open()
        .filter(multipart_id__in=ids)
        .values_list("multipart_id", flat=True)
    )
    for each in found:
        is_old = each["Initiated"] < timezone.now() - GRACE
        if is_old and each["UploadId"] not in known:
            bucket = private_files().bucket_name
            _abort(Bucket=bucket, Key=each["Key"], UploadId=each["UploadId"])


def _unfinished_in_bucket() -> Iterator[dict]:
    pages = _client().get_paginator("list_multipart_uploads")
    for page in pages.paginate(Bucket=private_files().bucket_name, Prefix="sources/"):
        yield from page.get("Uploads", [])
