"""Pictures that people upload, served by the site itself where no S3 does it."""

from mimetypes import guess_type
from pathlib import PurePosixPath

from botocore.exceptions import BotoCoreError, ClientError
from django.conf import settings
from django.core.files.storage import storages
from whitenoise import WhiteNoise
from whitenoise.middleware import WhiteNoiseMiddleware

MEDIA_TYPES = {
    ".m3u8": "application/vnd.apple.mpegurl",
    ".m4s": "video/iso.segment",
    ".mp4": "video/mp4",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".vtt": "text/vtt",
}

# What either storage raises when it is full, slow, down or refuses.
STORAGE_FAILURES = (OSError, BotoCoreError, ClientError)


def media_type_of(name):
    """By its ending; what is not listed is guessed, and never run by a browser."""
    ending = PurePosixPath(name).suffix
    return MEDIA_TYPES.get(ending) or guess_type(name)[0] or "application/octet-stream"


def private_files():
    """The storage of what is never shown as it came: sources and imports."""
    return storages["private"]


def is_bucket(storage) -> bool:
    """Told without S3's own class, which is 15 MB in every process that knows it."""
    return hasattr(storage, "bucket_name")


def forbid_everything(headers, path, url):
    """A file must never act with the site's rights, whatever a browser takes it for."""
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    headers["Referrer-Policy"] = "no-referrer"


class UserFilesMiddleware:
    """Serves MEDIA_ROOT with range requests and the right types."""

    def __init__(self, get_response):
        self.get_response = get_response
        self.files = WhiteNoise(
            None,
            autorefresh=True,  # look at the disk each time: uploads come and go
            max_age=24 * 3600,
            mimetypes=MEDIA_TYPES,
            add_headers_function=forbid_everything,
        )
        # An address of another host is somebody else's to serve.
        if settings.MEDIA_URL.startswith("/"):
            self.files.add_files(settings.MEDIA_ROOT, prefix=settings.MEDIA_URL)

    def __call__(self, request):
        is_hidden = "/." in request.path_info
        found = None if is_hidden else self.files.find_file(request.path_info)
        if found is None:
            return self.get_response(request)
        return WhiteNoiseMiddleware.serve(found, request)
