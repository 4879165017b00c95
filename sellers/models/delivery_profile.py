from django.db import models
from django.utils.translation import gettext_lazy as _

from sellers.models.seller import Seller


class DeliveryProfile(models.Model):
    """Products of a seller that go by rates of their own, such as bulky ones."""

    seller = models.ForeignKey(Seller, models.CASCADE, related_name="delivery_profiles")
    name = models.CharField(_("name"), max_length=60)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["seller", "name"], name="one_profile_of_a_name_per_seller"
            )
        ]

    def __str__(self):
        return self.name
