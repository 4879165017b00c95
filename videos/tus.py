"""tus 1.0.0: uploads in pieces, for the members of a seller.

https://tus.io/protocols/resumable-upload; extensions: creation, creation-with-upload,
checksum, expiration, termination.
"""

import base64
import binascii
import re

from allauth.core import ratelimit
from allauth.core.exceptions import RateLimited
from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import http_date
from django.utils.translation import gettext_lazy as _

from sellers.access import working_membership_of
from videos import parts, receiving, uploads
from videos.first_look import Refused, TooLarge, clean_name
from videos.models import Upload, UploadBusy, UploadClosed, UploadConflict

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,checksum,expiration,termination"
ALGORITHMS = {"sha1", "sha256"}
OCTETS = "application/offset+octet-stream"
MAX_METADATA = 4096


class BadRequest(Exception):
    """A header is missing or says nonsense."""


class WrongType(Exception):
    """The body is not what tus sends."""


class LengthRequired(Exception):
    """A body of unknown length, which WSGI does not give out."""


# What the client is told when something expected goes wrong.  Without words of its
# own the error says it.
REFUSALS = [
    (BadRequest, 400, None),
    (Http404, 404, _("There is no such upload.")),
    (UploadConflict, 409, _("The upload goes on elsewhere: ask for its offset.")),
    (UploadClosed, 410, _("The upload has ended or expired. Begin it again.")),
    (LengthRequired, 411, _("Say the length of the body.")),
    (TooLarge, 413, None),
    (WrongType, 415, _("Send the bytes as application/offset+octet-stream.")),
    (receiving.TooMuchUnderWay, 429, None),
    (RateLimited, 429, receiving.TOO_OFTEN),
    (Refused, 422, None),
    (UploadBusy, 423, _("The file is being sent from another window or device.")),
    (receiving.ChecksumMismatch, 460, _("The bytes do not match their checksum.")),
    (
        parts.NoRoom,
        507,
        _("The server has no room left. Nothing is lost: try again later."),
    ),
]
EXPECTED = tuple(kind for kind, *_rest in REFUSALS)


def answer(status, words="", **headers):
    named = {name.replace("_", "-"): str(value) for name, value in headers.items()}
    return HttpResponse(
        str(words),
        status=status,
        content_type="text/plain; charset=utf-8",
        headers=named,
    )


def tus_uploads(request):
    """Where uploads are begun."""
    return _answered(request, {"POST": _create})


def tus_upload(request, public_id):
    """One upload; a stranger's is a 404."""
    methods = {"HEAD": _head, "PATCH": _patch, "DELETE": _delete}
    return _answered(request, methods, public_id)


def _answered(request, methods, *args):
    # For clients behind a proxy that lets no PATCH through.  Only of POST, whose CSRF
    # token has been checked.
    method = request.method
    if method == "POST":
        method = request.headers.get("X-HTTP-Method-Override", method).upper()
    response = _answer_to(method, request, methods, args)
    response["Tus-Resumable"] = VERSION
    response["Cache-Control"] = "no-store"
    return response


def _answer_to(method, request, methods, args):
    membership = working_membership_of(request.user)
    if membership is None:
        return answer(403, _("Sign in as a seller to upload."))
    request.seller = membership.seller
    if method == "OPTIONS":
        return _options()
    if method not in methods:
        return answer(405, Allow=", ".join([*methods, "OPTIONS"]))
    if request.headers.get("Tus-Resumable") != VERSION:
        return answer(412, Tus_Version=VERSION)
    try:
        return methods[method](request, *args)
    except EXPECTED as error:
        return _refusal_of(error)


def _refusal_of(error):
    for kind, status, words in REFUSALS:
        if isinstance(error, kind):
            return answer(status, words or str(error))
    raise error


def _options():
    return answer(
        204,
        Tus_Version=VERSION,
        Tus_Extension=EXTENSIONS,
        Tus_Max_Size=settings.VIDEO_MAX_BYTES,
        Tus_Checksum_Algorithm=",".join(sorted(ALGORITHMS)),
    )


