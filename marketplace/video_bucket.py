"""Apart from `video_files`, because what S3 needs is 15 MB in every process."""

from storages.backends.s3 import S3Storage

from marketplace.user_files import media_type_of
from marketplace.video_files import PLAYLIST, PLAYLIST_SECONDS, YEAR


class VideoBucket(S3Storage):
    """Each object with the type and the cache header that a CDN passes on."""

    def get_object_parameters(self, name):
        seconds = PLAYLIST_SECONDS if name.endswith(PLAYLIST) else YEAR
        immutable = "" if name.endswith(PLAYLIST) else ", immutable"
        return super().get_object_parameters(name) | {
            "ContentType": media_type_of(name),
            "CacheControl": f"max-age={seconds}{immutable}",
        }
