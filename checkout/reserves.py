"""A part of each order's money that is kept back for a while, against late refunds."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from checkout import ledger, seller_debts, tasks
from checkout.models import Order, PayoutTerms, Reserve, Transfer
from marketplace.money import portion
from sellers.models import Seller


def terms_of(seller: Seller) -> tuple[int, int]:
    """How much of an order is kept, in basis points, and for how many days."""
    own = PayoutTerms.objects.filter(seller=seller).first() or PayoutTerms()
    basis_points, days = own.reserve_basis_points, own.reserve_days
    return (
        settings.RESERVE_BASIS_POINTS if basis_points is None else basis_points,
        settings.RESERVE_DAYS if days is None else days,
    )


def keep_back(order: Order, share_minor: int, left_minor: int) -> int:
    """Put aside what the terms say of the share, if so much is left of it."""
    basis_points, days = terms_of(order.seller)
    amount_minor = min(portion(share_minor, basis_points), left_minor)
    if amount_minor <= 0:
        return 0
    reserve = Reserve.objects.create(
        order=order,
        amount_minor=amount_minor,
        currency=order.group.currency,
        release_at=timezone.now() + timedelta(days=days),
    )
    ledger.post_reserve(reserve)
    return amount_minor


def lock(orders: list[Order]) -> None:
    """Before what their sellers owe, as `release` does."""
    held = Reserve.objects.held().filter(order__in=orders)
    list(held.order_by("pk").select_for_update())


def use(order: Order, wanted_minor: int, reference: str) -> int:
    """Take what a refund needs from the order's reserve first; returns how much."""
    reserve = Reserve.objects.held().select_for_update().filter(order=order).first()
    used_minor = min(reserve.left_minor, wanted_minor) if reserve else 0
    if used_minor:
        Reserve.objects.filter(pk=reserve.pk).update(
            used_minor=F("used_minor") + used_minor
        )
        ledger.post_release(reserve, used_minor, f"reserve-use:{reference}")
    return used_minor


def release_due() -> None:
    for reserve in Reserve.objects.due().order_by("release_at")[:500]:
        release(reserve)


@transaction.atomic
def release(reserve: Reserve) -> Transfer | None:
    """Set what is left of it on the way to the seller, once."""
    due = Reserve.objects.due().select_for_update(of=["self"])
    reserve = due.filter(pk=reserve.pk).first()
    if reserve is None:
        return None
    Reserve.objects.filter(pk=reserve.pk).update(released_at=timezone.now())
    if not reserve.left_minor:
        return None
    ledger.post_release(reserve, reserve.left_minor, f"release:{reserve.pk}")
    amount_minor = reserve.left_minor - seller_debts.recover(
        reserve.order, reserve.left_minor, f"reserve:{reserve.pk}"
    )
    if not amount_minor:
        return None
    transfer = Transfer.objects.create(
        order=reserve.order,
        kind=Transfer.Kind.RESERVE,
        amount_minor=amount_minor,
        currency=reserve.currency,
    )
    tasks.send_transfer.delay_on_commit(transfer.pk)
    return transfer
