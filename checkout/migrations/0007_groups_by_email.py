import django.db.models.functions.text
from django.conf import settings
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # nobody waits while the index is built

    dependencies = [
        ("checkout", "0006_video_titles_of_lines"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="ordergroup",
            index=models.Index(
                django.db.models.functions.text.Upper("email"), name="groups_by_email"
            ),
        ),
    ]
