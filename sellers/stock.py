"""How many are left: set aside, given back, sold, returned, counted.

Whatever changes a stock level locks its row first, several in key order, and looks
again: each of these functions may run twice, and twice at once.
"""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import F, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce

from marketplace.accounts.models import User
from sellers.models import (
    OutOfStock,
    StockLevel,
    StockMovement,
    StockReservation,
    Variant,
)


class CountTooLow(Exception):
    """Fewer were counted than are set aside for buyers who are paying."""

    def __init__(self, reserved: int):
        self.reserved = reserved
        super().__init__(f"{reserved} are reserved")


@transaction.atomic
def reserve(
    quantities: Mapping[int, int], reference: str, expires_at: datetime
) -> None:
    """Set units aside for `reference`, all of them or none: else OutOfStock.

    `quantities` is by variant, so that two lines of one variant arrive added up.
    """
    levels = lock_levels(quantities)
    known = reservations_by_variant(reference)
    wanted = {
        variant_pk: quantity
        for variant_pk, quantity in quantities.items()
        if not is_settled(known.get(variant_pk))
    }
    refuse_short(levels, wanted)
    for variant_pk, quantity in wanted.items():
        levels[variant_pk].reserved += quantity
        levels[variant_pk].save(update_fields=["reserved"])
        StockReservation.objects.update_or_create(
            reference=reference,
            variant_id=variant_pk,
            defaults={
                "quantity": quantity,
                "status": StockReservation.Status.HELD,
                "expires_at": expires_at,
            },
        )


@transaction.atomic
def release(reference: str) -> None:
    """Give back what is still set aside for `reference`."""
    levels, reservations = lock_reserved(reference)
    for reservation in reservations:
        if reservation.status == StockReservation.Status.HELD:
            level = levels[reservation.variant_id]
            level.reserved -= reservation.quantity
            level.save(update_fields=["reserved"])
            settle(reservation, StockReservation.Status.RELEASED)


@transaction.atomic
def take(reference: str) -> None:
    """Sell what was set aside for `reference`.

    A payment can come after the units were given back: they are sold all the same
    while there are enough, all of them or none (OutOfStock).
    """
    levels, reservations = lock_reserved(reference)
    released = {
        reservation.variant_id: reservation.quantity
        for reservation in reservations
        if reservation.status == StockReservation.Status.RELEASED
    }
    refuse_short(levels, released)
    for reservation in reservations:
        if reservation.status == StockReservation.Status.TAKEN:
            continue
        level = levels[reservation.variant_id]
        if reservation.status == StockReservation.Status.HELD:
            level.reserved -= reservation.quantity
        move(level, -reservation.quantity, StockMovement.Reason.SALE, reference)
        settle(reservation, StockReservation.Status.TAKEN)


@transaction.atomic
def restock(variant_pk: int, quantity: int, reason: str, reference: str) -> None:
    """Put units back on the shelf, once for each `reason` and `reference`."""
    level = lock_or_create_level(variant_pk)
    earlier = StockMovement.objects.filter(
        variant_id=variant_pk, reason=reason, reference=reference
    )
    if not earlier.exists():
        move(level, quantity, reason, reference)


@transaction.atomic
def count(
    variant: Variant,
    on_hand: int,
    by: User | None = None,
    reason: str = StockMovement.Reason.COUNT,
) -> None:
    """Set the level to what somebody counted; CountTooLow below what is reserved."""
    level = lock_or_create_level(variant.pk)
    if on_hand < level.reserved:
        raise CountTooLow(level.reserved)
    if on_hand != level.on_hand:
        move(level, on_hand - level.on_hand, reason, f"user:{by.pk}" if by else "")


def lock_levels(variant_pks) -> dict[int, StockLevel]:
    levels = StockLevel.objects.filter(variant_id__in=list(variant_pks)).locked()
    return {level.variant_id: level for level in levels}


def lock_or_create_level(variant_pk: int) -> StockLevel:
    StockLevel.objects.bulk_create(
        [StockLevel(variant_id=variant_pk)], ignore_conflicts=True
    )
    return lock_levels([variant_pk])[variant_pk]


def lock_reserved(reference: str):
    """The levels behind the reservations, and the reservations as they are now.

    Reservations change only under the locks of their levels, so they are read again
    once those are held.
    """
    levels = lock_levels(reservations_by_variant(reference))
    return levels, list(reservations_by_variant(reference).values())


def reservations_by_variant(reference: str) -> dict[int, StockReservation]:
    reservations = StockReservation.objects.filter(reference=reference)
    return {
        reservation.variant_id: reservation
        for reservation in reservations.order_by("variant_id")
    }


def is_settled(reservation: StockReservation | None) -> bool:
    """Set aside or sold already: asked for a second time."""
    released = StockReservation.Status.RELEASED
    return reservation is not None and reservation.status != released


def refuse_short(levels: Mapping[int, StockLevel], wanted: Mapping[int, int]) -> None:
    left = {pk: levels[pk].available if pk in levels else 0 for pk in wanted}
    short = {pk: left[pk] for pk, quantity in wanted.items() if left[pk] < quantity}
    if short:
        raise OutOfStock(short)


def move(level: StockLevel, quantity: int, reason: str, reference: str) -> None:
    level.on_hand += quantity
    level.save(update_fields=["on_hand", "reserved"])
    StockMovement.objects.create(
        variant_id=level.variant_id,
        quantity=quantity,
        reason=reason,
        reference=reference,
    )


def settle(reservation: StockReservation, status: str) -> None:
    reservation.status = status
    reservation.save(update_fields=["status"])


def disagreements() -> list[str]:
    """Levels that are not what their movements and held reservations add up to."""
    movements = StockMovement.objects.filter(variant=OuterRef("pk"))
    held = StockReservation.objects.filter(
        variant=OuterRef("pk"), status=StockReservation.Status.HELD
    )
    levels = StockLevel.objects.annotate(
        moved=Coalesce(sum_of(movements), 0), held=Coalesce(sum_of(held), 0)
    ).exclude(on_hand=F("moved"), reserved=F("held"))
    return [
        f"variant {level.pk}: {level.on_hand} on hand, {level.moved} by movements; "
        f"{level.reserved} reserved, {level.held} by reservations"
        for level in levels.order_by("pk")
    ]


def sum_of(rows) -> Subquery:
    sums = rows.order_by().values("variant").annotate(sum=Sum("quantity"))
    return Subquery(sums.values("sum"))
