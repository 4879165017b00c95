"""Disputes that were lost and are won after all: the shops have back what they bore."""

from collections import Counter, defaultdict

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from checkout import bounced_refunds, disbursing, ledger, returns, seller_debts, tasks
from checkout.models import Dispute, Order, Refund, RefundLine, Transfer
from checkout.refund_amounts import Claim


def give_back(dispute: Dispute, orders: list[Order]) -> dict[Order, dict[int, int]]:
    """Undo what the loss had charged; call it under the orders' locks.

    Returns what is not sent because of it, in units by line: it is the buyer's to have
    back, as far as the bank has not paid it in another dispute.
    """
    charged = charged_for(dispute)
    by_pk = {order.pk: order for order in orders}
    unsent = defaultdict(Counter)
    # Of all shops at once: another payment may have them in another order.
    seller_debts.locked_debts([order.seller for order in orders], dispute.currency)
    for refund in charged.select_for_update(of=["self"]).order_by("pk"):
        if refund.lines.filter(kind=RefundLine.Kind.DISPUTE).exists():
            order = by_pk[refund.order_id]
            unsent[order].update(undo(refund, order))
        else:
            pay_after_all(refund)
    ledger.post_dispute_loss(dispute, -ledger.lost_in(dispute))
    return {order: dict(units) for order, units in unsent.items() if units}


def charged_for(dispute: Dispute) -> QuerySet[Refund]:
    refunds = dispute.refunds.filter(came_back_at=None)
    return refunds.exclude(status=Refund.Status.UNDONE)


def refund_unsent(unsent: dict[Order, dict[int, int]]) -> None:
    """As any refund; but where a bank has the money in another dispute it waits."""
    for order, quantities in unsent.items():
        returns.refund_claim(
            order,
            Claim.of_units(quantities),
            reason=_("It was not sent"),
            by=None,
            is_after_dispute=True,
        )


def undo(refund: Refund, order: Order) -> dict[int, int]:
    """Its share is the seller's again; returns the units that are not sent for it."""
    # Unless the task has done so.  What never counted needs no credit note.
    disbursing.settle_refund(refund, {"id": ""})
    Refund.objects.filter(pk=refund.pk).update(status=Refund.Status.UNDONE)
    ledger.post_undone_refund(refund)
    tasks.issue_correction.delay_on_commit(refund.pk)
    order.refunded_minor -= refund.amount_minor
    order.save(update_fields=["refunded_minor"])
    unsent = {}
    for part in refund.lines.filter(quantity__gt=0).select_related("order_line"):
        part.order_line.refunded_quantity -= part.quantity
        part.order_line.save(update_fields=["refunded_quantity"])
        unsent[part.order_line_id] = part.quantity
    if order.status == Order.Status.COMPLETED:
        pay_seller(order, refund)
    return unsent


def pay_seller(order: Order, refund: Refund) -> None:
    """The order was paid out before: what was taken back since is sent once more."""
    share_minor = refund.seller_share_minor
    if share_minor <= 0:
        return
    share_minor -= seller_debts.recover(order, share_minor, refund.reference)
    if share_minor:
        transfer = Transfer.objects.create(
            order=order,
            kind=Transfer.Kind.DISPUTE,
            refund=refund,
            amount_minor=share_minor,
            currency=refund.currency,
        )
        tasks.send_transfer.delay_on_commit(transfer.pk)


def pay_after_all(refund: Refund) -> None:
    """A refund of ours that the bank had seen to: now it is ours to pay again."""
    # The row stays the bank's: a task that read it before must not take the new one's
    # money for paid.
    if disbursing.settle_refund(refund, {"id": ""}):
        tasks.issue_credit_note.delay_on_commit(refund.pk)
    bounced_refunds.mark_owed(refund)
    again = bounced_refunds.succeed(refund, None)
    tasks.send_refund.delay_on_commit(again.pk)
