from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("videos", "0021_experiment_sums"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="rankinglog",
            index=models.Index(
                condition=models.Q(("viewer__gt", "")),
                fields=["viewer"],
                name="rankings_of_viewer",
            ),
        ),
    ]
