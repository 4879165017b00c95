"""A video's caption tracks: saved, replaced and removed with their files."""

import secrets

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import get_language

from marketplace.video_files import video_files
from videos import captions
from videos.captions import Cue
from videos.models import CaptionTrack, Video
from videos.models.rendition import caption_folder

# By their own names, as viewers look for them.
LANGUAGES = {
    "en": "English",
    "de": "Deutsch",
    "fr": "Français",
    "es": "Español",
    "it": "Italiano",
    "pt": "Português",
    "nl": "Nederlands",
    "pl": "Polski",
    "cs": "Čeština",
    "tr": "Türkçe",
    "uk": "Українська",
    "ar": "العربية",
    "hi": "हिन्दी",
    "zh": "中文",
    "ja": "日本語",
    "ko": "한국어",
}


def first_language() -> str:
    """The site's own, where there are no captions yet."""
    language = get_language()[:2]
    return language if language in LANGUAGES else "en"


def cues_of(track: CaptionTrack) -> list[Cue]:
    with video_files().open(track.file) as stored:
        return captions.read(stored.read())


def save_track(video: Video, language: str, cues: list[Cue]) -> None:
    """Make these the captions of this language; none of them removes the track."""
    # Should this process die half-way, the sweep removes the file that no row names.
    Video.objects.filter(pk=video.pk).update(has_leftovers=True)
    with transaction.atomic():
        # Of two windows the second waits, so that no file is left without a row.
        video = Video.objects.select_for_update(no_key=True).get(pk=video.pk)
        track = video.captions.filter(language=language).first()
        if track:
            _forget_file(track)
        if not cues:
            video.captions.filter(language=language).delete()
            return
        track = track or CaptionTrack(video=video, language=language)
        track.label = LANGUAGES[language]
        track.file = _stored(video, captions.written(_within(cues, video.duration_ms)))
        track.save()


def _stored(video: Video, file: ContentFile) -> str:
    """Under a new name each time: browsers keep what they have fetched for ever."""
    folder = caption_folder(video.public_id)
    return video_files().save(f"{folder}/{secrets.token_hex(8)}.vtt", file)


def _within(cues: list[Cue], duration_ms: int) -> list[Cue]:
    """Not longer than the video, once it has a length."""
    if not duration_ms:
        return cues
    return [Cue(cue.starts_ms, min(cue.ends_ms, duration_ms), cue.text) for cue in cues]


@transaction.atomic
def remove_track(track: CaptionTrack) -> None:
    track.delete()
    _forget_file(track)


def _forget_file(track: CaptionTrack) -> None:
    """Robust: what a storage that is down now keeps, the sweep removes."""
    name = track.file
    transaction.on_commit(lambda: video_files().delete(name), robust=True)
