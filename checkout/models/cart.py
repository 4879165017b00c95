import secrets

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.utils import timezone

from sellers.models import Variant
from videos.models import ProductTag, Video


def new_token():
    """Unguessable (192 bits): whoever has the link may see what is behind it."""
    return secrets.token_urlsafe(24)


class CartQuerySet(models.QuerySet):
    def forgotten(self, before):
        """Guests' that nobody touched since, and that nobody is paying for."""
        guests = self.filter(user=None, updated_at__lt=before)
        return guests.exclude(order_groups__status="pending")


class Cart(models.Model):
    """What somebody means to buy: a guest's by token, a user's by account.

    What is bought at once lies in a cart of its own, known to the session alone.
    """

    token = models.CharField(max_length=40, unique=True, default=new_token)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="cart",
    )
    is_buy_now = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = CartQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(is_buy_now=False) | models.Q(user=None),
                name="buy_now_cart_without_user",
            ),
        ]
        indexes = [
            models.Index(
                fields=["updated_at"],
                condition=models.Q(user=None),
                name="guest_carts_by_age",
            ),
        ]

    def touch(self):
        """Wait for others at this cart, and say that it is used; False once it is gone.

        Its row stays locked until the transaction ends.
        """
        this = Cart.objects.filter(pk=self.pk)
        return bool(this.update(updated_at=timezone.now()))

    touch.alters_data = True


class CartLine(models.Model):
    cart = models.ForeignKey(Cart, models.CASCADE, related_name="lines")
    variant = models.ForeignKey(Variant, models.CASCADE, related_name="+")
    quantity = models.PositiveIntegerField(default=1, validators=[MinValueValidator(1)])
    # What it cost when it was put in, to say so when that has changed.
    price_minor = models.PositiveBigIntegerField(null=True, blank=True)
    # Over which video it was put in last, by which tag and when, for the figures.
    video = models.ForeignKey(
        Video, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    tag = models.ForeignKey(
        ProductTag, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    video_at = models.DateTimeField(null=True, blank=True)
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
