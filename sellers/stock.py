"""How many are left: set aside, given back, sold, returned, received, counted.

Whatever changes a stock level locks its row first, several in key order, and looks
again: each of these functions may run twice, and twice at once.

Units on hand are sold first.  What a variant's policy lets people buy beyond them is
`backordered`: as soon as units come in they go to those who wait, in the order in which
they ordered.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from marketplace.accounts.models import User
from sellers.models import (
    OutOfStock,
    StockLevel,
    StockMovement,
    StockReservation,
    Variant,
)

Status = StockReservation.Status
Reason = StockMovement.Reason


class CountTooLow(Exception):
    """Fewer were counted than are set aside for buyers who are paying."""

    def __init__(self, reserved: int):
        self.reserved = reserved
        super().__init__(f"{reserved} are reserved")


@transaction.atomic
def reserve(
    quantities: Mapping[int, int], reference: str, expires_at: datetime
) -> dict[int, int]:
    """Set units aside for `reference`, all of them or none: else OutOfStock.

    `quantities` is by variant, so that two lines of one variant arrive added up.
    Returned is how many of each are not on hand yet.
    """
    levels = lock_levels(quantities)
    known = reservations_by_variant(reference)
    wanted = {
        variant_pk: quantity
        for variant_pk, quantity in quantities.items()
        if not is_settled(known.get(variant_pk))
    }
    refuse_short(levels, wanted)
    held = [
        hold(
            levels[variant_pk],
            known.get(variant_pk)
            or StockReservation(reference=reference, variant_id=variant_pk),
            quantity,
        )
        for variant_pk, quantity in wanted.items()
    ]
    for reservation in held:
        reservation.expires_at = expires_at
    keep(levels.values())
    # Both lists before they are written: what is new has a key after that.
    new, known_before = [r for r in held if r.pk is None], [r for r in held if r.pk]
    StockReservation.objects.bulk_create(new)
    update_reservations(known_before)
    return {r.variant_id: r.backordered for r in [*known.values(), *held]}


@transaction.atomic
def extend(reference: str, expires_at: datetime) -> None:
    """Keep what is still set aside for longer."""
    _levels, reservations = lock_reserved(reference)
    for reservation in reservations:
        if reservation.is_held:
            reservation.expires_at = expires_at
    update_reservations(reservations)


@transaction.atomic
def release(reference: str) -> None:
    """Give back what is still set aside for `reference`."""
    levels, reservations = lock_reserved(reference)
    held = [reservation for reservation in reservations if reservation.is_held]
    let_go(levels, held)
    keep(levels.values())


def release_lapsed(variant_pks: Iterable[int]) -> bool:
    """Give back what was set aside for longer than it should; False if nothing was.

    The clock does so too, once it has closed the payments; whoever wants the units
    need not wait for it.  All that the caller will lock is to be named: key order.
    """
    variant_pks = list(variant_pks)
    if not lapsed(variant_pks).exists():
        return False
    with transaction.atomic():
        levels = lock_levels(variant_pks)
        is_any = free_lapsed(levels, levels)
        keep(levels.values())
    return is_any


@transaction.atomic
def take(reference: str) -> None:
    """Sell what was set aside for `reference`.

    A payment can come after the units were given back: they are sold all the same
    while there are enough, all of them or none (OutOfStock).
    """
    levels, reservations = lock_reserved(reference)
    released = [r for r in reservations if r.status == Status.RELEASED]
    refuse_short(levels, {r.variant_id: r.quantity for r in released})
    for reservation in released:
        hold(levels[reservation.variant_id], reservation, reservation.quantity)
    moved = []
    for reservation in reservations:
        if reservation.is_held:
            level = levels[reservation.variant_id]
            level.reserved -= reservation.from_shelf
            moved += moves(level, -reservation.from_shelf, Reason.SALE, reference)
            reservation.status = Status.TAKEN
    StockMovement.objects.bulk_create(moved)
    update_reservations(reservations)
    keep(levels.values())


@transaction.atomic
def restock(variant_pk: int, quantity: int, reason: str, reference: str) -> None:
    """Put units back on the shelf, once for each `reason` and `reference`."""
    level = lock_or_create_level(variant_pk)
    earlier = StockMovement.objects.filter(
        variant_id=variant_pk, reason=reason, reference=reference
    )
    if not earlier.exists():
        move(level, quantity, reason, reference=reference)
        keep([level])


@transaction.atomic
def put_back(variant_pk: int, quantity: int, sold_to: str, reference: str) -> None:
    """Units of a canceled order that never left.

    Those that the order still waits for were never on the shelf.
    """
    lock_reserved(sold_to)
    reservation = reservations_by_variant(sold_to).get(variant_pk)
    given_up = min(quantity, reservation.backordered) if reservation else 0
    if given_up:
        promise_at_most(sold_to, {variant_pk: reservation.quantity - given_up})
    if quantity > given_up:
        restock(variant_pk, quantity - given_up, Reason.CANCELLATION, reference)


@transaction.atomic
def promise_at_most(reference: str, quantities: Mapping[int, int]) -> None:
    """`reference` gets no more than so many in all: fewer are waited for, if any are.

    Not of those that were there: they stay with it until they are put back.
    """
    levels, reservations = lock_reserved(reference)
    for reservation in reservations:
        most = quantities.get(reservation.variant_id, reservation.quantity)
        surplus = min(reservation.backordered, reservation.quantity - most)
        if surplus > 0:
            reservation.backordered -= surplus
            reservation.quantity -= surplus
            levels[reservation.variant_id].backordered -= surplus
    update_reservations(reservations)
    keep(levels.values())


def waiting_by_variant(reference: str) -> dict[int, int]:
    """How many of what was sold to `reference` have not come in yet."""
    reservations = reservations_by_variant(reference).values()
    return {r.variant_id: r.backordered for r in reservations if r.backordered}


@transaction.atomic
def count(
    variant: Variant, on_hand: int, by: User | None = None, reason: str = Reason.COUNT
) -> None:
    """Set the level to what somebody counted; CountTooLow below what is reserved."""
    level = lock_or_create_level(variant.pk)
    if on_hand < level.reserved:
        raise CountTooLow(level.reserved)
    if on_hand != level.on_hand:
        move(level, on_hand - level.on_hand, reason, reference=reference_of(by))
        keep([level])


@transaction.atomic
def adjust(variant: Variant, quantity: int, reason: str, **movement) -> bool:
    """So many more, or fewer; False when this `request_key` did so before.

    CountTooLow where fewer would be left than are reserved.
    """
    level = lock_or_create_level(variant.pk)
    key = movement.get("request_key", "")
    if key and variant.movements.filter(request_key=key).exists():
        return False
    if level.on_hand + quantity < level.reserved:
        raise CountTooLow(level.reserved)
    move(level, quantity, reason, **movement)
    keep([level])
    return True


def reference_of(user: User | None) -> str:
    return f"user:{user.pk}" if user else ""


def lock_levels(variant_pks: Iterable[int] | QuerySet) -> dict[int, StockLevel]:
    if not isinstance(variant_pks, QuerySet):
        variant_pks = list(variant_pks)
    levels = StockLevel.objects.filter(variant_id__in=variant_pks).locked()
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
    reserved = StockReservation.objects.filter(reference=reference)
    levels = lock_levels(reserved.values("variant_id"))
    return levels, list(reservations_by_variant(reference).values())


def reservations_by_variant(reference: str) -> dict[int, StockReservation]:
    reservations = StockReservation.objects.filter(reference=reference)
    return {
        reservation.variant_id: reservation
        for reservation in reservations.order_by("variant_id")
    }


def is_settled(reservation: StockReservation | None) -> bool:
    """Set aside or sold already: asked for a second time."""
    return reservation is not None and reservation.status != Status.RELEASED


def refuse_short(levels: Mapping[int, StockLevel], wanted: Mapping[int, int]) -> None:
    """OutOfStock, unless what others let lapse is enough."""
    short = shortfall(levels, wanted)
    if short and free_lapsed(levels, short):
        short = shortfall(levels, wanted)
    if short:
        raise OutOfStock(short)


def shortfall(levels, wanted) -> dict[int, int]:
    left = {pk: levels[pk].orderable if pk in levels else 0 for pk in wanted}
    return {pk: left[pk] for pk, quantity in wanted.items() if left[pk] < quantity}


def free_lapsed(levels: Mapping[int, StockLevel], variant_pks: Iterable[int]) -> bool:
    """Call it under the levels' locks; `keep` them afterwards."""
    freed = list(lapsed(variant_pks))
    let_go(levels, freed)
    for pk in {reservation.variant_id for reservation in freed}:
        serve_waiting(levels[pk])
    return bool(freed)


