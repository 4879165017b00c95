from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from sellers.models import Seller

NAMED_COUNTRIES = 5


def named(codes: list[str]) -> str:
    """Countries by name; where all would fill a table, the first and how many more."""
    names = sorted({countries.name(code) or code for code in codes})
    if len(names) <= NAMED_COUNTRIES:
        return ", ".join(names)
    shown = ", ".join(names[: NAMED_COUNTRIES - 1])
    more = len(names) - NAMED_COUNTRIES + 1
    return gettext("%(names)s and %(count)d more") % {"names": shown, "count": more}


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

    def places(self) -> str:
        return named(self.countries)
