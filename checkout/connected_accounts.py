"""The account at Stripe that receives a seller's money."""

from datetime import datetime
from uuid import NAMESPACE_URL, uuid5

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from checkout import gateway, requirements
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
    """Take over how the account stands at Stripe, and tell the seller of a change."""
    asked_at = timezone.now()
    account = gateway.read_account(account_id)
    with transaction.atomic():
        sellers = Seller.objects.select_for_update().filter(
            Q(account_read_at=None) | Q(account_read_at__lt=asked_at),
            stripe_account_id=account_id,
        )
        for seller in sellers:
            take_over(seller, account, asked_at)
    return account


def take_over(seller: Seller, account: gateway.Account, asked_at: datetime) -> None:
    news = set(account.due) - set(seller.requirements_due)
    is_stopped = seller.is_payable and not account.is_payable
    seller.is_payable = account.is_payable
    seller.requirements_due = list(account.due)
    seller.requirements_due_by = account.due_by
    seller.account_read_at = asked_at
    seller.save(
        update_fields=[
            "is_payable",
            "requirements_due",
            "requirements_due_by",
            "account_read_at",
        ]
    )
    # What is open before they were at Stripe at all is no news.
    if is_stopped or (news and account.is_submitted):
        tell_what_is_due(seller, is_stopped)


def tell_what_is_due(seller: Seller, is_stopped: bool) -> None:
    if is_stopped:
        subject = _("Stripe has stopped your payouts")
    else:
        subject = _("Stripe needs something from you")
    context = {
        "seller": seller,
        "is_stopped": is_stopped,
        "requirements": requirements.texts_of(seller.requirements_due),
    }
    for user in User.objects.filter(seller_memberships__seller=seller):
        notify(
            user,
            subject,
            "checkout/account_restricted",
            context,
            reverse("checkout:payouts"),
        )
