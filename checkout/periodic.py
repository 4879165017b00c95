"""Work about money and parcels that the clock asks for."""

import logging
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from checkout import (
    balance_reconciling,
    buying_together,
    cart_sweeping,
    disputes,
    fulfillment,
    gateway,
    inbox,
    invariants,
    invoicing,
    late_orders,
    payments,
    payouts,
    reconciling,
    return_requests,
    saved_cards,
    seller_payouts,
    tasks,
    tax_records,
    unsent_returns,
)

logger = logging.getLogger(__name__)


@shared_task
def sweep_events():
    inbox.sweep()


@shared_task
def purge_events():
    inbox.purge()


@shared_task
def forget_customers():
    saved_cards.forget_erased()


@shared_task
def hear_from_stripe():
    """Events that no webhook has brought."""
    try:
        inbox.catch_up()
    except gateway.GatewayError as error:
        logger.warning("Stripe cannot be asked what happened: %s", error)


@shared_task
def look_at_payouts():
    """Of connected accounts, of which no webhook came."""
    try:
        seller_payouts.look_for_unheard()
    except gateway.GatewayError as error:
        logger.warning("Stripe cannot be asked for payouts: %s", error)


@shared_task
def look_at_disputes():
    """Those of which no event came, and open ones whose event got lost."""
    try:
        disputes.refresh_all()
    except gateway.GatewayError as error:
        logger.warning("Stripe cannot be asked for disputes: %s", error)


@shared_task
def issue_invoices():
    invoicing.issue_forgotten()


@shared_task
def tell_taxes():
    """What Stripe Tax has not heard of: a task was lost, or a bank has turned."""
    for order_pk in tax_records.untold_orders():
        tasks.record_tax.delay(order_pk)
    for refund_pk in tax_records.untold_refunds():
        tasks.reverse_tax.delay(refund_pk)
    for reversal_pk in tax_records.untold_restorations():
        tasks.restore_tax.delay(reversal_pk)
    tax_records.forget_answers()


@shared_task
def release_overdue():
    payments.release_overdue()


@shared_task
def pay_sellers():
    payouts.pay_sellers()


@shared_task
def reconcile():
    reconciling.reconcile()


@shared_task
def watch_parcels():
    fulfillment.begin_forgotten()
    late_orders.remind_sellers()
    late_orders.cancel_late_orders()
    return_requests.accept_overdue()
    unsent_returns.remind_buyers()
    unsent_returns.close_unsent()
    fulfillment.assume_delivered()


@shared_task
def check_books():
    invariants.tell_what_does_not_hold()


@shared_task
def compare_balances():
    since = timezone.now() - timedelta(days=balance_reconciling.DAYS)
    try:
        balance_reconciling.reconcile(since)
    except gateway.GatewayError as error:
        logger.warning("the books wait to be compared with Stripe: %s", error)


@shared_task
def sweep_carts():
    cart_sweeping.sweep_carts()


@shared_task
def count_pairs():
    """What is bought together, for the pages of products."""
    buying_together.count_pairs()