def lapsed(variant_pks: Iterable[int]):
    return StockReservation.objects.filter(
        variant_id__in=list(variant_pks),
        status=Status.HELD,
        expires_at__lte=timezone.now(),
    )


def hold(
    level: StockLevel, reservation: StockReservation, quantity: int
) -> StockReservation:
    """Units on hand as far as they go, the rest promised."""
    reservation.quantity = quantity
    reservation.backordered = max(0, quantity - level.available)
    reservation.status = Status.HELD
    level.reserved += reservation.from_shelf
    level.backordered += reservation.backordered
    return reservation


def let_go(levels: Mapping[int, StockLevel], held: list[StockReservation]) -> None:
    for reservation in held:
        level = levels[reservation.variant_id]
        level.reserved -= reservation.from_shelf
        level.backordered -= reservation.backordered
        reservation.backordered = 0
        reservation.status = Status.RELEASED
    update_reservations(held)


def move(level: StockLevel, quantity: int, reason: str, **movement) -> None:
    if quantity:
        level.on_hand += quantity
        StockMovement.objects.create(
            variant_id=level.variant_id, quantity=quantity, reason=reason, **movement
        )


def moves(level: StockLevel, quantity: int, reason: str, reference: str) -> list:
    """The same, to be written together with others."""
    if not quantity:
        return []
    level.on_hand += quantity
    return [
        StockMovement(
            variant_id=level.variant_id,
            quantity=quantity,
            reason=reason,
            reference=reference,
        )
    ]


