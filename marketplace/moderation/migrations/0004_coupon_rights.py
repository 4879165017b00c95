from django.contrib.auth.management import create_permissions
from django.db import migrations

RIGHTS = ["view_coupon", "add_coupon", "change_coupon"]


def let_operators_make_coupons(apps, schema_editor):
    """Django makes permissions after the last migration; the group needs them now."""
    app = apps.get_app_config("checkout")
    app.models_module = True
    create_permissions(app, verbosity=0, apps=apps)
    app.models_module = None
    rights = apps.get_model("auth.Permission").objects.filter(
        content_type__app_label="checkout", codename__in=RIGHTS
    )
    for group in apps.get_model("auth.Group").objects.filter(name="Operators"):
        group.permissions.add(*rights)


class Migration(migrations.Migration):
    dependencies = [
        ("moderation", "0003_screening"),
        ("checkout", "0009_coupons"),
    ]

    operations = [
        migrations.RunPython(let_operators_make_coupons, migrations.RunPython.noop)
    ]
