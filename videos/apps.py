from django.apps import AppConfig

from videos import checks  # noqa: F401  registers itself


class VideosConfig(AppConfig):
    name = "videos"

    def ready(self):
        from marketplace.accounts import details
        from videos.feed import watchers

        details.DETAILS[watchers.WISHES] = watchers.wishes_of_account
        details.GIVEN[watchers.BROWSER] = watchers.browser_given