def _create(request):
    length = _whole_number(request, "Upload-Length")
    has_body = _body_length(request) > 0
    if has_body:
        _check_body(request, length)
    checksum = _checksum(request)
    ratelimit.consume(request, action="upload", raise_exception=True)
    upload = receiving.open_upload(_upload_of(request, length))
    if has_body:
        receiving.receive(upload, request, 0, checksum)
        _finish_complete(upload)
    location = reverse("videos:tus_upload", args=[upload.public_id])
    return answer(201, Location=location, **_progress(upload))


def _upload_of(request, length):
    header = request.headers.get("Upload-Metadata", "")
    metadata = _metadata(header)
    return Upload(
        seller=request.seller,
        user=request.user,
        length=length,
        metadata=header,
        file_name=clean_name(metadata.get("filename", "")),
        title=metadata.get("title", "")[:140],
        replaces=replaced_by(request, metadata.get("replaces", "")),
    )


def _head(request, public_id):
    upload = _own_upload(request, public_id)
    is_begun = upload.offset > 0 and upload.state in Upload.OPEN
    if upload.is_gone or (is_begun and not parts.exists(upload.public_id)):
        raise UploadClosed(upload.state)
    about = {"Upload_Length": upload.length, **_progress(upload)}
    if upload.metadata:
        about["Upload_Metadata"] = upload.metadata
    return answer(200, **about)


def _patch(request, public_id):
    upload = _own_upload(request, public_id)
    offset = _whole_number(request, "Upload-Offset")
    if offset != upload.offset:
        upload.refuse(offset)
    _check_body(request, upload.length - offset)
    if not upload.is_complete:
        receiving.receive(upload, request, offset, _checksum(request))
    _finish_complete(upload)
    return answer(204, **_progress(upload))


def _finish_complete(upload):
    if upload.is_complete:
        uploads.finish(upload)


def _delete(request, public_id):
    receiving.cancel(_own_upload(request, public_id))
    return answer(204)


def _own_upload(request, public_id):
    # The bytes of direct ones go elsewhere.
    mine = request.seller.uploads.filter(object_name="")
    return get_object_or_404(mine, public_id=public_id)


def _progress(upload):
    return {
        "Upload_Offset": upload.offset,
        "Upload_Expires": http_date(upload.expires_at.timestamp()),
    }


def _whole_number(request, name):
    text = request.headers.get(name, "")
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise BadRequest(f"{name} must be a whole number.")
    return int(text)


def _check_body(request, room):
    if request.content_type != OCTETS:
        raise WrongType
    if "CONTENT_LENGTH" not in request.META:
        raise LengthRequired
    if _body_length(request) > room:
        raise TooLarge(_("More bytes came than the upload was said to have."))


def _body_length(request):
    return int(request.META.get("CONTENT_LENGTH") or 0)


def _checksum(request):
    """`sha1 <base64>`, as the client computed it over this request's body."""
    header = request.headers.get("Upload-Checksum")
    if header is None:
        return None
    algorithm, _space, digest = header.partition(" ")
    if algorithm not in ALGORITHMS:
        raise BadRequest(f"Upload-Checksum may be of {', '.join(sorted(ALGORITHMS))}.")
    return receiving.Checksum(algorithm, _decoded(digest, "Upload-Checksum"))


def replaced_by(request, public_id):
    """The seller's video that gets the file; a stranger's is a 404."""
    mine = request.seller.videos.kept()
    return get_object_or_404(mine, public_id=public_id) if public_id else None


def _metadata(header):
    """`key base64,key base64`, the values decoded."""
    if len(header) > MAX_METADATA or not header.isascii():
        raise BadRequest("Upload-Metadata is too long.")
    pairs = [pair.strip().partition(" ") for pair in header.split(",") if pair.strip()]
    try:
        return {
            key: _decoded(value, "Upload-Metadata").decode()
            for key, _space, value in pairs
        }
    except UnicodeDecodeError:
        raise BadRequest("Upload-Metadata must be UTF-8.") from None


def _decoded(text, name):
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise BadRequest(f"{name} must be base64.") from None
