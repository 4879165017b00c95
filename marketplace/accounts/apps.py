from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "marketplace.accounts"

    def ready(self):
        from marketplace.accounts import details, notifications

        found = details.DETAILS
        found[details.UNREAD] = notifications.unread_of_account
        found[details.COUNTRY] = details.country_of_account
