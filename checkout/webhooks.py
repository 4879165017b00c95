"""Where Stripe and the carriers tell the site what happened."""

import logging

from django.conf import settings
from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from checkout import fulfillment, gateway, inbox, payments, tracking
from checkout.models import Fulfillment

logger = logging.getLogger(__name__)


@csrf_exempt
@require_POST
def stripe_webhook(request):
    """2xx only when the event is applied: Stripe delivers the others again."""
    if not settings.STRIPE_WEBHOOK_SECRET:
        return HttpResponse(status=503)
    signature = request.headers.get("Stripe-Signature", "")
    try:
        event = gateway.read_event(request.body, signature)
    except gateway.BadSignature:
        return HttpResponse(status=400)
    try:
        inbox.apply_once(event)
    except payments.PaymentMismatch as mismatch:
        logger.error("event %s refused: %s", event.id, mismatch)
        return HttpResponse(status=400)
    return HttpResponse()


@csrf_exempt
@require_POST
def carrier_webhook(request):
    """A carrier's report about a parcel; about one we do not know it is ignored."""
    if not settings.TRACKING_WEBHOOK_SECRET:
        return HttpResponse(status=503)
    try:
        updates = tracking.read_updates(
            request.body,
            request.headers.get("X-Hmac-Signature", ""),
            settings.TRACKING_WEBHOOK_SECRET,
        )
    except tracking.BadTrackingEvent as error:
        logger.warning("carrier event refused: %s", error)
        return HttpResponse(status=400)
    for update in updates:
        parcels = Fulfillment.objects.filter(tracking_number=update.tracking_number)
        for parcel in parcels:
            fulfillment.record_tracking(parcel, update)
    return HttpResponse()
