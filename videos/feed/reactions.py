"""Likes and saves.  The wanted state is said, so saying it twice changes nothing."""

from django.db import transaction
from django.db.models import F

from videos.models import Engagement, Video

COUNTERS = {
    Engagement.Kind.LIKE: "like_count",
    Engagement.Kind.SAVE: "save_count",
}


@transaction.atomic
def set_reaction(video: Video, user, kind: str, is_on: bool) -> None:
    """The row decides who counts: of two clicks at once, one moves the counter."""
    mine = Engagement.objects.filter(video=video, user=user, kind=kind)
    if is_on:
        _, is_new = mine.get_or_create(video=video, user=user, kind=kind)
        change = int(is_new)
    else:
        deleted, _ = mine.delete()
        change = -deleted
    if change:
        counter = COUNTERS[kind]
        Video.objects.filter(pk=video.pk).update(**{counter: F(counter) + change})
        video.refresh_from_db(fields=[counter])
