"""Disputes: the money of their orders is frozen, and moved as the bank moves it.

An event only says which dispute to ask Stripe for.  What is written down is how it
stands then, so events may come in any order, twice or not at all: the end is the same.
"""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, Sum
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from checkout import (
    bounced_refunds,
    disbursing,
    dispute_reversals,
    fulfillment,
    gateway,
    ledger,
    refund_amounts,
    reserves,
    returns,
    tasks,
    video_sales,
)
from checkout.models import (
    Dispute,
    JournalEntry,
    Order,
    OrderGroup,
    Payment,
    Refund,
)
from checkout.patience import Patience
from checkout.refund_amounts import RefundRefused
from checkout.stripe_objects import DisputeMove
from marketplace.accounts.models import User
from marketplace.accounts.notifications import notify
from marketplace.money import split

logger = logging.getLogger(__name__)

# Banks and Stripe may be slow to tell; what no event told is found by asking.
LOOK_BACK = timedelta(days=3)
EVENTS = [
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.funds_reinstated",
    "charge.dispute.closed",
]


class MixedCurrencies(Exception):
    """Stripe moved parts of it in another currency: no rate says how much they were."""


def hear(values: dict) -> None:
    """Of an event: events overtake each other, so Stripe is asked anew."""
    refresh(values["id"])


def refresh(stripe_dispute_id: str) -> None:
    asked_at = timezone.now()
    record(gateway.read_dispute(stripe_dispute_id), asked_at)


def refresh_all() -> None:
    """The open ones, and new ones of which no event came."""
    known = set(Dispute.objects.open().values_list("stripe_dispute_id", flat=True))
    since = int((timezone.now() - LOOK_BACK).timestamp())
    patience = Patience()
    for stripe_dispute_id in sorted(known | set(gateway.dispute_ids_since(since))):
        with patience.asking(f"dispute {stripe_dispute_id}"):
            refresh_or_leave(stripe_dispute_id)


def refresh_or_leave(stripe_dispute_id: str) -> None:
    """What Stripe cannot answer of this one is no reason to ask for no other."""
    try:
        refresh(stripe_dispute_id)
    except gateway.Refused as refusal:
        logger.error("dispute %s is not found: %s", stripe_dispute_id, refusal)
    except gateway.Unclear as error:
        logger.warning("dispute %s waits for Stripe: %s", stripe_dispute_id, error)
    except (MixedCurrencies, RefundRefused) as refusal:
        logger.error("dispute %s waits for people: %s", stripe_dispute_id, refusal)


@transaction.atomic
def record(found: gateway.Dispute, asked_at: datetime) -> Dispute | None:
    """Bring our side in line with Stripe's.  Payments of others are ignored.

    Locks: the payment, its orders, what is kept in reserve of these, then refunds.
    """
    payments = Payment.objects.locked()
    payment = payments.filter(payment_intent_id=found.payment_intent_id).first()
    if payment is None:
        return None
    orders = list(
        Order.objects.locked()
        .filter(group_id=payment.group_id)
        .select_related("group", "seller")
        .order_by("pk")
    )
    reserves.lock(orders)
    dispute = Dispute.objects.filter(stripe_dispute_id=found.id).first()
    is_new = dispute is None
    if is_new:
        dispute = Dispute(payment=payment, stripe_dispute_id=found.id)
    elif asked_at < dispute.seen_at:
        return dispute
    before = dispute.status
    was_open = is_new or dispute.is_open
    write_down(dispute, found, asked_at)
    post_moves(dispute, found.moves)
    stopped = settle(dispute, orders)
    if not dispute.is_open and (was_open or dispute.status != before):
        tell(dispute, orders, "closed", stopped)
    elif dispute.is_open and (is_new or not was_open):
        tell(dispute, orders, "opened")
    return dispute


def write_down(dispute: Dispute, found: gateway.Dispute, asked_at: datetime) -> None:
    dispute.status = found.status
    dispute.reason = found.reason
    dispute.amount_minor = found.amount
    dispute.currency = found.currency
    dispute.evidence_due_at = found.evidence_due_at
    dispute.seen_at = asked_at
    dispute.save()


