"""Searching for look-alikes among many videos: milliseconds, and the planner's way.

python -m bench.lookalikes [--rows 1000000]     in a database of its own, dropped after
"""

import argparse
import os
import random
import statistics
import time

import django
import psutil

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
django.setup()

from django.db import connection  # noqa: E402
from django.test.runner import DiscoverRunner  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from marketplace.moderation.screening import COMPARED  # noqa: E402
from videos import fingerprints  # noqa: E402
from videos.models import ContentFeatures  # noqa: E402

HASHES = 20
AT_ONCE = 20_000
SEARCHES = 200
# Of each hash, as scaling and encoding change them.
CHANGED_BITS = 3


def bands_in_sql():
    """As `fingerprints.bands_of` finds them, for the database to make a million."""
    places = range(fingerprints.PART_BITS)
    top = fingerprints.PARTS * fingerprints.PART_BITS - 1
    bands = [
        f"{number << fingerprints.PART_BITS} | "
        + " | ".join(
            f"(((h >> {top - number - place * fingerprints.PARTS}) & 1)"
            f" << {fingerprints.PART_BITS - 1 - place})"
            for place in places
        )
        for number in range(fingerprints.PARTS)
    ]
    chosen = [1 + n for n in fingerprints.indexed(list(range(HASHES)))]
    return (
        f"SELECT array_agg(DISTINCT band::integer ORDER BY band::integer) FROM"
        f" (SELECT CASE WHEN (hash & {fingerprints.TELLING_BIT}) = 0 THEN hash"
        f" ELSE hash # {fingerprints.MIRROR} END AS h"
        f" FROM unnest(hashes) WITH ORDINALITY AS listed (hash, number)"
        f" WHERE number = ANY (ARRAY{chosen})) AS upright,"
        f" unnest(ARRAY[{', '.join(bands)}]) AS band"
    )


def fill(rows):
    """Hashes of chance, without videos: nothing here asks for those."""
    table = ContentFeatures._meta.db_table
    index = next(i for i in ContentFeatures._meta.indexes if i.name == "features_bands")
    with connection.schema_editor() as editor:
        editor.remove_index(ContentFeatures, index)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SET maintenance_work_mem = '1GB'")
        for start in range(0, rows, AT_ONCE):
            cursor.execute(
                f"INSERT INTO {table} (video_id, hashes, scenes, bands)"
                f" SELECT n, hashes, '[]', ({bands_in_sql()}) FROM generate_series"
                f"({start + 1}, {min(start + AT_ONCE, rows)}) AS n, LATERAL (SELECT"
                " array_agg((random() * 2147483647)::bigint << 32"
                f" | (random() * 4294967295)::bigint) AS hashes"
                f" FROM generate_series(1, {HASHES}) WHERE n > 0) AS made"
            )
    with connection.schema_editor() as editor:
        editor.add_index(ContentFeatures, index)
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM ANALYZE {table}")


def slightly_changed(value):
    for bit in random.sample(range(len(fingerprints.ORDER)), CHANGED_BITS):
        value ^= 1 << bit
    return value


def search(pk):
    """Seconds, and whether a changed copy of this one is found first."""
    hashes = [slightly_changed(h) for h in ContentFeatures.objects.get(pk=pk).hashes]
    began = time.perf_counter()
    bands = fingerprints.bands_near(hashes)
    found = ContentFeatures.objects.likeliest(bands, COMPARED + 1)
    return time.perf_counter() - began, found[0] == pk


def cpu_seconds():
    """Of this process and of the database's that works for it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pids = [os.getpid(), *cursor.fetchone()]
    return sum(sum(psutil.Process(pid).cpu_times()[:2]) for pid in pids)


def explain(pk):
    with CaptureQueriesContext(connection) as queries:
        search(pk)
    with connection.cursor() as cursor:
        found = next(query for query in queries if "unnest" in query["sql"])
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {found['sql']}")
        for (line,) in cursor.fetchall():
            print(f"    {line[:100]}")


def report(rows):
    fill(rows)
    some = ContentFeatures.objects.get(pk=rows)
    if some.bands != fingerprints.bands_of(some.hashes):
        raise RuntimeError("the database makes other parts than the product")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_table_size(%s), pg_relation_size('features_bands')",
            [ContentFeatures._meta.db_table],
        )
        table, index = (size / rows / 1000 for size in cursor.fetchone())
        print(f"{rows} rows of {HASHES} hashes: {table:.1f} kB each in the table,")
        print(f"{index:.1f} kB in the index")
    explain(rows)
    before = cpu_seconds()
    found = [search(random.randint(1, rows)) for _ in range(SEARCHES)]
    cpu = 1000 * (cpu_seconds() - before) / SEARCHES
    times = sorted(1000 * seconds for seconds, _ in found)
    slow = times[len(times) * 95 // 100]
    print(
        f"{SEARCHES} searches: median {statistics.median(times):.0f} ms,"
        f" p95 {slow:.0f} ms, {cpu:.0f} ms of CPU each;"
        f" {sum(first for _, first in found)} found"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    runner = DiscoverRunner(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    try:
        report(options.rows)
    finally:
        connection.close()
        runner.teardown_databases(databases)


if __name__ == "__main__":
    main()
