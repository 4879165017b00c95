"""Events are kept in partitions of a day each, and keep how they were told.

All rows are carried over, in one transaction, during which nothing is written.  The
former keys go, which nothing pointed to; an event's new one says when it was.
"""

from datetime import timedelta

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.utils import timezone

import videos.models.event

AHEAD_DAYS = 7
COLUMNS = """
    id uuid NOT NULL,
    video_id bigint NOT NULL REFERENCES videos_video DEFERRABLE INITIALLY DEFERRED,
    viewer varchar(40) NOT NULL,
    user_id bigint REFERENCES accounts_user DEFERRABLE INITIALLY DEFERRED,
    created_at timestamptz NOT NULL,
    written_at timestamptz NOT NULL DEFAULT clock_timestamp(),
"""
OWN_COLUMNS = {
    "videos_impression": "position smallint NOT NULL CHECK (position >= 0)",
    "videos_watchevent": """
        kind varchar(16) NOT NULL,
        watched_ms integer NOT NULL CHECK (watched_ms >= 0),
        share smallint NOT NULL CHECK (share >= 0),
        loops smallint NOT NULL CHECK (loops >= 0),
        is_skip boolean NOT NULL,
        product_id bigint,
        quantity integer NOT NULL CHECK (quantity >= 0)
    """,
}
INDEXES = {"videos_impression": "impressions", "videos_watchevent": "watch_events"}
# The time in milliseconds, then chance, as `event_id` makes them.
NEW_ID = """
    (lpad(to_hex(floor(extract(epoch FROM created_at) * 1000)::bigint), 12, '0')
     || substr(md5(random()::text || id::text), 1, 20))::uuid
"""
CARRIED_OVER = {
    "videos_impression": ("position", "position"),
    "videos_watchevent": (
        "kind, watched_ms, share, loops, is_skip, quantity",
        "kind, watched_ms, 0, 0, false, 0",
    ),
}


def part_by_day(apps, schema_editor):
    for table, own_columns in OWN_COLUMNS.items():
        with schema_editor.connection.cursor() as cursor:
            set_aside(cursor, table)
            create(cursor, table, own_columns)
            for day in days_of(cursor, table):
                add_partition(cursor, table, day)
            carry_over(cursor, table)


def set_aside(cursor, table):
    """Without its indexes, whose names the new ones take."""
    cursor.execute(f"ALTER TABLE {table} RENAME TO {table}_before")
    cursor.execute(f"ALTER TABLE {table}_before DROP CONSTRAINT {table}_pkey")
    cursor.execute(
        "SELECT indexname FROM pg_indexes"
        " WHERE schemaname = current_schema() AND tablename = %s",
        [f"{table}_before"],
    )
    for (index,) in cursor.fetchall():
        cursor.execute(f'DROP INDEX "{index}"')


def create(cursor, table, own_columns):
    cursor.execute(
        f"CREATE TABLE {table} ({COLUMNS} {own_columns}, PRIMARY KEY (id, created_at))"
        " PARTITION BY RANGE (created_at)"
    )
    # What has no day of its own is refused nowhere; the clock finds it a place.
    cursor.execute(f"CREATE TABLE {table}_default PARTITION OF {table} DEFAULT")
    name = INDEXES[table]
    for index, what in {
        "of_video": "(video_id, created_at)",
        "of_viewer": "(viewer, video_id)",
        "lately": "(written_at)",
        "of_user": "(user_id) WHERE user_id IS NOT NULL",
    }.items():
        cursor.execute(f"CREATE INDEX {name}_{index} ON {table} {what}")


def days_of(cursor, table):
    cursor.execute(
        "SELECT DISTINCT (created_at AT TIME ZONE 'UTC')::date"
        f" FROM {table}_before ORDER BY 1"
    )
    today = timezone.now().date()
    ahead = {today + timedelta(days=n) for n in range(AHEAD_DAYS + 1)}
    return sorted(ahead.union(day for (day,) in cursor.fetchall()))


def add_partition(cursor, table, day):
    cursor.execute(
        f"CREATE TABLE {table}_{day:%Y%m%d} PARTITION OF {table} FOR VALUES"
        f" FROM ('{day} 00:00+00') TO ('{day + timedelta(days=1)} 00:00+00')"
    )


