"""Money for an order that was given up: taken if that can be, else sent back."""

from contextlib import contextmanager

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from checkout import coupons, ledger, purchase_limits, tasks
from checkout.models import Order, OrderGroup, Payment, Refund
from marketplace.accounts.notifications import notify
from sellers.models import OutOfStock

Why = OrderGroup.WhyRefunded


class Unfulfillable(Exception):
    """It is paid, and cannot be had any more."""

    def __init__(self, why: Why):
        super().__init__(why)
        self.why = why


@contextmanager
def unfulfillable():
    try:
        yield
    except coupons.CouponRefused as refusal:
        raise Unfulfillable(Why.COUPON) from refusal
    except purchase_limits.OverLimit as refusal:
        raise Unfulfillable(Why.OVER_LIMIT) from refusal
    except OutOfStock as refusal:
        raise Unfulfillable(Why.SOLD_OUT) from refusal


def locked_chain(group_pk: int) -> OrderGroup:
    """The group; locked with it are those it replaced, and those that replaced it.

    In key order.  One that is ordered while we wait comes after all of them.
    """
    group = OrderGroup.objects.get(pk=group_pk)
    if not group.chain:
        # The lock keeps it so: `ordering` takes it too, before it replaces a group.
        group = OrderGroup.objects.select_for_update().get(pk=group_pk)
    last = 0
    while group.chain:
        chain = OrderGroup.objects.filter(chain=group.chain, pk__gt=last)
        locked = list(chain.order_by("pk").select_for_update())
        if not locked:
            break
        last = locked[-1].pk
        group = next((one for one in locked if one.pk == group_pk), group)
    return group


def refuse_replaced(group: OrderGroup) -> None:
    """Of an order and those that took its place one is had: the last that is wanted.

    The chain is locked, see `locked_chain`.
    """
    rivals = list(group.rivals)
    is_bought = any(rival.is_paid for rival in rivals)
    is_replaced = any(
        rival.pk > group.pk and rival.status == OrderGroup.Status.PENDING
        for rival in rivals
    )
    if is_bought or is_replaced:
        raise Unfulfillable(Why.REPLACED)


def send_money_back(payment: Payment, why: Why) -> None:
    """The whole of it, at once; the buyer is told why."""
    group = payment.group
    coupons.give_back(group)
    group.advance(OrderGroup.Status.REFUNDED, why_refunded=why)
    for order in group.orders.filter(status=Order.Status.PENDING).order_by("pk"):
        order.advance(Order.Status.CANCELED, canceled_at=timezone.now())
    ledger.post_late_payment(payment)
    with override(group.language):
        refund = Refund.objects.create(
            payment=payment,
            amount_minor=payment.amount_minor,
            currency=payment.currency,
            reason=str(why.label),
        )
        tasks.send_refund.delay_on_commit(refund.pk)
        subject = _("Your payment for %(number)s comes back") % {"number": group.number}
        tell_buyer(group, subject, "paid_too_late")


def tell_buyer(group: OrderGroup, subject: str, template: str) -> None:
    notify(
        group.user or group.email,
        subject,
        f"checkout/{template}",
        {"group": group},
        group.get_absolute_url(),
    )
