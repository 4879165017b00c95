"""What is said to the buyer's bank: facts of the orders, and what the shops say."""

import hashlib

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from checkout import disputes, gateway
from checkout.models import Dispute, DisputeStatement, Order, Refund
from sellers.models import Seller


class TooLate(Exception):
    """The bank takes no more evidence for it."""


def say(dispute: Dispute, seller: Seller, text: str) -> DisputeStatement:
    """A shop's own words, for whoever answers the bank.  Raises TooLate."""
    if not dispute.is_to_answer:
        raise TooLate
    return DisputeStatement.objects.create(dispute=dispute, seller=seller, text=text)


def draft(dispute: Dispute) -> str:
    orders = dispute.payment.group.orders.select_related("seller", "group")
    parts = [facts(order) for order in orders.order_by("pk")]
    for statement in dispute.statements.select_related("seller"):
        parts.append(f"{statement.seller.name}: {statement.text}")
    return "\n\n".join(parts)


def facts(order: Order) -> str:
    """What is known of an order, one thing a line."""
    group = order.group
    lines = [
        _("Order %(number)s of %(date)s, sold by %(shop)s")
        % {
            "number": order.number,
            "date": date_format(group.created_at, "DATE_FORMAT"),
            "shop": order.seller.legal_name,
        }
    ]
    lines += [f"{line.quantity} × {line.title}" for line in order.lines.all()]
    lines.append(_("Delivered to: %(address)s") % {"address": ", ".join(group.lines())})
    for parcel in order.fulfillments.all():
        sent = date_format(parcel.shipped_at, "DATE_FORMAT")
        lines.append(
            _("Sent on %(date)s with %(carrier)s %(number)s")
            % {
                "date": sent,
                "carrier": parcel.carrier,
                "number": parcel.tracking_number,
            }
        )
        if parcel.delivered_at:
            arrived = date_format(parcel.delivered_at, "DATE_FORMAT")
            lines.append(_("Delivered on %(date)s") % {"date": arrived})
    paid_back = order.refunds.filter(
        status=Refund.Status.SUCCEEDED, dispute=None, exchanged_into=None
    )
    for refund in paid_back:
        lines.append(
            _("Refunded on %(date)s: %(reason)s")
            % {
                "date": date_format(refund.created_at, "DATE_FORMAT"),
                "reason": refund.reason,
            }
        )
    return "\n".join(lines)


def hand_in(dispute: Dispute, text: str) -> None:
    """To the bank, once; the answer is read back.  Raises TooLate, GatewayError."""
    if not dispute.is_to_answer:
        raise TooLate
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    gateway.answer_dispute(
        key=f"evidence-{dispute.stripe_dispute_id}-{digest}",
        stripe_dispute_id=dispute.stripe_dispute_id,
        text=text,
    )
    disputes.refresh(dispute.stripe_dispute_id)
