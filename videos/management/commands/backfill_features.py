"""Look at videos that were made before features were kept."""

from django.core.management.base import BaseCommand

from videos import backfilling
from videos.models import Video


class Command(BaseCommand):
    help = (
        "Keep the features of videos that have none: scenes, and the hashes by which "
        "copies are found.  May be stopped, and run again, at any time."
    )

    def add_arguments(self, parser):
        parser.add_argument("--limit", type=int, help="how many videos to look at")

    def handle(self, *, limit, **options):
        failed = count = 0
        for count, (video, error) in enumerate(backfilling.backfill_all(limit), 1):
            if error:
                failed += 1
                self.stderr.write(f"{video.public_id}: {error}")
            if count % backfilling.BATCH == 0:
                self.stdout.write(f"{count} videos, up to number {video.pk}")
        left = Video.objects.without_features().count()
        self.stdout.write(
            f"{count} videos looked at, {failed} could not be; {left} have no features."
        )
