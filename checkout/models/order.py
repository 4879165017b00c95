import secrets

from django.conf import settings
from django.db import models
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from checkout.models.cart import Cart, new_token
from marketplace.accounts.models import PostalAddress
from marketplace.states import StatefulModel
from sellers.models import Seller, Variant
from videos.models import Video

# Without the letters and digits that people confuse.
NUMBER_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def new_number():
    """The buyer's order number: short enough to say on the telephone."""
    return "".join(secrets.choice(NUMBER_ALPHABET) for _ in range(8))


class OrderConflict(Exception):
    """The order cannot move to that status from where it is."""


class OrderGroupQuerySet(models.QuerySet):
    def awaiting_payment(self):
        return self.filter(status=OrderGroup.Status.PENDING)

    def with_lines(self):
        """With what the pages about an order show: shops, lines, pictures."""
        lines = OrderLine.objects.select_related("variant__media", "variant__product")
        return self.prefetch_related(
            models.Prefetch(
                "orders", Order.objects.select_related("seller").order_by("pk")
            ),
            models.Prefetch("orders__lines", lines),
            "orders__lines__variant__product__media",
        )

    def with_history(self):
        """With what happened since, too: parcels, refunds, requests to return."""
        return self.with_lines().prefetch_related(
            "orders__fulfillments__tracking_events",
            "orders__refunds",
            "orders__return_requests",
        )

    def payable(self):
        """Unpaid and still in time: the buyer can go on with it."""
        return self.awaiting_payment().filter(pay_before__gt=timezone.now())

    def overdue(self):
        return self.awaiting_payment().filter(pay_before__lt=timezone.now())


class OrderGroup(StatefulModel, PostalAddress):
    """One checkout: what the buyer pays at once, over several sellers."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Awaiting payment")
        PAID = "paid", _("Paid")
        CANCELED = "canceled", _("Canceled")
        REFUNDED = "refunded", _("Paid too late, refunded")

    # What may follow what.  Only `advance` changes `status`.
    NEXT = {
        Status.PENDING: {Status.PAID, Status.CANCELED, Status.REFUNDED},
        # Money can arrive after the time to pay is over.
        Status.CANCELED: {Status.PAID, Status.REFUNDED},
        Status.PAID: set(),
        Status.REFUNDED: set(),
    }
    Conflict = OrderConflict

    number = models.CharField(max_length=12, unique=True, default=new_number)
    token = models.CharField(max_length=40, unique=True, default=new_token)
    # Sent with the form, so that a double click or a retry finds its first order.
    checkout_key = models.CharField(max_length=40, unique=True, default=new_token)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="order_groups",
    )
    cart = models.ForeignKey(
        Cart, models.SET_NULL, null=True, blank=True, related_name="order_groups"
    )
    email = models.EmailField(_("e-mail"))
    language = models.CharField(max_length=12, default="en")
    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.PENDING
    )
    currency = models.CharField(max_length=3)
    items_minor = models.PositiveBigIntegerField()
    shipping_minor = models.PositiveBigIntegerField()
    tax_minor = models.PositiveBigIntegerField()
    is_tax_included = models.BooleanField()
    total_minor = models.PositiveBigIntegerField()
    pay_before = models.DateTimeField()
    paid_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OrderGroupQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(
                fields=["pay_before"],
                condition=models.Q(status="pending"),
                name="unpaid_groups_by_deadline",
            ),
            models.Index(fields=["user", "-created_at"]),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(status="paid") | models.Q(paid_at__isnull=False),
                name="paid_group_has_a_time",
            ),
        ]

    def __str__(self):
        return self.number

    def get_absolute_url(self):
        """The guest's way back: unguessable."""
        return reverse("checkout:order_group", args=[self.token])

    @property
    def reservation_reference(self):
        return f"group:{self.pk}"

    @property
    def is_payable(self):
        return self.status == self.Status.PENDING and self.pay_before > timezone.now()

    @property
    def is_paid(self):
        return self.status == self.Status.PAID


