from collections.abc import Iterable

from django.db import connection, models, transaction

from sellers.models import Product


class ProductPairQuerySet(models.QuerySet):
    @transaction.atomic
    def replace(self, pairs: Iterable["ProductPair"]) -> None:
        """All of them anew; whoever reads meanwhile finds those of before.

        Of two at once the second waits, and then does it again.
        """
        self.lock()
        self.all().delete()
        self.bulk_create(pairs, batch_size=2000)

    def lock(self) -> None:
        """Against others who replace them; not against readers."""
        table = connection.ops.quote_name(self.model._meta.db_table)
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")

    def beside(self, product_pk):
        """Keys of what is bought with a product, the closest first."""
        closest = self.filter(product=product_pk).order_by("-weight", "other_id")
        return closest.values("other")


class ProductPair(models.Model):
    """Two products that people buy in one order; a row for each direction.

    What the checkout counted last: a product may be gone since.
    """

    product = models.ForeignKey(
        Product,
        models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    other = models.ForeignKey(
        Product,
        models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    # Different people who had both in one order, and how many times more often that
    # is than if the two had nothing to do with each other.
    buyers = models.PositiveIntegerField()
    lift = models.FloatField()
    # Buyers of both, by the root of those of each: what is bought by everybody anyway
    # weighs less.
    weight = models.FloatField()

    objects = ProductPairQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["product", "other"], name="one_pair_in_each_direction"
            )
        ]

    def __str__(self):
        return f"products {self.product_id} and {self.other_id}"
