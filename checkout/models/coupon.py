from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from checkout.models.order import OrderGroup
from sellers.models import Category, Product, Seller

CODE = RegexValidator(
    r"\A[A-Z0-9][A-Z0-9-]{2,29}\Z",
    _("A code has 3 to 30 letters, digits and dashes."),
)


def normal_code(code: str) -> str:
    """As it is kept: people type it in any case, with spaces from a copied mail."""
    return "".join(code.split()).upper()


class Coupon(models.Model):
    """A code that takes something off a checkout.

    Whether it applies is decided in `checkout.coupons`, what it takes off in
    `checkout.pricing`.
    """

    class Kind(models.TextChoices):
        PERCENT = "percent", _("Per cent off")
        FIXED = "fixed", _("An amount off")
        FREE_DELIVERY = "delivery", _("Free delivery")

    class Bearer(models.TextChoices):
        SELLER = "seller", _("The seller")
        PLATFORM = "platform", _("The platform")

    class Scope(models.TextChoices):
        """Said outright: a list that ran empty never becomes “everything”."""

        EVERYTHING = "everything", _("Everything")
        CATEGORIES = "categories", _("Some categories")
        PRODUCTS = "products", _("Some products")

    code = models.CharField(_("code"), max_length=30, unique=True, validators=[CODE])
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    basis_points = models.PositiveIntegerField(null=True, blank=True)
    amount_minor = models.PositiveBigIntegerField(null=True, blank=True)
    # Of the amount and of the minimum; a coupon without either knows none.
    currency = models.CharField(max_length=3, blank=True)
    minimum_minor = models.PositiveBigIntegerField(default=0)
    # Empty: the things of every seller.
    seller = models.ForeignKey(
        Seller, models.PROTECT, null=True, blank=True, related_name="coupons"
    )
    bearer = models.CharField(
        _("who bears it"), max_length=10, choices=Bearer.choices, default=Bearer.SELLER
    )
    scope = models.CharField(
        _("for"), max_length=10, choices=Scope.choices, default=Scope.EVERYTHING
    )
    categories = models.ManyToManyField(Category, blank=True, related_name="+")
    products = models.ManyToManyField(Product, blank=True, related_name="+")
    valid_from = models.DateTimeField(_("from"), default=timezone.now)
    valid_until = models.DateTimeField(_("until"), null=True, blank=True)
    usage_limit = models.PositiveIntegerField(_("uses in all"), null=True, blank=True)
    usage_limit_per_buyer = models.PositiveIntegerField(
        _("uses per buyer"), null=True, blank=True
    )
    # Orders that hold it now, paid or not: `checkout.coupons` alone counts.
    uses = models.PositiveIntegerField(default=0, editable=False)
    is_active = models.BooleanField(_("in use"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind="percent",
                    basis_points__range=(1, 10_000),
                    amount_minor=None,
                )
                | Q(kind="fixed", amount_minor__gt=0, basis_points=None)
                | Q(kind="delivery", amount_minor=None, basis_points=None),
                name="coupon_takes_one_thing_off",
            ),
            models.CheckConstraint(
                condition=~Q(currency="") | Q(amount_minor=None, minimum_minor=0),
                name="coupon_amounts_have_a_currency",
            ),
            models.CheckConstraint(
                condition=Q(bearer="platform") | Q(seller__isnull=False),
                name="a_seller_bears_their_own_coupons",
                violation_error_message=_("A seller bears their own coupons alone."),
            ),
            models.CheckConstraint(
                condition=Q(usage_limit=None) | Q(uses__lte=F("usage_limit")),
                name="coupon_used_within_its_limit",
            ),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from")),
                name="coupon_ends_after_it_starts",
                violation_error_message=_("It ends after it starts."),
            ),
        ]
        indexes = [models.Index(fields=["seller", "-id"])]

    def __str__(self):
        return self.code

    def get_absolute_url(self):
        return reverse("checkout:coupon", args=[self.pk])

    @property
    def percent(self):
        return f"{self.basis_points / 100:g}"

    @property
    def has_begun(self):
        return self.valid_from <= timezone.now()

    @property
    def is_over(self):
        return self.valid_until is not None and self.valid_until <= timezone.now()

    @property
    def is_used_up(self):
        return self.usage_limit is not None and self.uses >= self.usage_limit


class CouponUse(models.Model):
    """An order that a coupon was used for; released when it was never paid."""

    coupon = models.ForeignKey(Coupon, models.PROTECT, related_name="coupon_uses")
    group = models.OneToOneField(OrderGroup, models.PROTECT, related_name="coupon_use")
    created_at = models.DateTimeField(auto_now_add=True)
    released_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
