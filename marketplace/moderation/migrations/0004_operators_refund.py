from django.db import migrations

from marketplace.moderation.roles import grant


def grant_anew(apps, schema_editor):
    grant(
        apps.get_model("auth.Group").objects, apps.get_model("auth.Permission").objects
    )


class Migration(migrations.Migration):
    dependencies = [("moderation", "0003_roles")]

    operations = [migrations.RunPython(grant_anew, migrations.RunPython.noop)]
