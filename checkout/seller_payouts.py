"""What Stripe tells of the payouts of connected accounts to the sellers' banks.

Webhooks tell of them at once; each account is also asked once a day, so what none has
told is a day late at most.
"""

import logging
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from checkout import gateway
from checkout.models import Payout, PayoutConflict
from checkout.patience import Patience
from marketplace.accounts.models import User
from marketplace.accounts.notifications import notify
from marketplace.money import format_minor
from sellers.models import Seller

logger = logging.getLogger(__name__)

ASK_EVERY = timedelta(days=1)
# Where Stripe gave no answer.
ASK_AGAIN = timedelta(minutes=30)
# A bank may send back what was paid weeks ago.
LOOK_BACK = timedelta(days=30)
# Of a round, each hour; the next one goes on with the others.
LIMIT = 500


def look_for_unheard() -> None:
    """Ask Stripe for the payouts of accounts that nobody asked about for a day."""
    before = timezone.now() - ASK_EVERY
    unasked = Q(payouts_asked_at=None) | Q(payouts_asked_at__lte=before)
    sellers = Seller.objects.filter(unasked).exclude(stripe_account_id="")
    oldest = sellers.order_by(F("payouts_asked_at").asc(nulls_first=True), "pk")
    patience = Patience()
    for pk, account_id in oldest.values_list("pk", "stripe_account_id")[:LIMIT]:
        # Before the answer: should there be none, the others come first next time.
        asked = Seller.objects.filter(pk=pk)
        asked.update(payouts_asked_at=timezone.now() - ASK_EVERY + ASK_AGAIN)
        with patience.asking(f"account {account_id}"):
            for values in payouts_of(account_id):
                record_payout(account_id, values)
            asked.update(payouts_asked_at=timezone.now())


def payouts_of(account_id: str) -> list[dict]:
    try:
        return gateway.payouts_of(account_id, timezone.now() - LOOK_BACK)
    except gateway.Refused as refusal:
        logger.warning("account %s has no payouts for us: %s", account_id, refusal)
        return []


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
