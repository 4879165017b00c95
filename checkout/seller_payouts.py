"""What Stripe tells of the payouts of connected accounts to the sellers' banks."""

from datetime import UTC, datetime

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from checkout.models import Payout, PayoutConflict
from marketplace.accounts.models import User
from marketplace.accounts.notifications import notify
from marketplace.money import format_minor
from sellers.models import Seller


@transaction.atomic
def record_payout(account_id: str, values: dict) -> None:
    """Bring our row in line; events overtake each other, so none goes back in time."""
    seller = Seller.objects.filter(stripe_account_id=account_id).first()
    if seller is None or not account_id:
        return
    payout, _created = Payout.objects.get_or_create(
        stripe_payout_id=values["id"],
        defaults={
            "seller": seller,
            "amount_minor": values["amount"],
            "currency": values["currency"].upper(),
            "arrives_on": day_of(values["arrival_date"]),
            "created_at": datetime.fromtimestamp(values["created"], UTC),
        },
    )
    try:
        payout.advance(
            values["status"],
            arrives_on=day_of(values["arrival_date"]),
            failure_reason=(values.get("failure_message") or "")[:300],
        )
    except PayoutConflict:
        return
    if payout.status == Payout.Status.FAILED:
        tell_failed(payout)


def day_of(timestamp: int):
    """Stripe's dates are midnights in UTC."""
    return datetime.fromtimestamp(timestamp, UTC).date()


def tell_failed(payout: Payout) -> None:
    amount = format_minor(payout.amount_minor, payout.currency)
    for user in User.objects.filter(seller_memberships__seller=payout.seller):
        notify(
            user,
            _("Your bank did not take %(amount)s") % {"amount": amount},
            "checkout/payout_failed",
            {"payout": payout, "amount": amount},
            reverse("checkout:payouts"),
        )
