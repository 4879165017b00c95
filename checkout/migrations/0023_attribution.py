"""What says to which video a sale is due."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("checkout", "0022_claims_so_far"),
        ("videos", "0019_feed_controls"),
    ]

    operations = [
        migrations.AddField(
            model_name="cartline",
            name="tag",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="videos.producttag",
            ),
        ),
        migrations.AddField(
            model_name="cartline",
            name="video_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="orderline",
            name="video_way",
            field=models.CharField(
                blank=True,
                choices=[
                    ("direct", "directly from the video"),
                    ("after_view", "after seeing the video"),
                ],
                db_default="",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="orderline",
            name="video_touched_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="orderline",
            name="tag_position",
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="orderline",
            name="tag_starts_ms",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
    ]
