from django.apps import AppConfig
from django.core.checks import register

from checkout import checks
from marketplace.accounts import figures


class CheckoutConfig(AppConfig):
    name = "checkout"

    def ready(self):
        from checkout.carts import count_of_account

        figures.FIGURES[figures.IN_CART] = count_of_account
        register(checks.stripe_webhook_secrets)
        register(checks.stripe_webhook_secrets_differ, deploy=True)
