from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

from marketplace.env import env_bool
from sellers.models import Seller


class Command(BaseCommand):
    help = "Bring the database up to date, and fill an empty site with the demo."

    def handle(self, **options):
        call_command("migrate", verbosity=0)
        # A demo that was cut short is completed by the next start.
        unfinished = settings.VAR_DIR / "demo-unfinished"
        is_empty = unfinished.exists() or not Seller.objects.exists()
        if is_empty and env_bool("DEMO", True):
            self.stdout.write("filling the empty site with the demo")
            unfinished.touch()
            call_command("demo", without_accounts=True)
            unfinished.unlink()
        # For the last words of `make run`.
        with (settings.VAR_DIR / "demo-accounts.txt").open("w") as file:
            call_command("demo", accounts=True, stdout=file)
