from django.db import migrations
from django.db.models import F


def fill_in(apps, schema_editor):
    """Whatever named a video so far came over its sheet."""
    lines = apps.get_model("checkout", "OrderLine").objects
    lines.exclude(video_title="").filter(video_way="").update(video_way="direct")
    lines = apps.get_model("checkout", "CartLine").objects
    lines.exclude(video=None).filter(video_at=None).update(video_at=F("added_at"))


class Migration(migrations.Migration):
    """Apart from the columns, whose lock keeps even readers of the lines waiting.

    It may run again: it leaves alone what has been done.
    """

    dependencies = [("checkout", "0023_attribution")]

    operations = [migrations.RunPython(fill_in, migrations.RunPython.noop)]
