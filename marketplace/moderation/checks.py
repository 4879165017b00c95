"""What `manage.py check --deploy` says about the moderators' tools."""

from django.core import checks

from marketplace.moderation import nudity_model


@checks.register(deploy=True)
def nudity(app_configs, **options):
    if nudity_model.is_available():
        return []
    return [
        checks.Info(
            "Videos are not checked for nudity: NudeNet is not installed.",
            hint="pip install -r requirements/moderation.txt, see docs/desk.md.",
            id="moderation.I001",
        )
    ]
