"""The account at Stripe that receives a seller's money."""

from uuid import NAMESPACE_URL, uuid5

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from checkout import gateway
from marketplace.accounts.models import User
from marketplace.accounts.notifications import notify
from sellers.models import Seller


def connect(seller: Seller, *, return_url: str, refresh_url: str, attempt: str) -> str:
    """Where the seller goes to connect with Stripe; makes the account if need be.

    `attempt` names this click: each gets a link of its own, a repeat the same one.
    """
    if not seller.stripe_account_id:
        account = gateway.create_account(
            key=account_key(seller),
            email=seller.email,
            country=str(seller.country),
            reference=f"seller:{seller.pk}",
        )
        unconnected = Seller.objects.filter(pk=seller.pk, stripe_account_id="")
        unconnected.update(stripe_account_id=account.id)
        seller.refresh_from_db(fields=["stripe_account_id"])
    return gateway.onboarding_url(
        key=f"link-{seller.pk}-{attempt}",
        account_id=seller.stripe_account_id,
        return_url=return_url,
        refresh_url=refresh_url,
    )


def account_key(seller: Seller) -> str:
    """The same for a repeat; another once the details that Stripe got are corrected."""
    details = f"{seller.pk} {seller.applied_at} {seller.email} {seller.country}"
    return f"account-{uuid5(NAMESPACE_URL, details)}"


def refresh_account(account_id: str) -> gateway.Account:
    """Take over whether the account can receive money, and act on a change."""
    account = gateway.read_account(account_id)
    changed = Seller.objects.filter(
        stripe_account_id=account_id, is_payable=not account.is_payable
    )
    with transaction.atomic():
        for seller in changed.select_for_update():
            Seller.objects.filter(pk=seller.pk).update(is_payable=account.is_payable)
            if not account.is_payable:
                tell_restricted(seller)
    return account


def tell_restricted(seller: Seller) -> None:
    for user in User.objects.filter(seller_memberships__seller=seller):
        notify(
            user,
            _("Stripe has stopped your payouts"),
            "checkout/account_restricted",
            {"seller": seller},
            reverse("checkout:payouts"),
        )
