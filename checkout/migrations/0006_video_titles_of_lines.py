"""Lines that came through a video keep its title; may run again."""

from django.db import migrations
from django.db.models import OuterRef, Subquery


def fill(apps, schema_editor):
    OrderLine = apps.get_model("checkout", "OrderLine")
    Video = apps.get_model("videos", "Video")
    title = Video.objects.filter(pk=OuterRef("video")).values("title")
    bare = OrderLine.objects.filter(video__isnull=False, video_title="")
    bare.update(video_title=Subquery(title))


class Migration(migrations.Migration):
    dependencies = [
        ("checkout", "0005_order_line_video_title"),
        ("videos", "0006_video_deletion"),
    ]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
