import signal

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection


class Command(BaseCommand):
    help = "Print the addresses of the data servers and keep them running."
    requires_system_checks = []

    def handle(self, **options):
        database = connection.get_connection_params()
        self.stdout.write(
            f"psql 'host={database['host']} user={database['user']} "
            f"dbname={database['dbname']}'"
        )
        self.stdout.write(f"redis {settings.REDIS_URL}")
        self.stdout.write("Ctrl-C ends this command; the servers end with their users.")
        self.stdout.flush()
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
