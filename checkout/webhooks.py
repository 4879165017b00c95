"""Where Stripe and the carriers tell the site what happened."""

import logging

from django.conf import settings
from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from checkout import fulfillment, gateway, inbox, tracking
from checkout.models import Fulfillment, StripeEvent

logger = logging.getLogger(__name__)


@csrf_exempt
@require_POST
def stripe_webhook(request):
    secret = settings.STRIPE_WEBHOOK_SECRET
    return receive_event(request, secret, StripeEvent.Source.PLATFORM)


@csrf_exempt
@require_POST
def stripe_connect_webhook(request):
    secret = settings.STRIPE_CONNECT_WEBHOOK_SECRET
    return receive_event(request, secret, StripeEvent.Source.CONNECT)


def receive_event(request, secret, source):
    """2xx as soon as the event is kept: a worker applies it, Stripe need not wait."""
    if not secret:
        return HttpResponse(status=503)
    signature = request.headers.get("Stripe-Signature", "")
    try:
        event = gateway.read_event(request.body, signature, secret)
    except gateway.BadSignature:
        return HttpResponse(status=400)
    inbox.receive(event, source)
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