def carry_over(cursor, table):
    columns, values = CARRIED_OVER[table]
    cursor.execute(
        f"INSERT INTO {table}"
        f" (id, video_id, viewer, user_id, created_at, written_at, {columns})"
        f" SELECT {NEW_ID}, video_id, viewer, user_id, created_at, created_at, {values}"
        f" FROM {table}_before"
    )
    # Nothing can be changed about a table whose foreign keys are yet to be checked.
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    cursor.execute(f"DROP TABLE {table}_before")


def count_up_to_now(apps, schema_editor):
    """From here on new events are added to the counters, which were counted anew."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE videos_video SET view_count = (
                SELECT count(*) FROM videos_impression WHERE video_id = videos_video.id
            ), share_count = (
                SELECT count(*) FROM videos_watchevent
                WHERE video_id = videos_video.id AND kind = 'share'
            )
            WHERE id IN (
                SELECT video_id FROM videos_impression
                WHERE created_at > now() - interval '1 hour'
                UNION
                SELECT video_id FROM videos_watchevent
                WHERE created_at > now() - interval '1 hour'
            )
            """
        )
        cursor.execute(
            "INSERT INTO videos_eventprogress VALUES ('counters', clock_timestamp())"
        )


def whose(name):
    return [
        (
            "id",
            models.UUIDField(
                default=videos.models.event.new_event_id,
                editable=False,
                primary_key=True,
                serialize=False,
            ),
        ),
        ("viewer", models.CharField(blank=True, max_length=40)),
        ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
        (
            "written_at",
            models.DateTimeField(db_default=videos.models.event.ClockTimestamp()),
        ),
        (
            "user",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=videos.models.event.forget,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        (
            "video",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name=name,
                to="videos.video",
            ),
        ),
    ]


def indexes(name):
    return [
        models.Index(fields=["video", "created_at"], name=f"{name}_of_video"),
        models.Index(fields=["viewer", "video"], name=f"{name}_of_viewer"),
        models.Index(fields=["written_at"], name=f"{name}_lately"),
        models.Index(
            condition=models.Q(("user__isnull", False)),
            fields=["user"],
            name=f"{name}_of_user",
        ),
    ]


IMPRESSION = migrations.CreateModel(
    name="Impression",
    fields=[
        *whose("impressions"),
        ("position", models.PositiveSmallIntegerField(default=0)),
    ],
    options={"indexes": indexes("impressions")},
)
WATCH_EVENT = migrations.CreateModel(
    name="WatchEvent",
    fields=[
        *whose("watch_events"),
        (
            "kind",
            models.CharField(
                choices=[
                    ("watch", "Watched"),
                    ("like", "Liked"),
                    ("save", "Saved"),
                    ("share", "Shared"),
                    ("follow", "Followed the shop"),
                    ("comment", "Commented"),
                    ("not_interested", "Not interested"),
                    ("report", "Reported"),
                    ("tag_seen", "Saw a product"),
                    ("tag", "Opened a product"),
                    ("cart", "Added to the cart"),
                    ("purchase", "Bought"),
                    ("refund", "Paid back"),
                ],
                default="watch",
                max_length=16,
            ),
        ),
        ("watched_ms", models.PositiveIntegerField(default=0)),
        ("share", models.PositiveSmallIntegerField(default=0)),
        ("loops", models.PositiveSmallIntegerField(default=0)),
        ("is_skip", models.BooleanField(default=False)),
        (
            "product",
            models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="sellers.product",
            ),
        ),
        ("quantity", models.PositiveIntegerField(default=0)),
    ],
    options={"indexes": indexes("watch_events")},
)


class Migration(migrations.Migration):
    dependencies = [
        ("videos", "0017_expect_of_shops"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="EventProgress",
            fields=[
                (
                    "job",
                    models.CharField(max_length=20, primary_key=True, serialize=False),
                ),
                ("until", models.DateTimeField()),
            ],
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(part_by_day)],
            state_operations=[
                migrations.DeleteModel("Impression"),
                migrations.DeleteModel("WatchEvent"),
                IMPRESSION,
                WATCH_EVENT,
            ],
        ),
        migrations.RunPython(count_up_to_now),
    ]
