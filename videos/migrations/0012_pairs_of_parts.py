"""Copies are looked up by other parts of their hashes, which are cut anew."""

import itertools

from django.db import migrations

AT_ONCE = 1000
# Of that day's `videos.fingerprints`.
PARTS = 6
PART_BITS = 11
PAIRS = list(itertools.combinations(range(PARTS), 2))


def cut_anew(apps, schema_editor):
    features = apps.get_model("videos", "ContentFeatures").objects
    last = 0
    while rows := list(features.filter(pk__gt=last).order_by("pk")[:AT_ONCE]):
        for row in rows:
            row.bands = bands_of(row.hashes)
        features.bulk_update(rows, ["bands"])
        last = rows[-1].pk


def bands_of(hashes):
    return sorted(
        {
            (number << PART_BITS | parts[one]) << PART_BITS | parts[other]
            for parts in map(parts_of, hashes)
            for number, (one, other) in enumerate(PAIRS)
        }
    )


def parts_of(value):
    bits = f"{value:0{PARTS * PART_BITS}b}"
    return [int(bits[start::PARTS], 2) for start in range(PARTS)]


class Migration(migrations.Migration):
    dependencies = [("videos", "0011_content_features")]

    operations = [migrations.RunPython(cut_anew, migrations.RunPython.noop)]
