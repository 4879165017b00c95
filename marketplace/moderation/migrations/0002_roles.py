from django.contrib.auth.management import create_permissions
from django.db import migrations

from marketplace.moderation.roles import grant

APPS = ["accounts", "auditlog", "checkout", "moderation", "sellers", "videos"]


def make_roles(apps, schema_editor):
    """Django makes permissions after the last migration; the groups need them now."""
    for label in APPS:
        app = apps.get_app_config(label)
        app.models_module = True
        create_permissions(app, verbosity=0, apps=apps)
        app.models_module = None
    grant(
        apps.get_model("auth.Group").objects, apps.get_model("auth.Permission").objects
    )


class Migration(migrations.Migration):
    dependencies = [
        ("moderation", "0001_initial"),
        ("accounts", "0001_initial"),
        ("auditlog", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("checkout", "0001_initial"),
        ("sellers", "0001_initial"),
        ("videos", "0001_initial"),
    ]

    operations = [migrations.RunPython(make_roles, migrations.RunPython.noop)]
