"""A migrated database for a server of a test's own, in a second instead of ten."""

import subprocess

from django.db import connection
from psycopg.conninfo import make_conninfo

from marketplace import embedded
from tests.database.creation import digest_of_migrations


def copy_migrated(server: embedded.Postgres):
    """What the tests' own database is a copy of, into that server's empty one."""
    own = connection.settings_dict
    source = make_conninfo(
        host=own["HOST"],
        port=own["PORT"] or None,
        user=own["USER"],
        password=own["PASSWORD"] or None,
        dbname=f"migrated_{digest_of_migrations()}",
    )
    dump = [server.binary("pg_dump"), source]
    text = subprocess.run(dump, check=True, stdout=subprocess.PIPE).stdout
    load = [server.binary("psql"), "--quiet", "--set", "ON_ERROR_STOP=1"]
    subprocess.run(
        [*load, server.address], input=text, check=True, stdout=subprocess.DEVNULL
    )
