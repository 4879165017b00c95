"""Why a variant's number of units is what it is, told to its seller."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import F, Sum

from marketplace.accounts.models import User
from sellers.models import Seller, StockMovement, Variant

PAGE = 30


@dataclass(frozen=True)
class Entry:
    movement: StockMovement
    # On hand once that had happened.
    on_hand: int
    by: str = ""
    # The order, for what was sold, canceled or sent back.
    order: object | None = None


@dataclass(frozen=True)
class History:
    """A page of it, the latest first."""

    entries: list[Entry]
    next: int | None


def history_of(variant: Variant, seller: Seller, before: int | None = None) -> History:
    movements = variant.movements.order_by("-pk")
    on_hand = variant.stock.on_hand
    if before:
        later = movements.filter(pk__gte=before)
        on_hand -= later.aggregate(sum=Sum("quantity", default=0))["sum"]
        movements = movements.filter(pk__lt=before)
    found = list(movements[: PAGE + 1])
    shown = found[:PAGE]
    names, orders = names_in(shown), orders_in(shown, seller)
    entries = []
    for movement in shown:
        kind_and_pk = split(movement.reference)
        entries.append(
            Entry(
                movement, on_hand, names.get(kind_and_pk, ""), orders.get(kind_and_pk)
            )
        )
        on_hand -= movement.quantity
    return History(entries, shown[-1].pk if len(found) > PAGE else None)


def split(reference: str) -> tuple[str, int]:
    """“group:17” names one, as does “order_line:17:2”; all else names nothing."""
    kind, pk = [*reference.split(":"), ""][:2]
    return (kind, int(pk)) if pk.isdecimal() else ("", 0)


def named(movements: Iterable[StockMovement], kind: str) -> set[int]:
    references = [split(movement.reference) for movement in movements]
    return {pk for its_kind, pk in references if its_kind == kind}


def names_in(movements: list[StockMovement]) -> dict[tuple[str, int], str]:
    users = User.objects.filter(pk__in=named(movements, "user"))
    return {("user", user.pk): user.name or user.email for user in users}


def orders_in(movements: list[StockMovement], seller: Seller) -> dict:
    """Its own orders alone; others' references would lead nowhere."""
    ways = {"group": "group", "order_line": "lines", "return": "return_requests"}
    found = {}
    for kind, path in ways.items():
        if pks := named(movements, kind):
            orders = seller.orders.filter(**{f"{path}__in": pks})
            named_by = orders.annotate(named_by=F(f"{path}__pk"))
            for order in named_by.select_related("group"):
                found[kind, order.named_by] = order
    return found
