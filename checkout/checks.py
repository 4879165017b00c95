from django.conf import settings
from django.core import checks


def stripe_webhook_secret(app_configs, **kwargs):
    """With an empty secret anybody could sign events: the endpoint answers 503."""
    if settings.STRIPE_WEBHOOK_SECRET:
        return []
    return [
        checks.Error(
            "STRIPE_WEBHOOK_SECRET is not set, so no payment can be reported.",
            hint="Copy it from the webhook endpoint's page in Stripe's dashboard.",
            id="checkout.E001",
        )
    ]
