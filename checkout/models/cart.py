import secrets

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models

from sellers.models import Variant
from videos.models import Video


def new_token():
    """Unguessable (192 bits): whoever has the link may see what is behind it."""
    return secrets.token_urlsafe(24)


class Cart(models.Model):
    """What somebody means to buy: a guest's by token, a user's by account."""

    token = models.CharField(max_length=40, unique=True, default=new_token)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="cart",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)


class CartLine(models.Model):
    cart = models.ForeignKey(Cart, models.CASCADE, related_name="lines")
    variant = models.ForeignKey(Variant, models.CASCADE, related_name="+")
    quantity = models.PositiveIntegerField(default=1, validators=[MinValueValidator(1)])
    # What it cost when it was put in, to say so when that has changed.
    price_minor = models.PositiveBigIntegerField(null=True, blank=True)
    # Through which video it came, for the figures.
    video = models.ForeignKey(
        Video, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["added_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["cart", "variant"], name="one_cart_line_per_variant"
            ),
            models.CheckConstraint(
                condition=models.Q(quantity__gt=0), name="cart_quantity_above_zero"
            ),
        ]
