"""What waits to be written, what was refused, and which days have a partition."""

from django.core.management.base import BaseCommand

from videos.feed import event_partitions, event_stream


class Command(BaseCommand):
    help = __doc__

    def handle(self, **options):
        self.stdout.write(f"{event_stream.length()} batches wait for a worker")
        for day, reasons in event_stream.refused().items():
            counts = ", ".join(
                f"{count} {why}" for why, count in sorted(reasons.items())
            )
            self.stdout.write(f"refused on {day}: {counts}")
        for model in event_partitions.MODELS:
            table = model._meta.db_table
            days = sorted(event_partitions.days_of(table))
            stray = event_partitions.count_strays(table)
            self.stdout.write(
                f"{table}: {len(days)} days, {days[0]} to {days[-1]}; {stray} events of"
                " other days"
            )
