import secrets

from django.conf import settings
from django.db import models
from django.db.models import F
from django.db.models.functions import Upper
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from checkout.models.cart import Cart, new_token
from checkout.models.order_line import OrderLine
from marketplace.accounts.models import PostalAddress
from marketplace.states import StatefulModel
from sellers.models import Seller

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
        return self.prefetch_related(
            models.Prefetch(
                "orders", Order.objects.select_related("seller").order_by("pk")
            ),
            models.Prefetch("orders__lines", OrderLine.objects.with_pictures()),
        )

    def with_history(self):
        """With what happened since, too: parcels, refunds, requests to return."""
        return self.with_lines().prefetch_related(
            "orders__fulfillments__tracking_events",
            "orders__refunds",
            "orders__invoices",
            "orders__return_requests__pictures",
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
        REFUNDED = "refunded", _("Paid too late, paid back")

    class WhyRefunded(models.TextChoices):
        SOLD_OUT = "sold_out", _("What you wanted has been sold meanwhile.")
        OVER_LIMIT = (
            "over_limit",
            _("With what you have ordered since, it is more than one buyer can have."),
        )
        COUPON = "coupon", _("Your coupon cannot be used any more.")
        REPLACED = "replaced", _("Another order of yours has taken its place.")

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
    email = models.EmailField(_("email"))
    language = models.CharField(max_length=12, default="en")
    status = models.CharField(
        max_length=10, choices=Status.choices, default=Status.PENDING
    )
    currency = models.CharField(max_length=3)
    items_minor = models.PositiveBigIntegerField()
    shipping_minor = models.PositiveBigIntegerField()
    tax_minor = models.PositiveBigIntegerField()
    coupon_code = models.CharField(max_length=30, blank=True, db_default="")
    # Taken off already: what the coupon saved the buyer.
    discount_minor = models.PositiveBigIntegerField(default=0, db_default=0)
    is_tax_included = models.BooleanField()
    total_minor = models.PositiveBigIntegerField()
    pay_before = models.DateTimeField()
    # Once, while the bank makes up its mind.
    extended_at = models.DateTimeField(null=True, blank=True)
    paid_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # Shared by an order and those that took its place before it was paid.
    chain = models.CharField(max_length=40, blank=True, db_default="")
    why_refunded = models.CharField(
        max_length=10, choices=WhyRefunded.choices, blank=True, db_default=""
    )

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
            models.Index(Upper("email"), name="groups_by_email"),  # as iexact asks
            models.Index(
                fields=["chain"],
                condition=~models.Q(chain=""),
                name="groups_by_chain",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(status="paid") | models.Q(paid_at__isnull=False),
                name="paid_group_has_a_time",
            ),
        ]

    def __str__(self):
        return self.number

    @property
    def is_buy_now(self):
        return self.cart is not None and self.cart.is_buy_now

    @property
    def checkout_url(self):
        """Where the buyer goes back to change something."""
        name = "buy_now" if self.is_buy_now else "checkout"
        return reverse(f"checkout:{name}")

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
    def is_processing(self):
        """The bank has not said yes or no."""
        payment = getattr(self, "payment", None)
        return payment is not None and payment.is_processing

    @property
    def rivals(self):
        """The orders whose place it took, and those that took its place."""
        if not self.chain:
            return OrderGroup.objects.none()
        chain = OrderGroup.objects.filter(chain=self.chain)
        return chain.exclude(pk=self.pk).order_by("pk")

    @property
    def newer_order(self):
        """The last that took its place."""
        return self.rivals.filter(pk__gt=self.pk).last()

    @property
    def has_processing_rival(self):
        """An earlier payment may still go through; it is sent back then."""
        return self.rivals.filter(payment__is_processing=True).exists()

    @property
    def is_paid(self):
        return self.status == self.Status.PAID


