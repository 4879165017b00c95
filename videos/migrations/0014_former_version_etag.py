from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("videos", "0013_captions_beside_videos"),
    ]

    operations = [
        migrations.AddField(
            model_name="formerversion",
            name="source_etag",
            field=models.CharField(blank=True, max_length=100),
        ),
    ]
