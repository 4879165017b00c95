from django.conf import settings
from django.db import models


class StripeCustomer(models.Model):
    """A buyer as Stripe knows them: it keeps their cards, and this shop none."""

    # Empty: the account was erased, and Stripe is to forget the customer too.
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="stripe_customer",
    )
    stripe_customer_id = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self):
        return self.stripe_customer_id
