from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from sellers.models import Category, Product, Seller


class CommissionRule(models.Model):
    """What the platform keeps of a sale.  Of the ordered list, the first that fits.

    Orders that are placed keep what was frozen on their lines.
    """

    position = models.PositiveSmallIntegerField(
        _("position"), default=0, help_text=_("The lowest that fits a product counts.")
    )
    name = models.CharField(
        _("name"), max_length=80, help_text=_("Sellers read it on their statements.")
    )
    is_active = models.BooleanField(_("in force"), default=True)
    seller = models.ForeignKey(
        Seller, models.CASCADE, null=True, blank=True, verbose_name=_("shop")
    )
    category = models.ForeignKey(
        Category,
        models.CASCADE,
        null=True,
        blank=True,
        verbose_name=_("category"),
        help_text=_("With all that lies below it."),
    )
    product = models.ForeignKey(
        Product, models.CASCADE, null=True, blank=True, verbose_name=_("product")
    )
    basis_points = models.PositiveIntegerField(
        default=0, validators=[MaxValueValidator(10_000)]
    )
    fixed_minor = models.PositiveBigIntegerField(default=0)
    minimum_minor = models.PositiveBigIntegerField(default=0)
    maximum_minor = models.PositiveBigIntegerField(null=True, blank=True)
    currency = models.CharField(max_length=3, default=settings.CURRENCY)
    is_on_delivery = models.BooleanField(
        _("on the delivery, too"),
        default=False,
        help_text=_("The percentage is taken of what the buyer pays for it as well."),
    )

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(maximum_minor__isnull=True)
                | Q(maximum_minor__gte=F("minimum_minor")),
                name="commission_maximum_above_minimum",
            ),
            models.CheckConstraint(
                condition=Q(basis_points__lte=10_000), name="commission_within_price"
            ),
        ]

    def __str__(self):
        return self.name

    @property
    def has_amounts(self):
        return bool(self.fixed_minor or self.minimum_minor) or (
            self.maximum_minor is not None
        )
