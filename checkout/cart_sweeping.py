"""Carts of guests who never came back."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from checkout.models import Cart

BATCH = 500


def sweep_carts() -> int:
    """Delete the forgotten ones, oldest key first; how many they were."""
    before = timezone.now() - timedelta(days=settings.GUEST_CART_DAYS)
    swept, last = 0, 0
    while True:
        forgotten = Cart.objects.forgotten(before).filter(pk__gt=last).order_by("pk")
        keys = list(forgotten.values_list("pk", flat=True)[:BATCH])
        if not keys:
            return swept
        swept += delete_forgotten(keys, before)
        last = keys[-1]


@transaction.atomic
def delete_forgotten(keys: list[int], before) -> int:
    """Those of `keys` that are still forgotten.

    Whoever changes a cart touches its row first.  So a locked one is in use and is
    left for the next time, and one that was touched since is not found any more.
    """
    carts = Cart.objects.forgotten(before).filter(pk__in=keys)
    locked = carts.select_for_update(of=["self"], skip_locked=True).order_by("pk")
    still = list(locked.values_list("pk", flat=True))
    Cart.objects.filter(pk__in=still).delete()
    return len(still)
