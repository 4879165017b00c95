from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField

from marketplace.paths import path_to
from marketplace.states import StatefulModel


class SellerConflict(Exception):
    """The seller cannot move to that status from where it is."""


class SellerQuerySet(models.QuerySet):
    def open(self):
        """Whose storefront, products and videos the public sees."""
        return self.filter(status=Seller.Status.APPROVED)


class Seller(StatefulModel):
    class Status(models.TextChoices):
        PENDING = "pending", _("Waiting for review")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")
        SUSPENDED = "suspended", _("Suspended")
        CLOSED = "closed", _("Closed")

    # What may follow what.  Only `advance` changes `status`.
    NEXT = {
        Status.PENDING: {Status.APPROVED, Status.REJECTED},
        Status.REJECTED: {Status.PENDING},
        Status.APPROVED: {Status.SUSPENDED, Status.CLOSED},
        Status.SUSPENDED: {Status.APPROVED, Status.CLOSED},
        Status.CLOSED: set(),
    }
    Conflict = SellerConflict

    name = models.CharField(_("shop name"), max_length=80, unique=True)
    slug = models.SlugField(_("address"), max_length=80, unique=True)
    status = models.CharField(
        max_length=12, choices=Status.choices, default=Status.PENDING
    )
    status_reason = models.TextField(_("reason"), blank=True)
    tagline = models.CharField(_("one line about the shop"), max_length=120, blank=True)
    description = models.TextField(_("description"), blank=True)
    banner = models.ImageField(upload_to="sellers/banners", blank=True)
    avatar = models.ImageField(upload_to="sellers/avatars", blank=True)

    legal_name = models.CharField(_("legal name"), max_length=120)
    email = models.EmailField(_("contact email"))
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    business_address = models.TextField(_("business address"))
    country = CountryField(_("country"))
    tax_number = models.CharField(
        _("tax number"), max_length=40, blank=True, db_default=""
    )
    currency = models.CharField(max_length=3, default=settings.CURRENCY)

    dispatch_days = models.PositiveSmallIntegerField(
        _("working days until dispatch"), default=2
    )
    return_days = models.PositiveSmallIntegerField(
        _("days in which buyers may return"), default=30
    )

    holiday_note = models.CharField(
        _("holiday note"),
        max_length=160,
        blank=True,
        help_text=_("Shown on the shop and its products, e.g. “Back on 3 May”."),
    )

    stripe_account_id = models.CharField(max_length=64, blank=True, db_index=True)
    is_payable = models.BooleanField(
        _("connected account can receive money"), default=False
    )

    # As Stripe names what it still asks for, and until when it must have it.
    requirements_due = ArrayField(
        models.CharField(max_length=200), default=list, blank=True, db_default=[]
    )
    requirements_due_by = models.DateTimeField(null=True, blank=True)
    # When Stripe was asked: an answer that comes late does not undo a later one.
    account_read_at = models.DateTimeField(null=True, blank=True)
    # When Stripe was last asked for payouts of which nobody has told.
    payouts_asked_at = models.DateTimeField(null=True, blank=True, editable=False)

    applied_at = models.DateTimeField(auto_now_add=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    search = models.GeneratedField(
        expression=SearchVector("name", weight="A", config="english")
        + SearchVector("tagline", weight="B", config="english")
        + SearchVector("description", weight="C", config="english"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = SellerQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        indexes = [
            GinIndex(fields=["search"], name="seller_search"),
            models.Index(fields=["status", "applied_at"]),
        ]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return path_to("sellers:storefront", self.slug)

    @property
    def is_open(self):
        return self.status == self.Status.APPROVED

    def approve(self):
        self.advance(self.Status.APPROVED, status_reason="", approved_at=timezone.now())

    approve.alters_data = True

    def reject(self, reason):
        self.advance(self.Status.REJECTED, status_reason=reason)

    reject.alters_data = True

    def suspend(self, reason):
        self.advance(self.Status.SUSPENDED, status_reason=reason)

    suspend.alters_data = True

    def reinstate(self):
        self.advance(self.Status.APPROVED, status_reason="")

    reinstate.alters_data = True

    def reapply(self, **fields):
        self.advance(
            self.Status.PENDING, status_reason="", applied_at=timezone.now(), **fields
        )

    reapply.alters_data = True


class SellerMember(models.Model):
    class Role(models.TextChoices):
        OWNER = "owner", _("Owner")
        STAFF = "staff", _("Staff")

    seller = models.ForeignKey(Seller, models.CASCADE, related_name="members")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="seller_memberships"
    )
    role = models.CharField(max_length=8, choices=Role.choices, default=Role.OWNER)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["seller", "user"], name="one_membership_per_seller_and_user"
            ),
        ]

    def __str__(self):
        return f"{self.user} ({self.get_role_display()})"


class Follow(models.Model):
    """A person who wants to see more of a shop."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="follows"
    )
    seller = models.ForeignKey(Seller, models.CASCADE, related_name="followers")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "seller"], name="one_follow_per_user_and_seller"
            ),
        ]
