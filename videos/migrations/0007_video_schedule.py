from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("sellers", "0002_stock_movements_append_only"),
        ("videos", "0006_video_deletion"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="video",
            name="publish_at",
            field=models.DateTimeField(
                blank=True,
                help_text="Approved earlier, it waits until then.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="video",
            name="publish_zone",
            field=models.CharField(
                blank=True,
                help_text="In which the seller chose the time.",
                max_length=64,
            ),
        ),
        migrations.AlterField(
            model_name="video",
            name="publication",
            field=models.CharField(
                choices=[
                    ("draft", "Draft"),
                    ("in_review", "In review"),
                    ("scheduled", "Scheduled"),
                    ("published", "Published"),
                    ("rejected", "Rejected"),
                ],
                default="draft",
                max_length=10,
            ),
        ),
        migrations.AddIndex(
            model_name="video",
            index=models.Index(
                condition=models.Q(("publication", "scheduled")),
                fields=["publish_at"],
                name="scheduled_videos",
            ),
        ),
    ]
