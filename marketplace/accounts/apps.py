from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "marketplace.accounts"

    def ready(self):
        from marketplace.accounts import figures, notifications

        figures.FIGURES[figures.UNREAD] = notifications.unread_of_account
