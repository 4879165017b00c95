"""The files of videos, served to who has a signed address of them."""

import os
from urllib.parse import quote

from django.conf import settings
from django.core.files.storage import storages
from django.http import (
    HttpResponse,
    HttpResponseForbidden,
    HttpResponseNotAllowed,
    HttpResponseNotFound,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.middleware.gzip import GZipMiddleware
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import http_date

from marketplace.byte_ranges import Unsatisfiable, chunks, requested_range
from marketplace.user_files import forbid_everything, media_type_of
from marketplace.video_addresses import Grant, read_address

YEAR = 365 * 24 * 3600
PLAYLIST = ".m3u8"
# What names other files by relative addresses, or browsers refuse to take from another
# host: small texts, which come from here where the rest comes from a bucket.
TEXTS = (PLAYLIST, ".vtt")
PLAYLIST_SECONDS = 60
# The folder, beside an output set, of what is shown while that is made.
PREVIEWS = "preview"
EXPOSED = "Content-Length, Content-Range, ETag"


def video_files():
    """The storage of what is made from sources: nothing in it has a public address."""
    return storages["videos"]


def cache_control(grant: Grant) -> str:
    """A new version has a folder of its own, so a segment never changes.

    Shared caches must forget it when its address ends: they do not check addresses.
    """
    who = "public" if grant.is_shared else "private"
    if grant.name.endswith(PLAYLIST) and f"/{PREVIEWS}/" in grant.name:
        return f"{who}, no-cache"  # it grows
    if grant.name.endswith(PLAYLIST):
        return f"{who}, max-age={min(PLAYLIST_SECONDS, grant.seconds_left)}"
    shared = f", s-maxage={grant.seconds_left}" if grant.is_shared else ""
    return f"{who}, max-age={YEAR}, immutable{shared}"


class VideoFilesMiddleware:
    """Answers signed addresses, before anything asks for a session."""

    def __init__(self, get_response):
        self.get_response = get_response
        self.gzip = GZipMiddleware(get_response)

    def __call__(self, request):
        if not (grant := read_address(request.path_info)):
            return self.get_response(request)
        response = self.answer(request, grant)
        forbid_everything(response.headers, None, None)
        allow_origin(request, response)
        return response

    def answer(self, request, grant):
        if request.method == "OPTIONS":
            return HttpResponse(status=204)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD", "OPTIONS"])
        if grant.seconds_left <= 0:
            return HttpResponseForbidden(headers={"Cache-Control": "no-store"})
        response = find(request, grant)
        if grant.name.endswith(PLAYLIST) and response.status_code == 200:
            return self.gzip.process_response(request, response)
        return response


def find(request, grant):
    if settings.VIDEO_ACCEL_PREFIX:
        return hand_to_nginx(grant)
    try:
        path = video_files().path(grant.name)
    except NotImplementedError:
        return find_in_bucket(request, grant)
    try:
        return serve(request, grant, path, os.stat(path))
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return HttpResponseNotFound()


def headers_of(grant):
    return {
        "Content-Type": media_type_of(grant.name),
        "Cache-Control": cache_control(grant),
    }


def hand_to_nginx(grant):
    """The proxy in front sends the file; Django has only looked at the address."""
    place = settings.VIDEO_ACCEL_PREFIX + quote(grant.name)
    return HttpResponse(headers=headers_of(grant) | {"X-Accel-Redirect": place})


def find_in_bucket(request, grant):
    """A text comes from here, so that what it names keeps its signed address.

    The rest comes from the bucket, by an address presigned without asking it.
    """
    if not grant.name.endswith(TEXTS):
        life = settings.VIDEO_ADDRESS_SECONDS
        response = HttpResponseRedirect(video_files().url(grant.name, expire=life))
        seconds = min(life // 2, grant.seconds_left)
        response["Cache-Control"] = f"private, max-age={seconds}"
        return response
    try:
        with video_files().open(grant.name) as stored:
            return HttpResponse(stored.read(), headers=headers_of(grant))
    except FileNotFoundError:
        return HttpResponseNotFound()


def serve(request, grant, path, found):
    if not os.path.isfile(path):
        return HttpResponseNotFound()
    size, etag = found.st_size, f'"{found.st_mtime_ns:x}-{found.st_size:x}"'
    whole = HttpResponse(
        headers=headers_of(grant)
        | {"ETag": etag, "Last-Modified": http_date(found.st_mtime)}
    )
    settled = get_conditional_response(request, etag, int(found.st_mtime), whole)
    if settled is not whole:
        return settled
    if grant.name.endswith(PLAYLIST):
        with open(path, "rb") as playlist:
            whole.content = playlist.read()
        return whole
    return serve_bytes(request, whole, path, size)


def serve_bytes(request, whole, path, size):
    """All of the file, or the range that is asked for."""
    try:
        wanted = asked_range(request, whole, size)
    except Unsatisfiable:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    first, last = wanted or (0, size - 1)
    headers = dict(whole.headers) | {
        "Accept-Ranges": "bytes",
        "Content-Length": str(last - first + 1),
    }
    if wanted:
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    status = 206 if wanted else 200
    if request.method == "HEAD":
        return HttpResponse(status=status, headers=headers)
    return StreamingHttpResponse(
        chunks(path, first, last), status=status, headers=headers
    )


def asked_range(request, whole, size):
    """Not of a file that has changed since the first part was fetched."""
    unchanged = request.headers.get("If-Range")
    if unchanged and unchanged not in (whole["ETag"], whole["Last-Modified"]):
        return None
    return requested_range(request.headers.get("Range", ""), size)


def allow_origin(request, response):
    """Lets pages of other hosts read it: those where this site is a CDN's origin."""
    allowed = settings.MEDIA_CORS_ORIGINS
    if not allowed:
        return
    patch_vary_headers(response, ["Origin"])
    origin = request.headers.get("Origin", "")
    if "*" not in allowed and origin not in allowed:
        return
    response["Access-Control-Allow-Origin"] = "*" if "*" in allowed else origin
    response["Access-Control-Expose-Headers"] = EXPOSED
    if request.method == "OPTIONS":
        response["Access-Control-Allow-Methods"] = "GET, HEAD"
        response["Access-Control-Allow-Headers"] = "Range"
        response["Access-Control-Max-Age"] = "86400"
