from django.apps import AppConfig

from marketplace.moderation import checks  # noqa: F401  registers itself


class ModerationConfig(AppConfig):
    name = "marketplace.moderation"
