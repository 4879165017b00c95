from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand

from marketplace.env import env_bool
from sellers.models import Seller


class Command(BaseCommand):
    help = "Bring the database up to date, and fill an empty site with the demo."

    def handle(self, **options):
        call_command("migrate", verbosity=0)
        is_wanted = env_bool("DEMO", True) and "demo" in get_commands()
        if is_wanted and not Seller.objects.exists():
            self.stdout.write("filling the empty site with the demo")
            call_command("demo")
