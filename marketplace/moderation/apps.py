from django.apps import AppConfig
from django.db.models.signals import post_migrate

from marketplace.moderation import checks  # noqa: F401  registers itself


class ModerationConfig(AppConfig):
    name = "marketplace.moderation"

    def ready(self):
        post_migrate.connect(grant_roles, sender=self)


def grant_roles(sender, **kwargs) -> None:
    """A new version's rights reach the groups of an old site.

    This app comes after those whose permissions it hands out, so they are made by now.
    """
    from marketplace.moderation.roles import grant

    grant()
