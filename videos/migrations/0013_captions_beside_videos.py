"""Captions move from the public storage to that of the videos, beside their video.

Track by track, so that it may be stopped and run again.
"""

import secrets

from django.core.files.storage import default_storage
from django.db import migrations, models

from marketplace.video_files import video_files

PUBLIC = "captions/"


def refuse_missing_storage(tracks):
    """Else a folder that is not mounted would cost all captions."""
    former = tracks.filter(file__startswith=PUBLIC).values_list("file", flat=True)
    if not former or tracks.exclude(file__startswith=PUBLIC).exists():
        return
    if not any(map(default_storage.exists, former)):
        raise RuntimeError(
            f"none of {len(former)} caption files is in the public storage: "
            "is it the right one?  If they are gone, delete the caption tracks."
        )


def move_captions(apps, schema_editor):
    tracks = apps.get_model("videos", "CaptionTrack").objects.select_related("video")
    refuse_missing_storage(tracks)
    for track in tracks.filter(file__startswith=PUBLIC).order_by("pk"):
        former = track.file
        if default_storage.exists(former):
            name = f"videos/{track.video.public_id}/captions/{secrets.token_hex(8)}.vtt"
            with default_storage.open(former) as stored:
                track.file = video_files().save(name, stored)
            track.save(update_fields=["file"])
            default_storage.delete(former)
        else:
            # Nobody could read it, and it would have no address.
            track.delete()


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("videos", "0012_pairs_of_parts")]

    operations = [
        migrations.AlterField(
            model_name="captiontrack",
            name="file",
            field=models.CharField(
                help_text="Its name in the storage of videos.", max_length=100
            ),
        ),
        migrations.RunPython(move_captions, migrations.RunPython.noop),
    ]
