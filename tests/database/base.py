"""PostgreSQL as Django drives it, but made and emptied faster for tests."""

from contextlib import contextmanager
from unittest.mock import patch

from django.core.management.commands import flush
from django.db import connections
from django.db.backends.postgresql import base, operations

from tests.database.creation import DatabaseCreation

# What Django and the site fill after each migration, and after each emptying.
FILLED = [
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "django_content_type",
]


@contextmanager
def rights_that_stay():
    """Filled once: filling takes a quarter of a second of a processor."""
    fill = flush.emit_post_migrate_signal

    def fill_if_emptied(verbosity, interactive, db, **options):
        operations = connections[db].ops
        if operations.is_filled():
            return
        fill(verbosity, interactive, db, **options)
        operations.note_filled()

    with patch.object(flush, "emit_post_migrate_signal", fill_if_emptied):
        yield


class DatabaseOperations(operations.DatabaseOperations):
    filled = None

    def sql_flush(self, style, tables, **options):
        """Deletes from the few tables that hold rows: TRUNCATE costs 5 ms a table.

        As a replica, so that neither foreign keys nor append-only triggers mind; only a
        superuser may, which `postgres` of the embedded server is.  What is filled anew
        after each emptying stays, unless a test has changed it.
        """
        if self.is_filled():
            tables = [table for table in tables if table not in FILLED]
        probes = [f"(SELECT '{table}' FROM \"{table}\" LIMIT 1)" for table in tables]
        with self.connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(probes))
            filled = [table for (table,) in cursor.fetchall()]
        emptying = [f'DELETE FROM "{table}"' for table in filled]
        return ["SET LOCAL session_replication_role = replica", *emptying]

    def note_filled(self):
        """Of the migrated database, which nobody has changed yet."""
        DatabaseOperations.filled = self.digest_of_filled()

    def is_filled(self):
        return self.filled is not None and self.filled == self.digest_of_filled()

    def digest_of_filled(self):
        rows = "SELECT md5(string_agg(t::text, ' ' ORDER BY t::text)) FROM {} t"
        with self.connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(map(rows.format, FILLED)))
            return cursor.fetchall()


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations
    creation_class = DatabaseCreation
