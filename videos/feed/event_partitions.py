"""A partition of each day: made before it is needed, made nameless, dropped at last."""

import logging
import re
from datetime import UTC, date, datetime, time, timedelta

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from videos.models import Impression, WatchEvent

logger = logging.getLogger(__name__)

MODELS = [Impression, WatchEvent]
AHEAD_DAYS = 7
# Of days that nobody made a partition for, so many at a time.
CATCHES_UP = 60
# Changing what a table consists of stops who writes; nobody shall wait for longer.
WAITS_SECONDS = 3
DAY = timedelta(days=1)


def keep_partitions(today: date | None = None) -> None:
    """Safe to repeat; what a lock is in the way of is done the next time."""
    today = today or timezone.now().date()
    forgotten = today - timedelta(days=settings.FEED_EVENTS_KEEP_DAYS)
    nameless = today - timedelta(days=settings.FEED_EVENTS_PERSONAL_DAYS)
    for model in MODELS:
        table = model._meta.db_table
        for step, argument in (
            (drop_before, forgotten),
            (make_nameless_before, nameless),
            (make_partitions, today),
        ):
            try:
                step(table, argument)
            except OperationalError as error:
                logger.warning("%s of %s: %s", step.__name__, table, error)


def days_of(table: str) -> dict[date, str]:
    """The partitions, by day; without the one for all other days."""
    found = _rows(
        "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
        " WHERE i.inhparent = %s::regclass",
        [table],
    )
    names = (name for (name,) in found)
    return {
        datetime.strptime(match[1], "%Y%m%d").date(): match[0]
        for match in (re.fullmatch(rf"{table}_(\d{{8}})", name) for name in names)
        if match
    }


def make_partitions(table: str, today: date) -> None:
    wanted = {today + n * DAY for n in range(AHEAD_DAYS + 1)}
    stray = _rows(
        "SELECT DISTINCT (created_at AT TIME ZONE 'UTC')::date"
        f" FROM {table}_default ORDER BY 1 LIMIT {CATCHES_UP}"
    )
    wanted.update(day for (day,) in stray)
    for day in sorted(wanted - days_of(table).keys()):
        make_partition(table, day)


@transaction.atomic
def make_partition(table: str, day: date) -> None:
    """With what is there of that day already.

    Attached rather than made in its place, which would lock out all who read.
    """
    name, (first, end) = f"{table}_{day:%Y%m%d}", bounds(day)
    _do(f"SET LOCAL lock_timeout = '{WAITS_SECONDS}s'")
    # Nothing more of that day may come in while what there is moves out.
    _do(f"LOCK TABLE {table}_default IN ACCESS EXCLUSIVE MODE")
    _do(f"CREATE TABLE {name} (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")
    _do(
        f"WITH moved AS (DELETE FROM {table}_default WHERE created_at >= '{first}'"
        f" AND created_at < '{end}' RETURNING *) INSERT INTO {name} SELECT * FROM moved"
    )
    _do(
        f"ALTER TABLE {table} ATTACH PARTITION {name}"
        f" FOR VALUES FROM ('{first}') TO ('{end}')"
    )


def make_nameless_before(table: str, day: date) -> None:
    """Whose events they were is overwritten by nothing, which nobody can join back.

    Nor is the key kept, which was made of the pseudonym.
    """
    named = "(viewer > '' OR user_id IS NOT NULL)"
    nobody = "viewer = '', user_id = NULL, id = gen_random_uuid()"
    for its_day, name in sorted(days_of(table).items()):
        if its_day < day:
            _do(f"UPDATE {name} SET {nobody} WHERE {named}")
    first, _end = bounds(day)
    _do(f"UPDATE {table}_default SET {nobody} WHERE {named} AND created_at < '{first}'")


def drop_before(table: str, day: date) -> None:
    for its_day, name in sorted(days_of(table).items()):
        if its_day < day:
            drop(name)
    first, _end = bounds(day)
    _do(f"DELETE FROM {table}_default WHERE created_at < '{first}'")


@transaction.atomic
def drop(name):
    _do(f"SET LOCAL lock_timeout = '{WAITS_SECONDS}s'")
    _do(f"DROP TABLE {name}")


def count_strays(table: str) -> int:
    """Events of days that have no partition yet."""
    return _rows(f"SELECT count(*) FROM {table}_default")[0][0]


def bounds(day: date) -> tuple[str, str]:
    first = datetime.combine(day, time(), UTC)
    return first.isoformat(), (first + DAY).isoformat()


def _do(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _rows(statement, params=None):
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall()
