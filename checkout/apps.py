from django.apps import AppConfig
from django.core.checks import register

from checkout import checks


class CheckoutConfig(AppConfig):
    name = "checkout"

    def ready(self):
        register(checks.stripe_webhook_secrets)
        register(checks.stripe_webhook_secrets_differ, deploy=True)
