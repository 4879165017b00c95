from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from sellers.models import Seller

NAMED_COUNTRIES = 5


def named(codes: list[str]) -> list[str]:
    """Countries by name, or by code where the names would fill a table."""
    if len(codes) > NAMED_COUNTRIES:
        return codes
    return [countries.name(code) or code for code in codes]


class ShippingZone(models.Model):
    """Countries that a seller has given a name, for any of their rates.

    A rate keeps its zone's countries beside it: who asks where a shop delivers need
    not know of zones.
    """

    seller = models.ForeignKey(Seller, models.CASCADE, related_name="shipping_zones")
    name = models.CharField(_("name"), max_length=60)
    countries = ArrayField(models.CharField(max_length=2))

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["seller", "name"], name="one_zone_of_a_name_per_seller"
            ),
            models.CheckConstraint(
                condition=models.Q(countries__len__gt=0), name="zone_has_countries"
            ),
        ]

    def __str__(self):
        return self.name

    def places(self) -> list[str]:
        return named(self.countries)
