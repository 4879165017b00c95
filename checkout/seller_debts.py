"""What a seller owes the platform, and how it comes back."""

from django.db import transaction
from django.db.models import F, Sum
from django.urls import reverse
from django.utils.translation import gettext as _

from checkout import ledger
from checkout.models import (
    Order,
    Refund,
    SellerDebt,
    Transfer,
    TransferReversal,
)
from marketplace.accounts.models import User
from marketplace.accounts.notifications import notify
from marketplace.money import format_minor
from sellers.models import Seller


def take_back(order: Order, refund: Refund, amount_minor: int) -> None:
    """The seller's share of a refund, out of what they were sent for the order.

    A transfer gives back no more than it brought; what is above they owe.
    """
    for transfer in Transfer.objects.filter(order=order).order_by("pk"):
        reversed_minor = transfer.reversals.aggregate(
            sum=Sum("amount_minor", default=0)
        )["sum"]
        taken_minor = min(amount_minor, transfer.amount_minor - reversed_minor)
        if taken_minor > 0:
            TransferReversal.objects.create(
                transfer=transfer, refund=refund, amount_minor=taken_minor
            )
            amount_minor -= taken_minor
    if amount_minor > 0:
        owe(order, refund, amount_minor)


def owe(
    order: Order,
    refund: Refund,
    amount_minor: int,
    reversal: TransferReversal | None = None,
) -> SellerDebt:
    debt = SellerDebt.objects.create(
        order=order,
        refund=refund,
        reversal=reversal,
        amount_minor=amount_minor,
        currency=refund.currency,
    )
    ledger.post_debt(debt)
    amount = format_minor(amount_minor, debt.currency)
    for user in User.objects.filter(seller_memberships__seller=order.seller):
        notify(
            user,
            _("%(amount)s will be kept from your next payout") % {"amount": amount},
            "checkout/seller_owes",
            {"order": order, "amount": amount},
            reverse("checkout:payouts"),
        )
    return debt


@transaction.atomic
def record_shortage(reversal: TransferReversal) -> None:
    """Stripe refused to take it back: the seller owes it from now on."""
    pending = TransferReversal.objects.filter(
        pk=reversal.pk, status=TransferReversal.Status.PENDING
    )
    if pending.update(status=TransferReversal.Status.SHORT):
        order = reversal.transfer.order
        owe(order, reversal.refund, reversal.amount_minor, reversal)


def recover(order: Order, left_minor: int, source: str) -> int:
    """Keep what the seller owes of the money that `order` brings; returns how much."""
    kept_minor = 0
    for debt in locked_debts([order.seller], order.group.currency):
        part_minor = min(debt.left_minor, left_minor - kept_minor)
        SellerDebt.objects.filter(pk=debt.pk).update(
            recovered_minor=F("recovered_minor") + part_minor
        )
        kept_minor += part_minor
    if kept_minor:
        ledger.post_netting(order, kept_minor, f"netting:{source}")
    return kept_minor


def locked_debts(sellers: list[Seller], currency: str) -> list[SellerDebt]:
    """In key order, so that two orders of the same sellers wait for each other."""
    debts = SellerDebt.objects.open().filter(
        order__seller__in=sellers, currency=currency
    )
    return list(debts.order_by("pk").select_for_update(of=["self"]))


@transaction.atomic
def forgive(reversal: TransferReversal) -> None:
    """What is still open of the debt that the reversal had become."""
    for debt in locked_debts_of(reversal):
        SellerDebt.objects.filter(pk=debt.pk).update(recovered_minor=debt.amount_minor)
        order, reference = reversal.transfer.order, f"netting:debt:{debt.pk}"
        ledger.post_netting(order, debt.left_minor, reference)


def locked_debts_of(reversal: TransferReversal) -> list[SellerDebt]:
    """Who waits for the lock finds it forgiven: the condition is looked at again."""
    debts = SellerDebt.objects.open().filter(reversal=reversal)
    return list(debts.select_for_update(of=["self"]))


def owed_by(seller: Seller, currency: str) -> int:
    debts = SellerDebt.objects.open().filter(order__seller=seller, currency=currency)
    left = Sum(F("amount_minor") - F("recovered_minor"), default=0)
    return debts.aggregate(left=left)["left"]
