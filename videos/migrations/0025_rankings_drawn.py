from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("videos", "0022_rankings_of_viewer"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="rankinglog",
            index=models.Index(
                condition=models.Q(("propensity__lt", 1)),
                fields=["created_at"],
                name="rankings_drawn",
            ),
        ),
    ]
