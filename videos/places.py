"""How many go before a video that waits, in words for its seller."""

from django.core.cache import cache
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from videos.models import Video

# All who wait ask every second: they share one look at the queue.
KEPT_SECONDS = 2
# Beyond that a number says nothing.
LAST_PLACE = 100


def place_in_words(video):
    """Empty where it does not wait for its turn, or has only just begun to."""
    is_pausing = video.due_at and video.due_at > timezone.now()
    if video.status != Video.Status.UPLOADED or is_pausing:
        return ""
    order = cache.get_or_set("videos-in-turn", _next_ones, KEPT_SECONDS)
    if video.pk not in order:
        is_long = len(order) == LAST_PLACE
        words = _("%(count)d or more videos before yours") % {"count": LAST_PLACE}
        return words if is_long else ""
    place = order.index(video.pk)
    if not place:
        return _("Next, as soon as a worker is free")
    words = ngettext(
        "%(count)d video before yours", "%(count)d videos before yours", place
    )
    return words % {"count": place}


def _next_ones():
    return list(Video.objects.in_turn().values_list("pk", flat=True)[:LAST_PLACE])
