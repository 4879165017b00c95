"""What a tus client says, header by header, and bodies that break."""

import base64
import os

from django.http import UnreadablePostError
from django.urls import reverse

from videos import parts
from videos.models import Upload
from videos.tus import OCTETS

FILM = bytes(range(256)) * 40
LENGTH = len(FILM)  # 10,240


def metadata(**pairs):
    return ",".join(
        f"{key} {base64.b64encode(value.encode()).decode()}"
        for key, value in pairs.items()
    )


def begin(client, length=LENGTH, *, name="Summer_dress.mp4", body=b"", **headers):
    """The answer to the creation of an upload."""
    return send(
        client,
        "POST",
        reverse("videos:tus_uploads"),
        body,
        **{"Upload-Length": length, "Upload-Metadata": metadata(filename=name)}
        | headers,
    )


def send(client, method, address, body=b"", *, content_type=OCTETS, **headers):
    headers = {"Tus-Resumable": "1.0.0"} | headers
    is_empty = method == "PATCH" and not body
    return client.generic(
        method,
        address,
        body,
        content_type=content_type if body else "",
        # Django's client says neither where there is no body; tus clients do.
        **({"CONTENT_TYPE": content_type, "CONTENT_LENGTH": "0"} if is_empty else {}),
        headers={name: str(value) for name, value in headers.items() if value != ""},
    )


def patch(client, upload, offset, body, **headers):
    return send(
        client, "PATCH", address_of(upload), body, **{"Upload-Offset": offset} | headers
    )


def address_of(upload, page="tus_upload"):
    return reverse(f"videos:{page}", args=[upload.public_id])


def make_upload(*, seller, length=LENGTH, received=b"", **fields):
    fields = {"file_name": "film.mp4", "title": "Film"} | fields
    upload = Upload.objects.create(
        seller=seller, length=length, offset=len(received), **fields
    )
    if received:
        parts.write(upload.public_id, 0, received)
    return upload


def random_film(size):
    """A file that no other test has: the same bytes twice would be noticed."""
    return os.urandom(size)


class Body:
    """A request's body that comes as slowly, and ends as suddenly, as one likes."""

    def __init__(self, data, *, cut_at=None, between=None):
        self.data = memoryview(data)
        self.left = len(data) if cut_at is None else cut_at
        self.is_cut = cut_at is not None
        self.between = between

    def read(self, size):
        if self.between:
            self.between()
        piece = bytes(self.data[: min(size, self.left)])
        if not piece and self.is_cut:
            raise UnreadablePostError
        self.data, self.left = self.data[len(piece) :], self.left - len(piece)
        return piece


def received(upload):
    """What is safe of it, as it lies on the disk."""
    upload.refresh_from_db()
    return parts.path_of(upload.public_id).read_bytes()[: upload.offset]
