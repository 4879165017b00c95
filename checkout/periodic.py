"""Work about money and parcels that the clock asks for."""

import logging
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from checkout import fulfillment, gateway, inbox, payments, payouts, tasks
from checkout.models import Refund, TransferReversal

logger = logging.getLogger(__name__)

# A task that was asked for has had its chance by then.
GRACE = timedelta(minutes=10)


@shared_task
def hear_from_stripe():
    """Payments whose webhook and return page never came."""
    try:
        inbox.catch_up()
    except gateway.GatewayError as error:
        logger.warning("Stripe cannot be asked what happened: %s", error)


@shared_task
def release_overdue():
    payments.release_overdue()


@shared_task
def pay_sellers():
    payouts.pay_sellers()


@shared_task
def resend_money():
    """Refunds and reversals whose task was lost or gave up."""
    before = timezone.now() - GRACE
    pending = Refund.objects.filter(status=Refund.Status.PENDING, created_at__lt=before)
    for pk in pending.values_list("pk", flat=True)[:500]:
        tasks.send_refund.delay(pk)
    open_reversals = TransferReversal.objects.filter(created_at__lt=before).exclude(
        status=TransferReversal.Status.SUCCEEDED
    )
    for pk in open_reversals.values_list("pk", flat=True)[:500]:
        tasks.send_reversal.delay(pk)


@shared_task
def watch_parcels():
    fulfillment.begin_forgotten()
    fulfillment.remind_sellers()
    fulfillment.assume_delivered()
