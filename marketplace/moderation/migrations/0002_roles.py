from django.db import migrations


class Migration(migrations.Migration):
    """Made the roles' groups; that is done after every migration now (`apps.py`)."""

    dependencies = [("moderation", "0001_initial")]

    operations = []