def keep(levels: Iterable[StockLevel]) -> None:
    """Write locked levels down, once those who wait have got what came in."""
    levels = list(levels)
    for level in levels:
        serve_waiting(level)
    fields = ["on_hand", "reserved", "backordered"]
    StockLevel.objects.bulk_update(levels, fields)


def serve_waiting(level: StockLevel) -> None:
    """The first to order gets the first units that come in."""
    if not level.backordered or not level.available:
        return
    waiting = StockReservation.objects.filter(
        variant_id=level.variant_id, backordered__gt=0
    )
    served = []
    for reservation in waiting.order_by("pk"):
        units = min(reservation.backordered, level.available)
        if not units:
            break
        reservation.backordered -= units
        level.backordered -= units
        if reservation.is_held:
            level.reserved += units
        else:
            move(level, -units, Reason.SALE, reference=reservation.reference)
        served.append(reservation)
    update_reservations(served)


def update_reservations(reservations: Iterable[StockReservation]) -> None:
    fields = ["quantity", "backordered", "status", "expires_at"]
    StockReservation.objects.bulk_update(list(reservations), fields)


def disagreements() -> list[str]:
    """Levels that are not what their movements and reservations add up to."""
    movements = StockMovement.objects.filter(variant=OuterRef("pk"))
    reservations = StockReservation.objects.filter(variant=OuterRef("pk"))
    held = reservations.filter(status=Status.HELD)
    levels = StockLevel.objects.annotate(
        moved=sum_of(movements, F("quantity")),
        held=sum_of(held, F("quantity") - F("backordered")),
        waited=sum_of(reservations, F("backordered")),
    ).exclude(on_hand=F("moved"), reserved=F("held"), backordered=F("waited"))
    return [
        f"variant {level.pk}: {level.on_hand} on hand, {level.moved} by movements; "
        f"{level.reserved} reserved, {level.held} by reservations; "
        f"{level.backordered} back-ordered, {level.waited} by reservations"
        for level in levels.order_by("pk")
    ]


def sum_of(rows, what) -> Coalesce:
    sums = rows.order_by().values("variant").annotate(sum=Sum(what))
    return Coalesce(Subquery(sums.values("sum")), 0)
