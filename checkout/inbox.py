"""Stripe's events, each applied once, whether a webhook brings it or we ask."""

import logging
import time

from django.db import transaction

from checkout import disbursing, gateway, payments, tasks
from checkout.models import StripeEvent

logger = logging.getLogger(__name__)

# As far back as we ask; older payments are settled when their time to pay is over.
CATCH_UP_SECONDS = 30 * 60


def apply_intent(values):
    payments.apply_intent(gateway.Intent.read(values))


def apply_account(values):
    # Events overtake each other, so Stripe is asked anew.
    tasks.refresh_account.delay_on_commit(values["id"])


HANDLERS = {
    "payment_intent.succeeded": apply_intent,
    "payment_intent.payment_failed": apply_intent,
    "payment_intent.canceled": apply_intent,
    "refund.failed": disbursing.record_failure,
    "account.updated": apply_account,
}


@transaction.atomic
def apply_once(event: gateway.Event) -> None:
    """Run the event's handler unless it has run for this event before.

    A failure rolls the StripeEvent back too, so Stripe's next delivery tries again.
    """
    handler = HANDLERS.get(event.type)
    if handler is None:
        return
    _, is_new = StripeEvent.objects.get_or_create(
        event_id=event.id, defaults={"type": event.type}
    )
    if is_new:
        handler(event.object)


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
            apply_or_log(event)


def apply_or_log(event: gateway.Event) -> None:
    """One event that cannot be applied must not keep the others waiting."""
    try:
        apply_once(event)
    except payments.PaymentMismatch as mismatch:
        logger.error("event %s refused: %s", event.id, mismatch)