def post_moves(dispute: Dispute, moves: list[DisputeMove]) -> None:
    """Each movement of Stripe's balance into the books, once."""
    name = f"dispute:{dispute.stripe_dispute_id}"
    references = {f"{name}:{move.id}": move for move in moves}
    posted = JournalEntry.objects.filter(reference__in=references)
    for reference in references.keys() - set(
        posted.values_list("reference", flat=True)
    ):
        move = references[reference]
        taken = dispute.currency, amount_of(dispute, move)
        fee = move.currency or dispute.currency, move.fee
        ledger.post_dispute_move(reference, taken, fee)
    dispute.withdrawn_minor = -sum(amount_of(dispute, move) for move in moves)
    is_converted = any(is_of_other_currency(dispute, move) for move in moves)
    if is_converted and dispute.withdrawn_minor not in {0, dispute.amount_minor}:
        raise MixedCurrencies(
            f"dispute {dispute.stripe_dispute_id}: parts of {dispute.currency} "
            "in another currency cannot be added up"
        )
    dispute.save(update_fields=["withdrawn_minor"])


def is_of_other_currency(dispute: Dispute, move: DisputeMove) -> bool:
    return move.currency not in {"", dispute.currency}


def amount_of(dispute: Dispute, move: DisputeMove) -> int:
    """In the currency of the payment, in which the books have it.

    Stripe settles in the currency of the balance, at the rate of that day: such a move
    takes or brings all that is disputed.
    """
    if not is_of_other_currency(dispute, move) or not move.amount:
        return move.amount
    return -dispute.amount_minor if move.amount < 0 else dispute.amount_minor


def settle(dispute: Dispute, orders: list[Order]) -> set[Order]:
    """Charge the shops, or give them back: as the bank has decided by now.

    What it decided it may decide anew.  Returns the orders that are not sent any more.
    """
    stopped = set()
    if dispute.is_open:
        dispute.closed_at = None
    else:
        dispute.closed_at = dispute.closed_at or timezone.now()
        due_minor = dispute.kept_minor
        if charged_minor(dispute) != due_minor:
            stopped = charge_anew(dispute, orders, due_minor)
        dispute.is_charged = due_minor > 0
    dispute.save(update_fields=["closed_at", "is_charged"])
    return stopped


def charged_minor(dispute: Dispute) -> int:
    """What was charged for it so far, the platform's part of it included."""
    if not dispute.is_charged:
        return 0
    borne = dispute_reversals.charged_for(dispute).aggregate(
        sum=Sum("amount_minor", default=0)
    )
    return borne["sum"] + ledger.lost_in(dispute)


def charge_anew(dispute: Dispute, orders: list[Order], due_minor: int) -> set[Order]:
    """Undo what was charged, and charge what the bank keeps now: all, a part, nothing.

    Who is owed for things that were not sent is paid what the bank has not paid them.
    """
    unsent, stopped = {}, set()
    if dispute.is_charged:
        unsent = dispute_reversals.give_back(dispute, orders)
    if due_minor:
        stopped |= charge_sellers(dispute, orders, due_minor)
    if dispute.is_charged:
        stopped |= charge_for_others(dispute, orders)
        dispute_reversals.refund_unsent(unsent)
    return stopped


def charge_for_others(turned: Dispute, orders: list[Order]) -> set[Order]:
    """Of others that are lost: what no order was left to bear, these bear again."""
    stopped = set()
    others = turned.payment.disputes.filter(is_charged=True).exclude(pk=turned.pk)
    for dispute in others.order_by("pk"):
        if lost := ledger.lost_in(dispute):
            ledger.post_dispute_loss(dispute, -lost)
            stopped |= charge_sellers(dispute, orders, lost)
    return stopped


def charge_sellers(dispute: Dispute, orders: list[Order], most: int) -> set[Order]:
    """What the bank keeps is a refund that Stripe need not be asked for.

    Each order bears its share of what was not refunded before, with commission,
    transfer and coupon, as in every refund; what is above that the platform bears.
    """
    lost = most - take_over_refunds(dispute, most)
    left = [sold_minor(order) for order in orders]
    borne = max(min(lost, sum(left)), 0)
    shares = split(borne, left) if borne else [0] * len(left)
    is_all = 0 < borne == sum(left)
    stopped = set()
    for order, share in zip(orders, shares, strict=True):
        if not share and not (is_all and is_sold(order)):
            continue
        unsent = unsent_units(order) if is_all else {}
        due = refund_amounts.due_for_dispute(order, share, unsent)
        if not due.parts:
            continue
        if unsent:
            returns.put_back(order, unsent)
        reason = _("Paid back by the buyer's bank")
        refund = returns.keep(
            order,
            dispute.payment,
            due,
            reason=reason,
            by=None,
            dispute=dispute,
        )
        video_sales.tell_refunded(refund)
        tasks.send_refund.delay_on_commit(refund.pk)
        if unsent:
            stop(order, reason)
            stopped.add(order)
    ledger.post_dispute_loss(dispute, lost - borne)
    return stopped


