"""Money that goes out: each movement made once at Stripe, and once in the books.

A decision is a row; these functions carry it out and may run twice, or twice at once:
the idempotency key is made from the row, and only the first to record it posts it.
"""

import logging
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from checkout import gateway, invoicing, ledger, seller_debts
from checkout.models import (
    Dispute,
    Invoice,
    Order,
    Payment,
    Refund,
    Transfer,
    TransferReversal,
)
from marketplace.accounts.models import User
from marketplace.accounts.notifications import notify
from marketplace.money import format_minor

logger = logging.getLogger(__name__)

# After a day Stripe may forget a key, and would do it once more.
KEY_LIFE = timedelta(hours=23)


def send_refund(refund: Refund) -> None:
    """Have Stripe pay it back, once, whatever goes wrong on the way."""
    if refund.status != Refund.Status.PENDING:
        return
    if refund.dispute is not None or not refund.amount_minor:
        # The bank has taken it, or a coupon had paid for all of it: only our books
        # know of it.
        record_refund(refund, {"id": ""})
        return
    intent_id = refund.payment.payment_intent_id
    # Stripe keeps “disputed” under the key too: another one once the bank has decided.
    decided = refund.payment.disputes.exclude(status__in=Dispute.OPEN).count()
    made = None
    if decided or must_look(refund):
        made = gateway.find_refund(intent_id, refund.reference)
    key = f"{refund.reference}-{refund.payment.group.token}-{refund.attempts}"
    try:
        made = made or gateway.refund(
            key=f"{key}-{decided}" if decided else key,
            payment_intent_id=intent_id,
            amount=refund.amount_minor,
            reference=refund.reference,
        )
    except gateway.Unclear:
        next_attempt(refund)
        raise
    except gateway.Refused as refusal:
        is_disputed = refusal.code == "charge_disputed"
        if is_disputed and not is_lost(refund.payment):
            return  # the bank decides first
        # Stripe has no code for a charge of which not so much is left.
        may_be_banks = is_disputed or refund.can_be_parted
        if not (may_be_banks and leave_to_bank(refund)):
            record_refusal(refund, refusal)
        return
    record_refund(refund, made)


def is_lost(payment: Payment) -> bool:
    """The bank has decided, and keeps the money: no later try will send it."""
    disputes = payment.disputes
    is_kept = Q(status__in=Dispute.DECIDED_FOR_BUYER) | Q(is_charged=True)
    return disputes.filter(is_kept).exists() and not disputes.open().exists()


@transaction.atomic
def leave_to_bank(refund: Refund) -> bool:
    """Stripe never made it, as nobody knew when the dispute was lost: the bank has.

    What the platform bore for it is its seller's then, as of other refunds.  Of a
    payment that goes back whole the bank may have taken a part: the rest is sent when
    the clock comes by.  False where the bank did not take so much.
    """
    Payment.objects.locked().get(pk=refund.payment_id)
    pending = Refund.objects.filter(status=Refund.Status.PENDING, dispute=None)
    pending = pending.filter(pk=refund.pk, attempts=refund.attempts)
    refund = pending.select_for_update(of=["self"]).first()
    if refund is None:
        return True  # another worker was quicker: what is left has its own try
    is_taken = False
    for dispute in refund.payment.disputes.filter(is_charged=True).order_by("pk"):
        lost = ledger.lost_in(dispute)
        is_all = lost >= refund.amount_minor
        if not is_all and not (lost and refund.can_be_parted):
            continue
        part = refund if is_all else split_off(refund, lost)
        part.dispute = dispute
        part.save(update_fields=["dispute"])
        ledger.post_dispute_loss(dispute, -part.amount_minor)
        record_refund(part, {"id": ""})
        is_taken = True
        if is_all:
            break
    return is_taken


def split_off(refund: Refund, amount_minor: int) -> Refund:
    """So much of a payment that goes back whole, as a row of its own.

    The rest stays as it is, its next try under another key.  Call it under the
    payment's lock, and only of what Stripe has not made.
    """
    refund.amount_minor -= amount_minor
    refund.attempts += 1
    refund.save(update_fields=["amount_minor", "attempts"])
    return Refund.objects.create(
        payment=refund.payment,
        amount_minor=amount_minor,
        currency=refund.currency,
        reason=refund.reason,
    )


def must_look(row) -> bool:
    """Whether an earlier try may have made it, and its key does not say so any more."""
    return bool(row.attempts) or row.created_at <= timezone.now() - KEY_LIFE


def next_attempt(row) -> None:
    """Another key for the next try, which looks first.  At once or twice, one step."""
    type(row).objects.filter(pk=row.pk, attempts=row.attempts).update(
        attempts=row.attempts + 1
    )


@transaction.atomic
def record_refusal(refund: Refund, refusal: gateway.Refused) -> None:
    """Stripe will not pay it back: people have to, and must know.

    Unless a bank has done so meanwhile, in a dispute.
    """
    # One of an earlier try says nothing of what is left: that has its own.
    pending = Refund.objects.filter(status=Refund.Status.PENDING, dispute=None)
    tried = pending.filter(pk=refund.pk, attempts=refund.attempts)
    if not tried.update(status=Refund.Status.FAILED):
        return
    for user in User.objects.filter(is_superuser=True, is_active=True):
        notify(
            user,
            _("A refund was refused by Stripe"),
            "checkout/refund_refused",
            {"refund": refund, "message": str(refusal)},
        )


@transaction.atomic
def record_refund(refund: Refund, made: dict) -> None:
    """Stripe has taken it on: into the books, once, and the buyer is told."""
    if not settle_refund(refund, made):
        return
    credit_note = invoicing.issue_credit_note(refund)
    if refund.amount_minor and refund.dispute is None:
        tell_buyer(refund, credit_note)


