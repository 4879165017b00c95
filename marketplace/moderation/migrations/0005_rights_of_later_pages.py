from django.contrib.auth.management import create_permissions
from django.db import migrations

from marketplace.moderation.roles import ROLES

APPS = ["accounts", "checkout", "moderation", "sellers", "videos"]


def add_rights(apps, schema_editor):
    """Pages came after the roles were made: payouts, disputes, commission, returns.

    Adds what is missing, and takes nothing away that a site has given its groups.
    """
    for label in APPS:
        app = apps.get_app_config(label)
        app.models_module = True
        create_permissions(app, verbosity=0, apps=apps)
        app.models_module = None
    permissions = apps.get_model("auth.Permission").objects
    for role, rights in ROLES.items():
        for group in apps.get_model("auth.Group").objects.filter(name=str(role.value)):
            for right in rights:
                for label, codenames in right.items():
                    group.permissions.add(
                        *permissions.filter(
                            content_type__app_label=label, codename__in=codenames
                        )
                    )


class Migration(migrations.Migration):
    dependencies = [
        ("moderation", "0004_coupon_rights"),
        ("auditlog", "0001_initial"),
        ("checkout", "0022_claims_so_far"),
        ("sellers", "0007_tax_number"),
    ]

    operations = [migrations.RunPython(add_rights, migrations.RunPython.noop)]
