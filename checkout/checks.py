from django.conf import settings
from django.core import checks

HINT = "Copy it from the webhook endpoint's page in Stripe's dashboard."


def stripe_webhook_secrets(app_configs, **kwargs):
    """With an empty secret anybody could sign events: the endpoints answer 503."""
    found = []
    if not settings.STRIPE_WEBHOOK_SECRET:
        text = "STRIPE_WEBHOOK_SECRET is not set, so no payment can be reported."
        found.append(checks.Error(text, hint=HINT, id="checkout.E001"))
    if not settings.STRIPE_CONNECT_WEBHOOK_SECRET:
        text = (
            "STRIPE_CONNECT_WEBHOOK_SECRET is not set, so nothing can be reported of "
            "sellers' accounts."
        )
        found.append(checks.Error(text, hint=HINT, id="checkout.E002"))
    return found


def stripe_webhook_secrets_differ(app_configs, **kwargs):
    """Stripe gives each endpoint a secret of its own."""
    secret = settings.STRIPE_WEBHOOK_SECRET
    if not secret or secret != settings.STRIPE_CONNECT_WEBHOOK_SECRET:
        return []
    text = (
        "STRIPE_CONNECT_WEBHOOK_SECRET is the platform endpoint's, so every event "
        "about a seller's account is refused."
    )
    return [checks.Warning(text, hint=HINT, id="checkout.W001")]
