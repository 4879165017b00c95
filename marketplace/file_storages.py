"""Where files lie: on the disk of this machine, or in buckets of S3."""

from pathlib import Path
from urllib.parse import urlsplit

from marketplace.env import env_str, env_url

DISK = "django.core.files.storage.FileSystemStorage"


def disk_storages(private_root: Path, video_root: Path) -> dict:
    """The public files lie in MEDIA_ROOT, where Django itself looks."""
    return {
        "default": {"BACKEND": DISK},
        "private": {
            "BACKEND": DISK,
            "OPTIONS": {"location": private_root, "base_url": None},
        },
        "videos": {
            "BACKEND": DISK,
            "OPTIONS": {"location": video_root, "base_url": None},
        },
    }


def bucket_storages() -> dict:
    """The same three in buckets; the keys come from the environment or a role."""
    account = {
        "endpoint_url": env_url("AWS_S3_ENDPOINT_URL", "") or None,
        "region_name": env_str("AWS_S3_REGION_NAME", "") or None,
        # The old signature is refused by newer regions, and its host redirects.
        "signature_version": "s3v4",
    }
    private = account | {"bucket_name": private_bucket()}
    return {
        "default": {
            "BACKEND": "storages.backends.s3.S3Storage",
            "OPTIONS": account
            | {
                "bucket_name": env_str("AWS_STORAGE_BUCKET_NAME"),
                "custom_domain": env_str("AWS_S3_CUSTOM_DOMAIN"),
                "querystring_auth": False,
                "object_parameters": {"CacheControl": "max-age=31536000, immutable"},
                # Two files of one name are two files, as on the disk.
                "file_overwrite": False,
            },
        },
        "private": {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": private},
        "videos": {
            "BACKEND": "marketplace.video_bucket.VideoBucket",
            "OPTIONS": private | {"bucket_name": video_bucket()},
        },
    }


def private_bucket() -> str:
    return env_str("AWS_PRIVATE_BUCKET_NAME")


def video_bucket() -> str:
    return env_str("AWS_VIDEO_BUCKET_NAME", private_bucket())


def bucket_origins(bucket: str) -> list[str]:
    """Where its presigned addresses lead, for the Content-Security-Policy."""
    region = env_str("AWS_S3_REGION_NAME", "")
    if endpoint := env_url("AWS_S3_ENDPOINT_URL", ""):
        parts = urlsplit(endpoint)
        hosts = [parts.netloc, f"{bucket}.{parts.netloc}"]
        return [f"{parts.scheme}://{host}" for host in hosts]
    hosts = [f"{bucket}.s3.amazonaws.com"]
    if region:
        hosts.append(f"{bucket}.s3.{region}.amazonaws.com")
    return [f"https://{host}" for host in hosts]
