from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from checkout import balance_reconciling
from marketplace.money import format_minor


class Command(BaseCommand):
    help = "Compare the books with Stripe's balance transactions; differences are kept"

    def add_arguments(self, parser):
        parser.add_argument(
            "--days",
            type=int,
            default=balance_reconciling.DAYS,
            help="how far back to look",
        )

    def handle(self, days, **options):
        since = timezone.now() - timedelta(days=days)
        found = balance_reconciling.reconcile(since)
        for one in found:
            amounts = [
                "–" if amount is None else format_minor(amount, one.currency)
                for amount in (one.stripe_minor, one.books_minor)
            ]
            self.stdout.write(f"{one} ({one.type}): {amounts[0]} / {amounts[1]}")
        if found:
            raise CommandError(f"{len(found)} differences")
        self.stdout.write("Stripe and the books agree.")
