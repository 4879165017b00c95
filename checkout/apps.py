from django.apps import AppConfig
from django.core.checks import register

from checkout.checks import stripe_webhook_secret


class CheckoutConfig(AppConfig):
    name = "checkout"

    def ready(self):
        register(stripe_webhook_secret)
