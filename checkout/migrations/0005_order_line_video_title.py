from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("checkout", "0004_guest_carts_and_late_orders"),
    ]

    operations = [
        migrations.AddField(
            model_name="orderline",
            name="video_title",
            field=models.CharField(blank=True, max_length=140),
        ),
    ]
