"""Work about money that somebody asked for; each may run twice, and twice at once."""

from celery import shared_task
from django.conf import settings

from checkout import disbursing, fulfillment, gateway, invoicing, tax_records
from checkout.models import Order, Refund, Transfer, TransferReversal

# What may pass is tried again soon, and later by the clock.
RETRIES = {
    "autoretry_for": (gateway.GatewayError,),
    "dont_autoretry_for": (gateway.Refused,),
    "max_retries": 5,
    "retry_backoff": 5,
    "retry_backoff_max": 300,
}


@shared_task
def begin_fulfillment(order_pk):
    order = Order.objects.select_related("group", "seller").get(pk=order_pk)
    fulfillment.begin(order)
    invoicing.issue_invoice(order)
    if settings.STRIPE_TAX:
        record_tax.delay(order_pk)


@shared_task(**RETRIES)
def send_refund(refund_pk):
    refunds = Refund.objects.select_related("payment__group", "order__seller")
    refund = refunds.get(pk=refund_pk)
    disbursing.send_refund(refund)
    for reversal in TransferReversal.objects.filter(refund=refund):
        send_reversal.delay(reversal.pk)
    if settings.STRIPE_TAX:
        reverse_tax.delay(refund_pk)


@shared_task(**RETRIES)
def record_tax(order_pk):
    tax_records.record(order_pk)


@shared_task(**RETRIES)
def reverse_tax(refund_pk):
    tax_records.reverse(refund_pk)


@shared_task(**RETRIES)
def restore_tax(reversal_pk):
    tax_records.restore(reversal_pk)


@shared_task
def issue_credit_note(refund_pk):
    invoicing.issue_credit_note(Refund.objects.get(pk=refund_pk))


@shared_task
def issue_correction(refund_pk):
    invoicing.issue_correction(Refund.objects.get(pk=refund_pk))


@shared_task(**RETRIES)
def send_transfer(transfer_pk):
    transfers = Transfer.objects.select_related("order__seller", "order__group")
    disbursing.send_transfer(transfers.get(pk=transfer_pk))


@shared_task(**RETRIES)
def send_reversal(reversal_pk):
    reversals = TransferReversal.objects.select_related(
        "refund", "transfer__order__seller", "transfer__order__group"
    )
    disbursing.send_reversal(reversals.get(pk=reversal_pk))
