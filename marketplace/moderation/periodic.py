"""What the clock asks of moderation."""

from celery import shared_task

from marketplace.moderation import nudity_model, screening, tasks
from videos.models import ContentFeatures

# Of one run; what is left over is done by the next.
MOST_AT_ONCE = 50
# A message that no worker took by then was sent again meanwhile.
ASKED_AGAIN_SECONDS = 30


@shared_task
def screen_videos():
    """Look at videos that have been made since, the oldest first."""
    features = ContentFeatures.objects.select_related("video").order_by("pk")
    for found in features.not_compared()[:MOST_AT_ONCE]:
        screening.compare(found)
    if nudity_model.is_available():
        for found in features.not_checked()[:MOST_AT_ONCE]:
            tasks.look_for_nudity.apply_async((found.pk,), expires=ASKED_AGAIN_SECONDS)
