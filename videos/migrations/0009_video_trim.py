from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("videos", "0008_video_versions"),
    ]

    operations = [
        migrations.AddField(
            model_name="formerversion",
            name="trim_ends_ms",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="formerversion",
            name="trim_starts_ms",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="video",
            name="cut_away",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="Tags and captions outside the cut, in the time of the source.",
            ),
        ),
        migrations.AddField(
            model_name="video",
            name="shows_unseen",
            field=models.BooleanField(
                default=False, help_text="The new version has what nobody has reviewed."
            ),
        ),
        migrations.AddField(
            model_name="video",
            name="source_ms",
            field=models.PositiveIntegerField(
                default=0, help_text="Length of the source, whatever is cut away."
            ),
        ),
        migrations.AddField(
            model_name="video",
            name="trim_ends_ms",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="video",
            name="trim_starts_ms",
            field=models.PositiveIntegerField(default=0),
        ),
    ]
