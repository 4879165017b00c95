from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from sellers.models.product import Variant


class OutOfStock(Exception):
    """Some variants have fewer units left than wanted.

    `short` maps the primary key of each to what is still available.
    """

    def __init__(self, short):
        self.short = short
        super().__init__(f"out of stock: {short}")


class StockLevelQuerySet(models.QuerySet):
    def locked(self):
        """Locked until commit, in key order so that two buyers cannot deadlock."""
        return self.order_by("variant_id").select_for_update(of=["self"])


class StockLevel(models.Model):
    """How many there are, and how many of them are set aside for unpaid orders."""

    variant = models.OneToOneField(
        Variant, models.CASCADE, primary_key=True, related_name="stock"
    )
    on_hand = models.PositiveIntegerField(default=0)
    reserved = models.PositiveIntegerField(default=0)

    objects = StockLevelQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(reserved__lte=F("on_hand")),
                name="reserved_within_on_hand",
            ),
        ]

    @property
    def available(self):
        return self.on_hand - self.reserved


class StockReservation(models.Model):
    """Units set aside for one order until it is paid, canceled or too late."""

    class Status(models.TextChoices):
        HELD = "held", _("Held")
        TAKEN = "taken", _("Taken: the order was paid")
        RELEASED = "released", _("Released")

    variant = models.ForeignKey(Variant, models.CASCADE, related_name="reservations")
    quantity = models.PositiveIntegerField()
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.HELD)
    reference = models.CharField(
        max_length=64, help_text=_("Whose it is, e.g. “group:17”.")
    )
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["reference", "variant"],
                name="one_reservation_per_reference_and_variant",
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"],
                condition=models.Q(status="held"),
                name="held_reservations_by_expiry",
            ),
        ]


class StockMovement(models.Model):
    """Why `on_hand` changed.  Append-only; the movements add up to the level."""

    class Reason(models.TextChoices):
        COUNT = "count", _("Counted")
        IMPORT = "import", _("Imported")
        SALE = "sale", _("Sold")
        RETURN = "return", _("Returned")
        CANCELLATION = "cancellation", _("Order canceled")

    variant = models.ForeignKey(Variant, models.CASCADE, related_name="movements")
    quantity = models.IntegerField(help_text=_("Positive in, negative out."))
    reason = models.CharField(max_length=12, choices=Reason.choices)
    reference = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["variant", "created_at"])]
