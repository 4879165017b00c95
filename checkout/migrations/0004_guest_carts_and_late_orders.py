from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("checkout", "0003_buy_now_carts"),
        ("sellers", "0002_stock_movements_append_only"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="cart",
            index=models.Index(
                condition=models.Q(("user", None)),
                fields=["updated_at"],
                name="guest_carts_by_age",
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("status__in", ["paid", "partly_shipped"])),
                fields=["dispatch_by"],
                name="orders_to_ship_by_deadline",
            ),
        ),
    ]
