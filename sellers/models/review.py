from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from sellers.models.product import Product


class ReviewQuerySet(models.QuerySet):
    def visible(self):
        return self.filter(is_visible=True)


class Review(models.Model):
    product = models.ForeignKey(Product, models.CASCADE, related_name="reviews")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="reviews"
    )
    rating = models.PositiveSmallIntegerField(
        _("stars"), validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    title = models.CharField(_("title"), max_length=120, blank=True)
    body = models.TextField(_("review"), max_length=4000, blank=True)
    is_verified = models.BooleanField(
        _("bought here"), default=False, help_text=_("Set by checkout alone.")
    )
    is_visible = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["product", "user"], name="one_review_per_product_and_user"
            ),
            models.CheckConstraint(
                condition=models.Q(rating__range=(1, 5)), name="one_to_five_stars"
            ),
        ]
