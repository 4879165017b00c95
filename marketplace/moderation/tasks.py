from celery import shared_task

from marketplace.moderation import nudity, nudity_model
from videos.models import ContentFeatures


@shared_task
def look_for_nudity(video_pk):
    """By the model, where this machine has it; the sweep asks again elsewhere."""
    features = ContentFeatures.objects.not_checked().filter(pk=video_pk)
    found = features.select_related("video").first()
    if found and nudity_model.is_available():
        nudity.check(found)
