from dataclasses import dataclass

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from checkout.models.cart import new_token
from checkout.models.order import Order
from checkout.models.order_line import OrderLine
from checkout.models.shipping_zone import ShippingZone, named
from sellers.models import DeliveryProfile, Product, Seller


class ShippingRateQuerySet(models.QuerySet):
    def offered(self):
        return self.filter(is_active=True)

    def to(self, country: str):
        """That go there: a rate without countries goes everywhere."""
        everywhere = models.Q(countries=[])
        return self.filter(everywhere | models.Q(countries__contains=[country]))

    def of(self, product: Product):
        """By which this product goes."""
        return self.filter(profile=product.delivery_profile_id)

    def with_bands(self) -> list["ShippingRate"]:
        """All of them; asked for bands are those that have any."""
        rates = list(self)
        models.prefetch_related_objects([r for r in rates if r.banded_by], "bands")
        return rates

    def reach(self, country: str = "") -> "Reach":
        """Of one seller's rates, for a visitor of that country."""
        offered = self.offered().with_bands()
        there = [rate for rate in offered if rate.goes_to(country)]
        is_everywhere = any(not rate.countries for rate in offered)
        codes = sorted({code for rate in offered for code in rate.countries})
        return Reach(
            rate=next(iter(there or offered), None),
            places="" if is_everywhere else named(codes),
            missing_country="" if there or not offered else countries.name(country),
        )


@dataclass(frozen=True)
class Reach:
    """What a product's page tells of its shop's deliveries."""

    rate: "ShippingRate | None"
    places: str
    # Not to where this visitor lives, as far as that is known.
    missing_country: str


class ShippingRate(models.Model):
    """A way a seller delivers to a zone of countries, at a price an order.

    The price is that of the lightest, or cheapest, orders where it has bands.
    """

    class Measure(models.TextChoices):
        NOTHING = "", _("The same for every order")
        WEIGHT = "weight", _("By weight")
        PRICE = "price", _("By price of the goods")

    seller = models.ForeignKey(Seller, models.CASCADE, related_name="shipping_rates")
    name = models.CharField(_("name"), max_length=80)
    # Of which products of the shop; empty: of all that have no profile.
    profile = models.ForeignKey(
        DeliveryProfile,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="rates",
        verbose_name=_("profile"),
    )
    # Not empty: `countries` are those of the zone, see `shipping_zones`.
    zone = models.ForeignKey(
        ShippingZone,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="rates",
        verbose_name=_("zone"),
    )
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
    banded_by = models.CharField(
        _("price"),
        max_length=6,
        choices=Measure.choices,
        blank=True,
        default=Measure.NOTHING,
        db_default="",
    )
    max_grams = models.PositiveIntegerField(
        _("heaviest order, in grams"), null=True, blank=True
    )
    min_days = models.PositiveSmallIntegerField(_("fastest, in days"), default=2)
    max_days = models.PositiveSmallIntegerField(_("slowest, in days"), default=5)
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)

    objects = ShippingRateQuerySet.as_manager()

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

    def goes_to(self, country: str) -> bool:
        """Of an unknown country: yes."""
        return not country or not self.countries or country in self.countries

    @property
    def lowest_minor(self) -> int:
        """Of the bands, too: what an order pays at least."""
        bands = self.bands.all() if self.banded_by else ()
        return min([self.price_minor, *(band.price_minor for band in bands)])

    def places(self) -> str:
        return named(self.countries)


class ShippingBand(models.Model):
    """From so many grams, or so much money, on a rate costs another price."""

    rate = models.ForeignKey(ShippingRate, models.CASCADE, related_name="bands")
    starts_at = models.PositiveBigIntegerField()
    price_minor = models.PositiveBigIntegerField()

    class Meta:
        ordering = ["starts_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["rate", "starts_at"], name="one_band_from_a_start"
            ),
            models.CheckConstraint(
                condition=models.Q(starts_at__gt=0), name="band_starts_above_zero"
            ),
        ]

    @property
    def kilograms(self) -> str:
        return f"{self.starts_at / 1000:g}"


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

    def __str__(self):
        return f"{self.carrier} {self.tracking_number}".strip()


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
