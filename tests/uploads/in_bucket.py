"""Uploads straight into the bucket, as the page's script does it."""

import contextlib
from http.client import HTTPConnection
from urllib.parse import urlsplit

from django.core.files.storage import storages
from django.urls import reverse

from tests.buckets import PRIVATE
from tests.uploading import address_of, random_film
from videos import multipart
from videos.models import Upload

MEGABYTE = multipart.MEGABYTE
JSON = {"accept": "application/json"}


def begin(shop, length, name="film.mp4", **fields):
    data = {"name": name, "length": length} | fields
    return shop.post(reverse("videos:begin_upload"), data)


def begun(shop, film):
    answer = begin(shop, len(film))
    assert answer.status_code == 201, answer.content
    return Upload.objects.latest("pk")


def ask(shop, upload):
    """The addresses of the parts that are missing, and how far it is."""
    answer = shop.post(address_of(upload, "upload_parts"))
    assert answer.status_code == 200, answer.content
    return answer.json()


def put(part, film):
    """Send a part's bytes as a browser does; the status of the answer."""
    address = urlsplit(part["url"])
    connection = HTTPConnection(address.netloc, timeout=20)
    with contextlib.closing(connection):
        body = film[part["start"] : part["end"]]
        connection.request("PUT", f"{address.path}?{address.query}", body)
        return connection.getresponse().status


def send(shop, film):
    """All parts; not yet finished."""
    upload = begun(shop, film)
    while parts := ask(shop, upload)["parts"]:
        for part in parts:
            put(part, film)
    upload.refresh_from_db()
    return upload


def finish(shop, upload, **data):
    return shop.post(address_of(upload, "finish_upload"), data, headers=JSON)


def films(parts):
    """One of so many parts, the last of them small."""
    return random_film((parts - 1) * multipart.SMALLEST_PART + 1000)


def parts_in_bucket():
    client = storages["private"].connection.meta.client
    found = client.list_multipart_uploads(Bucket=PRIVATE)
    return [each["UploadId"] for each in found.get("Uploads", [])]


def objects(s3):
    return {
        each.key: each.get()["Body"].read() for each in s3.Bucket(PRIVATE).objects.all()
    }


def offered(shop, film):
    """Whether the same bytes, sent once more, are known."""
    upload = send(shop, film)
    return finish(shop, upload).json()["state"] == "duplicate"
