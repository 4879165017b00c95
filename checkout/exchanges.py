"""An exchange: what came back pays for another variant, and no money moves.

The units' frozen amounts go over into a new order of the same seller and payment, to
the cent; from then on that order is shipped, canceled, returned and paid out as any.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from checkout import ledger, return_requests, returns, tasks
from checkout.models import Order, OrderLine, Refund, ReturnRequest
from checkout.refund_amounts import Claim, Due, due_for
from checkout.return_requests import ReturnRefused
from marketplace.accounts.models import User
from marketplace.accounts.notifications import notify
from sellers import stock
from sellers.models import OutOfStock, Variant


@transaction.atomic
def exchange(request: ReturnRequest, by: User | None, *, is_restocked: bool) -> Order:
    """The goods are back: the other variant is to be sent.

    Raises ReturnRefused when there is none left, OrderConflict when it is decided.
    """
    order = return_requests.locked(request.order)
    request.advance(ReturnRequest.Status.EXCHANGED, decided_at=timezone.now())
    variant = request.exchange_for
    if variant is None:
        raise ReturnRefused(_("The variant is gone: pay the return back instead."))
    payment = returns.paid_payment(order)
    line = request.lines.select_related("order_line").get()
    # The delivery was used; it stays paid for.
    claim = Claim({line.order_line_id: line.quantity}, shipping_minor=0)
    due = due_for(order, claim)
    if not due.amount_minor and not due.subsidy_minor:
        raise ReturnRefused(_("All of it was paid back: nothing pays for another."))
    if due.platform_minor:
        raise ReturnRefused(_("We gave goodwill for it: pay the return back instead."))
    made = new_order(request, order, due)
    add_line(made, line.order_line, variant, due)
    refund = returns.keep(
        order,
        payment,
        due,
        reason=_("Exchanged"),
        by=by,
        status=Refund.Status.SUCCEEDED,
        succeeded_at=timezone.now(),
        exchanged_into=made,
    )
    ledger.post_refund(refund)
    ledger.post_sale(made, payment.currency)
    take_from_shelf(made, variant, line.quantity)
    if is_restocked:
        return_requests.restock(request, [line])
    tasks.begin_fulfillment.delay_on_commit(made.pk)
    tell_buyer(request, made)
    return made


def new_order(request: ReturnRequest, order: Order, due: Due) -> Order:
    [part] = due.parts
    return Order.objects.create(
        group=order.group,
        seller=order.seller,
        exchange_of=request,
        status=Order.Status.PAID,
        shipping_name=order.shipping_name,
        items_minor=due.amount_minor,
        shipping_minor=0,
        tax_minor=due.tax_minor,
        discount_minor=part.subsidy_minor,
        subsidy_minor=part.subsidy_minor,
        total_minor=due.amount_minor,
    )


def add_line(made: Order, bought: OrderLine, variant: Variant, due: Due) -> None:
    [part] = due.parts
    OrderLine.objects.create(
        order=made,
        variant=variant,
        **{name: getattr(bought, name) for name in OrderLine.CREDIT},
        title=bought.title,
        variant_title=variant.title,
        sku=variant.sku,
        quantity=part.quantity,
        unit_price_minor=bought.unit_price_minor,
        discount_minor=part.subsidy_minor,
        subsidy_minor=part.subsidy_minor,
        total_minor=part.amount_minor,
        tax_basis_points=bought.tax_basis_points,
        tax_minor=part.tax_minor,
        commission_basis_points=bought.commission_basis_points,
        commission_minor=part.commission_minor,
        commission_tax_minor=part.commission_tax_minor,
    )


def take_from_shelf(made: Order, variant: Variant, quantity: int) -> None:
    reference = made.reservation_reference
    soon = timezone.now() + timedelta(minutes=1)
    try:
        waits = stock.reserve({variant.pk: quantity}, reference, soon)
        stock.take(reference)
    except OutOfStock:
        waits = {variant.pk: quantity}
    if any(waits.values()):
        raise ReturnRefused(_("None are left of it: pay the return back instead."))


def tell_buyer(request: ReturnRequest, made: Order) -> None:
    group = made.group
    notify(
        group.user or group.email,
        _("Your exchange is being packed"),
        "checkout/exchanged",
        {"order": made, "request": request, "lines": made.lines.all()},
        group.get_absolute_url(),
    )
