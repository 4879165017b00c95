from django.core.management.base import BaseCommand, CommandError

from sellers import stock


class Command(BaseCommand):
    help = "Check that stock levels agree with the movements and the reservations"

    def handle(self, **options):
        if faults := stock.disagreements():
            raise CommandError("\n".join(faults))
        self.stdout.write("The stock agrees with its movements and reservations.")
