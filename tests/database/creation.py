"""Every worker's database is a copy of one that the first of them migrates."""

import hashlib
from pathlib import Path

from django.apps import apps
from django.core.management import call_command
from django.db.backends.postgresql import creation

# Any number that nothing else locks by.
MIGRATING = 5_417_218


class DatabaseCreation(creation.DatabaseCreation):
    """Migrating takes ten seconds of a processor, copying a quarter of one."""

    def create_test_db(self, *args, **options):
        name = super().create_test_db(*args, **options)
        self.connection.ops.note_filled()
        return name

    def _execute_create_test_db(self, cursor, parameters, keepdb=False):
        template = self.migrated(cursor)
        copied = parameters | {
            "suffix": self._get_database_create_suffix(None, template)
        }
        super()._execute_create_test_db(cursor, copied, keepdb)

    def migrated(self, cursor):
        """The name of the database to copy, for the migrations as they are now."""
        name = f"migrated_{digest_of_migrations()}"
        # The others wait for the first longer than the site may wait for anything.
        cursor.execute("SET lock_timeout = 0; SET statement_timeout = 0")
        cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATING])
        try:
            if not self._database_exists(cursor, name):
                self.make(cursor, name)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATING])
        return name

    def make(self, cursor, name):
        cursor.execute(
            r"SELECT datname FROM pg_database WHERE datname LIKE 'migrated\_%'"
        )
        for (old,) in cursor.fetchall():
            cursor.execute(f'DROP DATABASE "{old}"')
        cursor.execute(f'CREATE DATABASE "{name}_new"')
        usual = self.connection.settings_dict["NAME"]
        self.connection.close()
        self.connection.settings_dict["NAME"] = f"{name}_new"
        try:
            call_command("migrate", verbosity=0, database=self.connection.alias)
        finally:
            self.connection.close()
            self.connection.close_pool()
            self.connection.settings_dict["NAME"] = usual
        # Under its own name only when it is whole.
        cursor.execute(f'ALTER DATABASE "{name}_new" RENAME TO "{name}"')


def digest_of_migrations() -> str:
    folders = [Path(app.path) / "migrations" for app in apps.get_app_configs()]
    files = sorted(file for folder in folders for file in folder.glob("*.py"))
    text = b"".join(file.read_bytes() for file in files)
    return hashlib.sha256(text).hexdigest()[:12]
