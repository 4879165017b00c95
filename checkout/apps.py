from django.apps import AppConfig
from django.core.checks import register

from checkout import checks


class CheckoutConfig(AppConfig):
    name = "checkout"

    def ready(self):
        from checkout.carts import count_of_account
        from marketplace.accounts import details

        details.DETAILS[details.IN_CART] = count_of_account
        register(checks.stripe_webhook_secrets)
        register(checks.stripe_webhook_secrets_differ, deploy=True)
