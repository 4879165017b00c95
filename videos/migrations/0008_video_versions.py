import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("videos", "0007_video_schedule"),
    ]

    operations = [
        migrations.AddField(
            model_name="upload",
            name="replaces",
            field=models.ForeignKey(
                blank=True,
                help_text="The video that gets this file, instead of a new one.",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="replacements",
                to="videos.video",
            ),
        ),
        migrations.AddField(
            model_name="video",
            name="is_changing",
            field=models.BooleanField(
                default=False,
                help_text="A new version is made; the former one is shown.",
            ),
        ),
        migrations.CreateModel(
            name="FormerVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                (
                    "source",
                    models.CharField(
                        blank=True,
                        help_text="Name in the private storage.",
                        max_length=100,
                    ),
                ),
                ("source_name", models.CharField(blank=True, max_length=255)),
                ("source_bytes", models.PositiveBigIntegerField(default=0)),
                ("source_sha256", models.CharField(blank=True, max_length=64)),
                (
                    "video",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="former",
                        to="videos.video",
                    ),
                ),
            ],
        ),
    ]