class OrderQuerySet(models.QuerySet):
    def to_ship(self):
        return self.filter(status__in=[Order.Status.PAID, Order.Status.PARTLY_SHIPPED])

    def placed(self):
        """What sellers see: paid for once, whatever came after."""
        return self.exclude(group__paid_at=None)


class Order(StatefulModel):
    """One seller's part of an order group."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Awaiting payment")
        PAID = "paid", _("Paid")
        PARTLY_SHIPPED = "partly_shipped", _("Partly shipped")
        SHIPPED = "shipped", _("Shipped")
        DELIVERED = "delivered", _("Delivered")
        COMPLETED = "completed", _("Completed")
        CANCELED = "canceled", _("Canceled")

    # What may follow what.  Only `advance` changes `status`.  Completed: the hold
    # is over and the seller's money is on its way.
    NEXT = {
        Status.PENDING: {Status.PAID, Status.CANCELED},
        Status.PAID: {Status.PARTLY_SHIPPED, Status.SHIPPED, Status.CANCELED},
        Status.PARTLY_SHIPPED: {Status.SHIPPED},
        Status.SHIPPED: {Status.DELIVERED},
        Status.DELIVERED: {Status.COMPLETED},
        Status.COMPLETED: set(),
        # A payment can arrive after the time to pay is over.
        Status.CANCELED: {Status.PAID},
    }
    Conflict = OrderConflict

    group = models.ForeignKey(OrderGroup, models.PROTECT, related_name="orders")
    seller = models.ForeignKey(Seller, models.PROTECT, related_name="orders")
    status = models.CharField(
        max_length=14, choices=Status.choices, default=Status.PENDING
    )
    shipping_name = models.CharField(max_length=80)
    items_minor = models.PositiveBigIntegerField()
    shipping_minor = models.PositiveBigIntegerField()
    shipping_tax_minor = models.PositiveBigIntegerField(default=0)
    tax_minor = models.PositiveBigIntegerField()
    total_minor = models.PositiveBigIntegerField()
    refunded_minor = models.PositiveBigIntegerField(default=0)
    dispatch_by = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)
    shipped_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    canceled_at = models.DateTimeField(null=True, blank=True)
    cancel_reason = models.CharField(max_length=200, blank=True)

    objects = OrderQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["group", "seller"], name="one_order_per_group_and_seller"
            ),
            models.CheckConstraint(
                condition=models.Q(refunded_minor__lte=F("total_minor")),
                name="refunded_within_total",
            ),
        ]
        indexes = [models.Index(fields=["seller", "status", "-id"])]

    def __str__(self):
        return self.number

    def get_absolute_url(self):
        return reverse("checkout:seller_order", args=[self.pk])

    @property
    def number(self):
        return f"{self.group.number}-{self.pk}"


class OrderLine(models.Model):
    """What was bought, frozen: later changes to the product do not reach it."""

    order = models.ForeignKey(Order, models.PROTECT, related_name="lines")
    variant = models.ForeignKey(
        Variant, models.SET_NULL, null=True, related_name="order_lines"
    )
    video = models.ForeignKey(
        Video, models.SET_NULL, null=True, blank=True, related_name="order_lines"
    )
    title = models.CharField(max_length=140)
    variant_title = models.CharField(max_length=250, blank=True)
    sku = models.CharField(max_length=80)
    quantity = models.PositiveIntegerField()
    unit_price_minor = models.PositiveBigIntegerField()
    total_minor = models.PositiveBigIntegerField(
        help_text=_("What the buyer pays for the line, tax included.")
    )
    tax_basis_points = models.PositiveIntegerField(default=0)
    tax_minor = models.PositiveBigIntegerField(default=0)
    commission_basis_points = models.PositiveIntegerField()
    commission_minor = models.PositiveBigIntegerField()
    refunded_quantity = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(refunded_quantity__lte=F("quantity")),
                name="refunded_within_quantity",
            ),
            models.CheckConstraint(
                condition=models.Q(quantity__gt=0), name="order_quantity_above_zero"
            ),
        ]

    @property
    def picture(self):
        """The variant's own, else the product's first; none once it is deleted."""
        if self.variant is None:
            return None
        pictures = self.variant.product.media.all()
        return self.variant.media or next(iter(pictures), None)
