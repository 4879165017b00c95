"""Zones: countries that a seller names once, and the rates that go there."""

from django.db import IntegrityError, transaction

from checkout.models import ShippingRate, ShippingZone
from sellers.models import Seller


class NameTaken(Exception):
    """Another zone of the shop was given that name meanwhile."""


class Deleted(Exception):
    """It was deleted while it stood open: saving must not bring it back."""


def save_zone(zone: ShippingZone) -> None:
    """Its rates go where it goes, from now on; placed orders keep theirs."""
    try:
        with transaction.atomic():
            if zone.pk and locked_zone(zone.seller, zone.pk) is None:
                raise Deleted
            zone.save()
            zone.rates.update(countries=zone.countries)
    except IntegrityError as error:
        raise NameTaken from error


@transaction.atomic
def save_rate(rate: ShippingRate) -> None:
    """With the countries of its zone, if it has one; also if that is just deleted."""
    if rate.zone is not None:
        known = rate.zone
        rate.zone = locked_zone(rate.seller, known.pk)
        rate.countries = (rate.zone or known).countries
    rates = rate.seller.shipping_rates.select_for_update(no_key=True)
    if rate.pk and not rates.filter(pk=rate.pk).first():
        raise Deleted
    rate.save()


def locked_zone(seller: Seller, pk: int) -> ShippingZone | None:
    """Who changes a zone and who saves a rate of it wait for each other."""
    zones = seller.shipping_zones.select_for_update(no_key=True)
    return zones.filter(pk=pk).first()
