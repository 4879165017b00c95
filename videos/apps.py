from django.apps import AppConfig

from videos import checks  # noqa: F401  registers itself


class VideosConfig(AppConfig):
    name = "videos"
