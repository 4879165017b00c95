from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from checkout.models.cart import new_token
from checkout.models.order import Order, OrderConflict, OrderLine
from marketplace.states import StatefulModel
from sellers.models import Seller

NAMED_COUNTRIES = 5


class ShippingRate(models.Model):
    """A way a seller delivers, to some countries, at a price an order."""

    seller = models.ForeignKey(Seller, models.CASCADE, related_name="shipping_rates")
    name = models.CharField(_("name"), max_length=80)
    countries = ArrayField(
        models.CharField(max_length=2),
        default=list,
        blank=True,
        help_text=_("Empty: everywhere."),
    )
    price_minor = models.PositiveBigIntegerField(_("price"))
    free_from_minor = models.PositiveBigIntegerField(
        _("free from"), null=True, blank=True
    )
    min_days = models.PositiveSmallIntegerField(_("fastest, in days"), default=2)
    max_days = models.PositiveSmallIntegerField(_("slowest, in days"), default=5)
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position", "price_minor", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(max_days__gte=F("min_days")),
                name="slowest_not_before_fastest",
            ),
        ]

    def __str__(self):
        return self.name

    def places(self) -> list[str]:
        """The countries by name, or by code where the names would fill a table."""
        if len(self.countries) > NAMED_COUNTRIES:
            return self.countries
        return [countries.name(code) or code for code in self.countries]


class Fulfillment(models.Model):
    """A parcel."""

    class Status(models.TextChoices):
        SHIPPED = "shipped", _("Shipped")
        DELIVERED = "delivered", _("Delivered")

    order = models.ForeignKey(Order, models.PROTECT, related_name="fulfillments")
    # Sent with the form, so that a double click makes one parcel.
    request_key = models.CharField(max_length=40, default=new_token)
    carrier = models.CharField(_("carrier"), max_length=60)
    tracking_number = models.CharField(_("tracking number"), max_length=80, blank=True)
    tracking_url = models.URLField(_("tracking address"), blank=True)
    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.SHIPPED
    )
    shipped_at = models.DateTimeField(auto_now_add=True)
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["order", "request_key"], name="one_parcel_per_request"
            ),
        ]
        indexes = [
            models.Index(fields=["tracking_number"]),
            models.Index(
                fields=["shipped_at"],
                condition=models.Q(status="shipped"),
                name="parcels_on_their_way",
            ),
        ]


class FulfillmentLine(models.Model):
    fulfillment = models.ForeignKey(Fulfillment, models.CASCADE, related_name="lines")
    order_line = models.ForeignKey(
        OrderLine, models.PROTECT, related_name="fulfillment_lines"
    )
    quantity = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["fulfillment", "order_line"],
                name="one_line_per_parcel_and_order_line",
            ),
            models.CheckConstraint(
                condition=models.Q(quantity__gt=0), name="parcel_quantity_above_zero"
            ),
        ]


class TrackingEvent(models.Model):
    """What the carrier or the seller said about a parcel."""

    fulfillment = models.ForeignKey(
        Fulfillment, models.CASCADE, related_name="tracking_events"
    )
    event_id = models.CharField(max_length=80, blank=True)
    status = models.CharField(max_length=40)
    message = models.CharField(max_length=300, blank=True)
    happened_at = models.DateTimeField()

    class Meta:
        ordering = ["happened_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["fulfillment", "event_id"],
                condition=~models.Q(event_id=""),
                name="carrier_event_once",
            ),
        ]


class ReturnRequest(StatefulModel):
    class Status(models.TextChoices):
        REQUESTED = "requested", _("Requested")
        ACCEPTED = "accepted", _("Accepted: send it back")
        REFUSED = "refused", _("Refused")
        REFUNDED = "refunded", _("Refunded")

    # What may follow what.
    NEXT = {
        Status.REQUESTED: {Status.ACCEPTED, Status.REFUSED, Status.REFUNDED},
        Status.ACCEPTED: {Status.REFUNDED, Status.REFUSED},
        Status.REFUSED: set(),
        Status.REFUNDED: set(),
    }
    Conflict = OrderConflict

    order = models.ForeignKey(Order, models.PROTECT, related_name="return_requests")
    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.REQUESTED
    )
    reason = models.TextField(_("reason"), max_length=1000)
    answer = models.TextField(_("answer"), max_length=1000, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]


class ReturnLine(models.Model):
    return_request = models.ForeignKey(
        ReturnRequest, models.CASCADE, related_name="lines"
    )
    order_line = models.ForeignKey(
        OrderLine, models.PROTECT, related_name="return_lines"
    )
    quantity = models.PositiveIntegerField()
