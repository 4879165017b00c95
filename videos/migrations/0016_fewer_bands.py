"""Copies are looked up by fewer and longer parts of their hashes, which are cut anew.

The index is made anew as well: what is taken out of one leaves its room behind.
"""

from django.contrib.postgres.indexes import GinIndex
from django.db import migrations

AT_ONCE = 1000
# Of that day's `videos.fingerprints`.
PARTS = 3
PART_BITS = 21
INDEXED = 16
MIRROR = 0x5AB556AAAAA554A9
TELLING_BIT = 1


def cut_anew(apps, schema_editor):
    features = apps.get_model("videos", "ContentFeatures").objects
    last = 0
    while rows := list(features.filter(pk__gt=last).order_by("pk")[:AT_ONCE]):
        for row in rows:
            row.bands = bands_of(row.hashes)
        features.bulk_update(rows, ["bands"])
        last = rows[-1].pk


def bands_of(hashes):
    most = INDEXED + max(0, len(hashes) - INDEXED) // 8
    if len(hashes) > most:
        hashes = [hashes[number * len(hashes) // most] for number in range(most)]
    return sorted(
        {
            number << PART_BITS | part
            for value in hashes
            for number, part in enumerate(parts_of(value))
        }
    )


def parts_of(value):
    upright = value ^ MIRROR if value & TELLING_BIT else value
    bits = f"{upright:0{PARTS * PART_BITS}b}"
    return [int(bits[start::PARTS], 2) for start in range(PARTS)]


class Migration(migrations.Migration):
    dependencies = [("videos", "0015_feed_models")]

    operations = [
        migrations.RemoveIndex("ContentFeatures", "features_bands"),
        migrations.RunPython(cut_anew, migrations.RunPython.noop),
        migrations.AddIndex(
            "ContentFeatures",
            GinIndex(fields=["bands"], name="features_bands", fastupdate=False),
        ),
    ]
