from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sellers.models.product import Variant

# What "as many as anybody likes" means in figures.
NO_LIMIT = 1_000_000


class OutOfStock(Exception):
    """Some variants have fewer units left than wanted.

    `short` maps the primary key of each to how many can still be bought.
    """

    def __init__(self, short):
        self.short = short
        super().__init__(f"out of stock: {short}")


class StockLevelQuerySet(models.QuerySet):
    def locked(self):
        """Locked until commit, in key order so that two buyers cannot deadlock."""
        return self.order_by("variant_id").select_for_update(of=["self"])


class StockLevel(models.Model):
    """How many there are, how many are set aside for unpaid orders, how many are
    promised beyond that, and whether more may be promised."""

    class Policy(models.TextChoices):
        REFUSE = "refuse", _("Sold out")
        BACK_ORDER = "back_order", _("Back-order")
        PRE_ORDER = "pre_order", _("Pre-order")

    variant = models.OneToOneField(
        Variant, models.CASCADE, primary_key=True, related_name="stock"
    )
    on_hand = models.PositiveIntegerField(default=0)
    reserved = models.PositiveIntegerField(default=0)
    backordered = models.PositiveIntegerField(
        default=0,
        db_default=0,
        help_text=_("Ordered, paid or not, and not on hand yet."),
    )
    policy = models.CharField(
        max_length=10,
        choices=Policy.choices,
        default=Policy.REFUSE,
        db_default=Policy.REFUSE,
    )
    ships_on = models.DateField(
        null=True, blank=True, help_text=_("When it is out, or expected back.")
    )
    backorder_limit = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("At most so many; empty for no limit.")
    )

    objects = StockLevelQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(reserved__lte=F("on_hand")),
                name="reserved_within_on_hand",
            ),
            models.CheckConstraint(
                condition=Q(backordered=0) | Q(reserved=F("on_hand")),
                name="nobody_waits_for_what_is_there",
            ),
            models.CheckConstraint(
                condition=~Q(policy="pre_order") | Q(ships_on__isnull=False),
                name="pre_order_has_a_date",
            ),
        ]

    @property
    def available(self):
        return self.on_hand - self.reserved

    @property
    def is_pre_order(self):
        """Until the day it is out; from then on what is there is sold."""
        is_due = self.ships_on and self.ships_on > timezone.localdate()
        return self.policy == self.Policy.PRE_ORDER and bool(is_due)

    @property
    def is_back_order(self):
        return self.policy == self.Policy.BACK_ORDER

    @property
    def backorder_room(self):
        """How many more can be sold that are not there."""
        if not (self.is_back_order or self.is_pre_order):
            return 0
        limit = NO_LIMIT if self.backorder_limit is None else self.backorder_limit
        return max(0, limit - self.backordered)

    @property
    def orderable(self):
        return self.available + self.backorder_room

    @property
    def expected_on(self):
        """The day that the buyer is told; None where it is over or not known."""
        is_sold_on = self.is_back_order or self.is_pre_order
        is_ahead = self.ships_on and self.ships_on > timezone.localdate()
        return self.ships_on if is_ahead and is_sold_on else None


def orderable():
    """`StockLevel.orderable` of a variant, for queries; 0 where nobody counted."""
    ahead = Q(stock__policy="pre_order", stock__ships_on__gt=timezone.localdate())
    limit = Coalesce(F("stock__backorder_limit"), NO_LIMIT)
    return Coalesce(F("stock__on_hand") - F("stock__reserved"), 0) + Case(
        When(
            Q(stock__policy="back_order") | ahead,
            then=Greatest(limit - F("stock__backordered"), 0),
        ),
        default=Value(0),
    )


class StockReservation(models.Model):
    """Units set aside for one order until it is paid, canceled or too late."""

    class Status(models.TextChoices):
        HELD = "held", _("Held")
        TAKEN = "taken", _("Taken: the order was paid")
        RELEASED = "released", _("Released")

    variant = models.ForeignKey(Variant, models.CASCADE, related_name="reservations")
    quantity = models.PositiveIntegerField()
    backordered = models.PositiveIntegerField(
        default=0, db_default=0, help_text=_("How many of them are not on hand yet.")
    )
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
            models.CheckConstraint(
                condition=Q(backordered__lte=F("quantity")),
                name="backordered_within_quantity",
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"],
                condition=Q(status="held"),
                name="held_reservations_by_expiry",
            ),
            models.Index(
                fields=["variant", "id"],
                condition=Q(backordered__gt=0),
                name="reservations_that_wait",
            ),
        ]

    @property
    def is_held(self):
        return self.status == self.Status.HELD

    @property
    def from_shelf(self):
        return self.quantity - self.backordered


class StockMovement(models.Model):
    """Why `on_hand` changed.  Append-only; the movements add up to the level."""

    class Reason(models.TextChoices):
        RECEIVED = "received", _("Received")
        COUNT = "count", _("Corrected")
        IMPORT = "import", _("Imported")
        SALE = "sale", _("Sold")
        RETURN = "return", _("Returned")
        CANCELLATION = "cancellation", _("Order canceled")

    # What a person says; the others come from orders and files.
    BY_HAND = (Reason.RECEIVED, Reason.COUNT, Reason.RETURN)

    variant = models.ForeignKey(Variant, models.CASCADE, related_name="movements")
    quantity = models.IntegerField(help_text=_("Positive in, negative out."))
    reason = models.CharField(max_length=12, choices=Reason.choices)
    reference = models.CharField(max_length=64, blank=True)
    note = models.CharField(max_length=200, blank=True, db_default="")
    request_key = models.CharField(
        max_length=40,
        blank=True,
        db_default="",
        help_text=_("Of the form it came from, so that a second click finds it."),
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["variant", "request_key"],
                condition=~Q(request_key=""),
                name="one_movement_per_request",
            ),
        ]
        indexes = [models.Index(fields=["variant", "created_at"])]