class OrderQuerySet(models.QuerySet):
    def to_ship(self):
        return self.filter(status__in=[Order.Status.PAID, Order.Status.PARTLY_SHIPPED])

    def late(self):
        """To be shipped, and its dispatch date is past."""
        return self.to_ship().filter(dispatch_by__lt=timezone.now())

    def returning(self):
        """With a return that is not over."""
        is_open = models.Q(return_requests__status__in=["requested", "accepted"])
        return self.filter(is_open).distinct()

    def returns_waiting(self):
        """For the shop: to answer what is asked for, to look at what was sent back."""
        is_asked = models.Q(return_requests__status="requested")
        is_sent = models.Q(
            return_requests__status="accepted", return_requests__sent_at__isnull=False
        )
        return self.filter(is_asked | is_sent).distinct()

    def disputes_unanswered(self):
        """The buyer's bank asks, and the shop has not said what happened."""
        asked = {
            "group__payment__disputes__status__in": (
                "needs_response",
                "warning_needs_response",
            )
        }
        said = {"group__payment__disputes__statements__seller": F("seller")}
        answered = self.filter(**asked, **said)
        return self.filter(**asked).exclude(pk__in=answered).distinct()

    def placed(self):
        """What sellers see: paid for once, whatever came after."""
        return self.exclude(group__paid_at=None)

    def locked(self):
        """Until commit; before what refers to them, after their payment.

        Without the key, so that whoever only writes a row of theirs does not wait.
        """
        return self.select_for_update(of=["self"], no_key=True)


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
    # Sent in place of what came back; paid with the same payment.
    exchange_of = models.OneToOneField(
        "checkout.ReturnRequest",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="exchange_order",
    )
    status = models.CharField(
        max_length=14, choices=Status.choices, default=Status.PENDING
    )
    # Of all its rates, where its things go by several.
    shipping_name = models.CharField(max_length=250)
    items_minor = models.PositiveBigIntegerField()
    shipping_minor = models.PositiveBigIntegerField()
    shipping_tax_minor = models.PositiveBigIntegerField(default=0)
    tax_minor = models.PositiveBigIntegerField()
    # Taken off already, by a coupon; the subsidy is what the platform bears of it.
    discount_minor = models.PositiveBigIntegerField(default=0, db_default=0)
    subsidy_minor = models.PositiveBigIntegerField(default=0, db_default=0)
    # On the delivery; that on the goods is on the lines.
    shipping_commission_minor = models.PositiveBigIntegerField(default=0, db_default=0)
    shipping_commission_tax_minor = models.PositiveBigIntegerField(
        default=0, db_default=0
    )
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
                fields=["group", "seller"],
                condition=models.Q(exchange_of=None),
                name="one_order_per_group_and_seller",
            ),
            models.CheckConstraint(
                condition=models.Q(refunded_minor__lte=F("total_minor")),
                name="refunded_within_total",
            ),
            models.CheckConstraint(
                condition=models.Q(subsidy_minor__lte=F("discount_minor")),
                name="order_subsidy_within_discount",
            ),
        ]
        indexes = [
            models.Index(fields=["seller", "status", "-id"]),
            models.Index(
                fields=["dispatch_by"],
                condition=models.Q(status__in=["paid", "partly_shipped"]),
                name="orders_to_ship_by_deadline",
            ),
        ]

    def __str__(self):
        return self.number

    def get_absolute_url(self):
        return reverse("checkout:seller_order", args=[self.pk])

    @property
    def number(self):
        return f"{self.group.number}-{self.pk}"

    @property
    def reservation_reference(self):
        """What it was sold by: a checkout's orders together, an exchange alone."""
        if self.exchange_of_id:
            return f"exchange:{self.pk}"
        return self.group.reservation_reference

    @property
    def is_cancelable(self):
        """Nothing of it was sent yet."""
        return self.status == self.Status.PAID

    @property
    def is_to_ship(self):
        return self.status in [self.Status.PAID, self.Status.PARTLY_SHIPPED]

    @property
    def is_late(self):
        """Something of it should have been sent by now."""
        is_due = self.dispatch_by is not None and self.dispatch_by < timezone.now()
        return self.is_to_ship and is_due

    @property
    def refundable_minor(self):
        return self.total_minor - self.refunded_minor
