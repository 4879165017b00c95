"""Output sets leave the public folder: they are served to signed addresses alone.

On a disk the folder is moved; in S3 the objects stay where they are until somebody
copies them, see docs/production.md.  Safe to run again.
"""

import shutil
from pathlib import Path

from django.conf import settings
from django.db import migrations


def move_output_sets(apps, schema_editor):
    public = Path(settings.MEDIA_ROOT, "videos")
    signed = Path(settings.VIDEO_ROOT, "videos")
    if not settings.HAS_BUCKETS and public.is_dir() and not signed.exists():
        signed.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(public, signed)


class Migration(migrations.Migration):
    dependencies = [("videos", "0004_queue")]

    operations = [migrations.RunPython(move_output_sets, migrations.RunPython.noop)]
