"""Ask the private bucket whether browsers may send videos there."""

import json
from fnmatch import fnmatchcase

from botocore.exceptions import ClientError
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from marketplace.user_files import private_files
from videos import multipart


class Command(BaseCommand):
    help = "Say whether the private bucket lets sellers' browsers upload to it (CORS)."

    def handle(self, **options):
        if not multipart.is_available():
            raise CommandError("Files lie on the disk: there is no bucket to ask.")
        storage = private_files()
        client = storage.connection.meta.client
        if not any(_allows(rule) for rule in _rules(client, storage.bucket_name)):
            wanted = [
                {"AllowedOrigins": [settings.SITE_URL], "AllowedMethods": ["PUT"]}
            ]
            raise CommandError(
                f"Bucket {storage.bucket_name} lets no page of {settings.SITE_URL} "
                f"send parts. Add this CORS rule:\n{json.dumps(wanted)}"
            )
        self.stdout.write(f"Bucket {storage.bucket_name} takes uploads of browsers.")


def _rules(client, bucket):
    try:
        return client.get_bucket_cors(Bucket=bucket)["CORSRules"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchCORSConfiguration":
            raise CommandError(f"Bucket {bucket} does not say: {error}") from error
        return []


def _allows(rule):
    origins = rule["AllowedOrigins"]
    is_ours = any(fnmatchcase(settings.SITE_URL, origin) for origin in origins)
    return is_ours and "PUT" in rule["AllowedMethods"]
