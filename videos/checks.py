"""What `manage.py check` says about the machine that transcodes."""

from django.conf import settings
from django.core import checks

from videos import ffmpeg


@checks.register
def extra_codecs(app_configs, **options):
    """Only where there are some: what else may be missing, the worker says."""
    if settings.VIDEO_EXTRA_CODECS:
        try:
            ffmpeg.binary()
        except ffmpeg.FFmpegError as error:
            return [
                checks.Error(
                    f"VIDEO_EXTRA_CODECS is {','.join(settings.VIDEO_EXTRA_CODECS)},"
                    f" but {error}.",
                    hint="Install another build of ffmpeg, or leave the codec out.",
                    id="videos.E001",
                )
            ]
    return []


@checks.register(deploy=True)
def walls(app_configs, **options):
    """A hint and no more: the other walls stand, and containers often forbid these."""
    return [
        checks.Info(
            f"Children that read uploads have no {wall} on this machine.",
            hint="docs/video.md says what it does and how a container may have it.",
            id="videos.I001",
        )
        for wall in ffmpeg.missing_walls()
    ]