def settle_refund(refund: Refund, made: dict) -> bool:
    """Into the books, without its credit note; False when it was there already."""
    Payment.objects.locked().get(pk=refund.payment_id)
    pending = Refund.objects.filter(pk=refund.pk, status=Refund.Status.PENDING)
    is_first = pending.update(
        status=Refund.Status.SUCCEEDED,
        stripe_refund_id=made["id"],
        stripe_status=made.get("status") or "",
        succeeded_at=timezone.now(),
    )
    if not is_first:
        return False
    ledger.post_refund(refund)
    if refund.order is None:
        Payment.objects.filter(pk=refund.payment_id).update(
            status=Payment.Status.REFUNDED
        )
    return True


def tell_buyer(refund: Refund, credit_note: Invoice | None) -> None:
    group = refund.payment.group
    with override(group.language):
        amount = format_minor(refund.amount_minor, refund.currency)
        subject = _("%(amount)s is on its way back to you")
        if refund.paid_otherwise:
            subject = _("%(amount)s was paid back to you")
        notify(
            group.user or group.email,
            subject % {"amount": amount},
            "checkout/refunded",
            {
                "group": group,
                "refund": refund,
                "amount": amount,
                "credit_note": credit_note,
                "site_url": settings.SITE_URL,
            },
            group.get_absolute_url(),
        )


def is_covered(transfer: Transfer) -> bool:
    """Whether the charge can give it: no more than the buyer paid this seller.

    What is above, where the platform bears a coupon, comes with the rest from the
    platform's balance.  So does what an exchange brings after its first order was sent:
    that may be with the seller still, and be kept from another order instead.
    """
    order = transfer.order
    bought = Order.objects.get(
        group_id=order.group_id, seller_id=order.seller_id, exchange_of=None
    )
    sent = Transfer.objects.filter(
        order__group=order.group_id, order__seller=order.seller_id, pk__lte=transfer.pk
    )
    return sent.aggregate(sum=Sum("amount_minor"))["sum"] <= bought.total_minor


def send_transfer(transfer: Transfer) -> None:
    """Have Stripe move it to the connected account, once, whatever goes wrong."""
    if transfer.status == Transfer.Status.PAID:
        return
    order, payment = transfer.order, transfer.order.group.payment
    if payment.disputes.open().exists():
        return  # frozen: the clock tries again
    reference, group = f"transfer:{transfer.pk}", order.group.number
    made = None
    if must_look(transfer):
        made = gateway.find_transfer(group, reference)
    try:
        made = made or gateway.transfer(
            key=f"{reference}-{order.group.token}-{transfer.attempts}",
            amount=transfer.amount_minor,
            currency=transfer.currency,
            destination=order.seller.stripe_account_id,
            source={
                "charge_id": payment.charge_id if is_covered(transfer) else "",
                "group": group,
                "reference": reference,
            },
        )
    except gateway.Unclear:
        next_attempt(transfer)
        raise
    except gateway.Refused as refusal:
        # Another key for the next try, when the account may be in order.
        logger.warning("transfer %s refused: %s", transfer.pk, refusal)
        next_attempt(transfer)
        Transfer.objects.filter(pk=transfer.pk, status=Transfer.Status.PENDING).update(
            status=Transfer.Status.WAITING
        )
        return
    record_transfer(transfer, made)


@transaction.atomic
def record_transfer(transfer: Transfer, made: dict) -> None:
    unpaid = Transfer.objects.filter(pk=transfer.pk).exclude(
        status=Transfer.Status.PAID
    )
    is_first = unpaid.update(
        status=Transfer.Status.PAID,
        stripe_transfer_id=made["id"],
        paid_at=timezone.now(),
    )
    if is_first:
        ledger.post_transfer(transfer)


def send_reversal(reversal: TransferReversal) -> None:
    """Take the seller's share of a refund back, if their balance has it."""
    transfer = reversal.transfer
    is_open = reversal.status == TransferReversal.Status.PENDING
    if not is_open or transfer.status != Transfer.Status.PAID:
        return  # the clock tries again once there is a transfer to reverse
    reference = f"reversal:{reversal.pk}"
    made = None
    if must_look(reversal):
        made = gateway.find_reversal(transfer.stripe_transfer_id, reference)
    try:
        made = made or gateway.reverse_transfer(
            key=f"{reference}-{transfer.stripe_transfer_id}-{reversal.attempts}",
            transfer_id=transfer.stripe_transfer_id,
            amount=reversal.amount_minor,
            reference=reference,
        )
    except gateway.Unclear:
        next_attempt(reversal)
        raise
    except gateway.Refused as refusal:
        logger.warning("reversal %s refused: %s", reversal.pk, refusal)
        seller_debts.record_shortage(reversal)
        return
    record_reversal(reversal, made)


@transaction.atomic
def record_reversal(reversal: TransferReversal, made: dict) -> None:
    undone = TransferReversal.objects.filter(pk=reversal.pk).exclude(
        status=TransferReversal.Status.SUCCEEDED
    )
    is_first = undone.update(
        status=TransferReversal.Status.SUCCEEDED,
        stripe_reversal_id=made["id"],
        succeeded_at=timezone.now(),
    )
    if is_first:
        Transfer.objects.filter(pk=reversal.transfer_id).update(
            reversed_minor=F("reversed_minor") + reversal.amount_minor
        )
        ledger.post_reversal(reversal)
        # Another worker was refused meanwhile: what came back is not owed any more.
        seller_debts.forgive(reversal)
