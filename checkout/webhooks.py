"""Where Stripe tells the site what happened."""

import logging

from django.conf import settings
from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from checkout import gateway, inbox, payments

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