def unsent_units(order: Order) -> dict[int, int]:
    """By line; the buyer has the money for them back, so nobody sends them."""
    if not order.is_to_ship:
        return {}
    lines = fulfillment.lines_to_ship(order)
    return {line.pk: line.to_ship for line in lines if line.to_ship > 0}


def stop(order: Order, reason: str) -> None:
    """Of what was not sent nothing is sent any more."""
    returns.promise_less(order)
    if order.status == Order.Status.PAID:
        order.advance(
            Order.Status.CANCELED, canceled_at=timezone.now(), cancel_reason=reason
        )
    fulfillment.settle_shipped(order)
    group = order.group
    with override(group.language):
        subject = _("Order %(number)s is not sent") % {"number": order.number}
        notify(
            group.user or group.email,
            subject,
            "checkout/dispute_stopped_order",
            {"order": order},
            group.get_absolute_url(),
        )


def is_sold(order: Order) -> bool:
    """Not where the payment came too late for it."""
    return order.group.status == OrderGroup.Status.PAID


def sold_minor(order: Order) -> int:
    """What was not refunded of it."""
    return order.refundable_minor if is_sold(order) else 0


def take_over_refunds(dispute: Dispute, most: int) -> int:
    """Refunds that Stripe refused, or that came back: the bank has paid them.

    Not those of which Stripe's answer was unclear: they may have been made before.  A
    whole payment that is on its way gets a part of it only once Stripe has refused it;
    the rest stays at the desk, where somebody may be paying it.
    """
    taken = 0
    is_unmade = Q(status=Refund.Status.PENDING, attempts=0)
    is_unmade |= Q(status=Refund.Status.FAILED, came_back_at=None)
    pending = Refund.objects.filter(is_unmade, payment=dispute.payment, dispute=None)
    for refund in pending.select_for_update(of=["self"]).order_by("pk"):
        left = most - taken
        is_parted = refund.is_refused and refund.can_be_parted
        if is_parted and 0 < left < refund.amount_minor:
            refund = disbursing.split_off(refund, left)
        if refund.amount_minor <= left:
            taken += refund.amount_minor
            Refund.objects.filter(pk=refund.pk).update(
                dispute=dispute, status=Refund.Status.PENDING
            )
            tasks.send_refund.delay_on_commit(refund.pk)
    owed = Refund.objects.owed().filter(payment=dispute.payment)
    for refund in owed.select_for_update(of=["self"]).order_by("pk"):
        if taken + refund.amount_minor <= most:
            taken += refund.amount_minor
            again = bounced_refunds.leave_to_bank(refund, dispute)
            tasks.send_refund.delay_on_commit(again.pk)
    return taken


def tell(dispute: Dispute, orders: list[Order], what: str, stopped=frozenset()) -> None:
    """The sellers, and those who answer to Stripe."""
    for order in orders:
        for user in User.objects.filter(seller_memberships__seller=order.seller):
            notify(
                user,
                subject_of(dispute, order.number, what),
                f"checkout/dispute_{what}",
                {
                    "dispute": dispute,
                    "number": order.number,
                    "is_stopped": order in stopped,
                },
                reverse("checkout:dispute", args=[dispute.pk]),
            )
    is_operator = Q(is_superuser=True) | Q(groups__name=User.Role.OPERATOR)
    for user in User.objects.filter(is_operator, is_active=True).distinct():
        number = dispute.payment.group.number
        notify(
            user,
            subject_of(dispute, number, what),
            f"checkout/dispute_{what}",
            {"dispute": dispute, "number": number},
            reverse("admin:checkout_dispute_change", args=[dispute.pk]),
        )


def subject_of(dispute: Dispute, number: str, what: str) -> str:
    if what == "opened":
        return _("Order %(number)s is disputed") % {"number": number}
    return _("Dispute of order %(number)s: %(status)s") % {
        "number": number,
        "status": dispute.get_status_display(),
    }
