"""S3 on loopback: moto's server, which speaks the real protocol."""

import contextlib
import functools
import logging
import urllib.request

import boto3
import botocore.loaders
import botocore.session
from django.core.files.storage import storages
from moto.moto_server import threaded_moto_server

from marketplace.file_storages import bucket_storages
from videos.models import Video

REGION = "eu-central-1"
PUBLIC, PRIVATE, VIDEOS = "shop-media", "shop-private", "shop-videos"


def environment(endpoint):
    return {
        "AWS_STORAGE_BUCKET_NAME": PUBLIC,
        "AWS_PRIVATE_BUCKET_NAME": PRIVATE,
        "AWS_VIDEO_BUCKET_NAME": VIDEOS,
        "AWS_S3_CUSTOM_DOMAIN": "media.example.com",
        "AWS_S3_REGION_NAME": REGION,
        "AWS_S3_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
    }


@functools.cache
def server_of(_application):
    """One for all tests that have not put another application into its place.

    It ends with its process: asked to end, it takes half a second.
    """
    server = threaded_moto_server.ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    logging.getLogger("werkzeug").setLevel("WARNING")
    return "http://{}:{}".format(*server.get_host_and_port())


# Of each connection Amazon's library reads its megabytes of descriptions anew.
one_loader = functools.cache(botocore.loaders.create_loader)


@contextlib.contextmanager
def buckets(settings, monkeypatch):
    """The three buckets, with the storages that the environment of S3 makes."""
    endpoint = server_of(threaded_moto_server.DomainDispatcherApplication)
    # One memory for all servers of a process.
    urllib.request.urlopen(f"{endpoint}/moto-api/reset", b"", timeout=10).close()
    for name, value in environment(endpoint).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(botocore.session, "create_loader", one_loader)
    s3 = boto3.resource("s3", endpoint_url=endpoint, region_name=REGION)
    for name in (PUBLIC, PRIVATE, VIDEOS):
        place = {"LocationConstraint": REGION}
        s3.create_bucket(Bucket=name, CreateBucketConfiguration=place)
    settings.STORAGES = settings.STORAGES | bucket_storages()
    # A field asks for its storage once, when the model is made.
    source = Video._meta.get_field("source")
    monkeypatch.setattr(source, "storage", storages["private"])
    yield s3
