from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("videos", "0023_product_pairs"),
    ]

    operations = [
        migrations.AlterField(
            model_name="watchevent",
            name="kind",
            field=models.CharField(
                choices=[
                    ("watch", "Watched"),
                    ("like", "Liked"),
                    ("save", "Saved"),
                    ("share", "Shared"),
                    ("follow", "Followed the shop"),
                    ("not_interested", "Not interested"),
                    ("tag_seen", "Saw a product"),
                    ("tag", "Opened a product"),
                    ("cart", "Added to the cart"),
                    ("report", "Reported"),
                    ("purchase", "Bought"),
                    ("refund", "Paid back"),
                ],
                default="watch",
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="feedchoice",
            name="kind",
            field=models.CharField(
                choices=[
                    ("plain", "A feed without a profile"),
                    ("yours", "A feed made for me"),
                    ("not_interested", "Not interested in this video"),
                    ("hidden", "Not to be shown"),
                    ("dropped", "An interest that counts no more"),
                    ("afresh", "Started afresh"),
                ],
                max_length=14,
            ),
        ),
        migrations.AddIndex(
            model_name="rankinglog",
            index=models.Index(
                condition=models.Q(("propensity__lt", 1)),
                fields=["created_at"],
                name="rankings_drawn",
            ),
        ),
    ]
