"""Stripe's events: each kept once, whoever brings it, and worked off until it is done.

A row is the truth and the message to the worker a hint: what got lost is taken by the
clock.  Handlers may run twice, and in any order: where that matters they ask Stripe how
the object stands now.
"""

import logging
import time
from datetime import timedelta
from functools import partial

from celery import shared_task
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from checkout import (
    bounced_refunds,
    connected_accounts,
    disputes,
    gateway,
    payments,
    seller_payouts,
)
from checkout.models import StripeEvent

logger = logging.getLogger(__name__)

# As far back as we ask; what is older is found by asking for each payment.
CATCH_UP_SECONDS = 30 * 60
# The message has had its chance by then.
GRACE = timedelta(seconds=30)
# Tried again after one minute, then twice as long each time: for about a day.
FIRST_RETRY = timedelta(minutes=1)
LONGEST_RETRY = timedelta(hours=4)
MOST_ATTEMPTS = 15
SWEEP_LIMIT = 500


def refresh_payment(values):
    payments.refresh(values["id"])


def refresh_refund(values):
    bounced_refunds.refresh_refund(values["id"])


def refresh_account(values):
    connected_accounts.refresh_account(values["id"])


# Of connected accounts: each is given the account and the object.
CONNECT_HANDLERS = {
    "payout.created": seller_payouts.record_payout,
    "payout.updated": seller_payouts.record_payout,
    "payout.paid": seller_payouts.record_payout,
    "payout.failed": seller_payouts.record_payout,
    "payout.canceled": seller_payouts.record_payout,
}
# What each is given: the event's object as it was then.
HANDLERS = {
    "payment_intent.processing": refresh_payment,
    "payment_intent.succeeded": refresh_payment,
    "payment_intent.payment_failed": refresh_payment,
    "payment_intent.canceled": refresh_payment,
    "refund.updated": refresh_refund,
    "refund.failed": refresh_refund,
    # Its older name.
    "charge.refund.updated": refresh_refund,
    "account.updated": refresh_account,
    **dict.fromkeys(disputes.EVENTS, disputes.hear),
}


def receive(event: gateway.Event, source: StripeEvent.Source) -> None:
    """Keep an event that a webhook has brought, and have it worked off."""
    kept, is_new = keep(event, source)
    if is_new:
        send(kept)


def keep(event: gateway.Event, source: StripeEvent.Source) -> tuple[StripeEvent, bool]:
    """The row, and whether the event is heard of for the first time."""
    now = timezone.now()
    kept, is_new = StripeEvent.objects.get_or_create(
        event_id=event.id,
        defaults={
            "type": event.type[:80],
            "account": event.account,
            "source": source,
            "api_version": event.api_version,
            "is_of_other_version": event.is_of_other_version,
            "payload": event.payload,
            "received_at": now,
            "due_at": now,
        },
    )
    if is_new and event.is_of_other_version:
        logger.warning("event %s is of API version %s", event.id, event.api_version)
    return kept, is_new


def send(kept: StripeEvent) -> None:
    """To a worker; robust, because without a queue the clock takes it."""

    def send_now():
        apply_event.delay(kept.pk)

    transaction.on_commit(send_now, robust=True)


# Here and not among the tasks, which the handlers send.
@shared_task
def apply_event(event_pk):
    apply(StripeEvent.objects.get(pk=event_pk))


def apply(kept: StripeEvent) -> None:
    """Run the event's handler, unless that is done or somebody is at it."""
    if not kept.claim():
        return
    event = gateway.Event.read(kept.payload)
    handler = HANDLERS.get(event.type)
    if event.type in CONNECT_HANDLERS:
        handler = partial(CONNECT_HANDLERS[event.type], event.account)
    if handler is None:
        kept.mark_ignored()
    elif event.is_of_other_mode:
        kept.mark_ignored("live and test mode do not mix")
    else:
        run(handler, event, kept)


def run(handler, event: gateway.Event, kept: StripeEvent) -> None:
    try:
        handler(event.object)
    except (payments.PaymentMismatch, disputes.MixedCurrencies) as mismatch:
        logger.error("event %s refused: %s", event.id, mismatch)
        kept.fail(str(mismatch))
    except gateway.GatewayError as error:
        logger.warning("event %s waits for Stripe: %s", event.id, error)
        kept.fail(str(error), again_at=next_attempt_at(kept))
    except Exception as error:  # whatever it is: the desk is to see it
        reason = f"{type(error).__name__}: {error}"
        kept.fail(reason, again_at=next_attempt_at(kept))
        raise
    else:
        kept.mark_applied()


def next_attempt_at(kept: StripeEvent):
    if kept.attempts >= MOST_ATTEMPTS:
        return None
    wait = min(FIRST_RETRY * 2 ** (kept.attempts - 1), LONGEST_RETRY)
    return timezone.now() + wait


def apply_once(event: gateway.Event) -> None:
    """Keep an event that we asked for, and apply it unless that was done before."""
    kept, _is_new = keep(event, StripeEvent.Source.ASKED)
    apply(kept)


def replay(kept: StripeEvent) -> bool:
    """Have it worked off once more; False where nothing was kept of it."""
    is_reopened = kept.reopen()
    if is_reopened:
        send(kept)
    return is_reopened


def sweep() -> None:
    """Send those again whose message or worker got lost, or that failed a while ago."""
    lost = StripeEvent.objects.filter(due_at__lte=timezone.now() - GRACE)
    for kept in lost.order_by("due_at")[:SWEEP_LIMIT]:
        # From now on, so that the next round does not send it once more at once.
        untouched = StripeEvent.objects.filter(pk=kept.pk, due_at=kept.due_at)
        if untouched.update(due_at=timezone.now()):
            send(kept)


def purge() -> None:
    """Payloads hold personal data, and Stripe sends nothing again after 30 days."""
    before = timezone.now() - timedelta(days=settings.STRIPE_EVENT_KEEP_DAYS)
    StripeEvent.objects.filter(received_at__lt=before, due_at=None).delete()


def catch_up() -> None:
    """Apply what Stripe says has happened lately and no webhook has told."""
    since = int(time.time()) - CATCH_UP_SECONDS
    events = list(gateway.events_since(since, list(HANDLERS)))
    ids = [event.id for event in events]
    known = set(
        StripeEvent.objects.filter(event_id__in=ids).values_list("event_id", flat=True)
    )
    for event in events:
        if event.id not in known:
            apply_once(event)
