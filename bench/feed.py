"""The feed by size of the catalogue: training, the model's answers, the whole page.

    python -m bench.feed [--videos 10000 100000] [--requests 400] [--as-filled]

For each size a synthetic catalogue and history (ten events a video, visits that keep to
a subject, popularity by Zipf) is trained on, stored and put in service; then viewers
with a history ask.  Above 100,000 videos training would outgrow the machine: the model
is made as large as its limits allow instead.  The page is asked for over HTTP, one
browser at a time and four at once, and beside it, in the same run, a bare view that
returns ten items from memory.  Database, Redis and files of its own; what an earlier
run left there is removed, unless it is to be asked --as-filled: for another state of
the code on the same rows.
"""

import argparse
import os
import resource
import statistics
import time

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
django.setup()

import numpy as np  # noqa: E402
import psutil  # noqa: E402
from django.conf import settings  # noqa: E402
from django.contrib.auth import get_user_model  # noqa: E402
from django.core.cache import cache  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from bench import browsing, serving  # noqa: E402
from bench.catalogue import (  # noqa: E402
    SPREAD,
    VIEWERS,
    Catalogue,
    make_videos,
    make_viewers,
    pasts_in,
)
from bench.full_size import full_size  # noqa: E402
from marketplace.discovery import searching  # noqa: E402
from tests import factories  # noqa: E402
from videos.feed import matching, sessions, training  # noqa: E402
from videos.feed import serving as models  # noqa: E402
from videos.feed.gates import public_videos  # noqa: E402
from videos.feed.model.recommender import Recommender  # noqa: E402
from videos.feed.watchers import Watcher  # noqa: E402
from videos.models import FeedModel, Impression, Video, WatchEvent  # noqa: E402

# More than one machine's memory has room to train on.
TRAINED_UP_TO = 100_000
PAGE, SEARCHES = 10, 40


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--videos", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--requests", type=int, default=400)
    parser.add_argument("--port", type=int, default=8121)
    parser.add_argument("--as-filled", action="store_true")
    options = parser.parse_args()
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    call_command("migrate", verbosity=0)
    for size in options.videos:
        print(f"\n{size:,} videos; load {os.getloadavg()[0]:.1f}", flush=True)
        if options.as_filled:
            viewers = known_viewers()
        else:
            call_command("flush", interactive=False, verbosity=0)
            viewers = fill(size)
        models.load_current()
        answer(viewers, options.requests)
        searches()
        pages(viewers, options)
        shares(viewers, options.port)


def fill(size):
    """Rows, and a model that serves; the viewers who will ask."""
    began = time.perf_counter()
    keys = make_videos(size)
    print(f"  rows written in {time.perf_counter() - began:.0f} s", flush=True)
    catalogue = Catalogue.of(keys)
    if size > TRAINED_UP_TO:
        recommender, history = full_size(catalogue)
    else:
        recommender, history = trained(catalogue)
    model = training.store({"recommender": recommender}, {})
    model.put_in_service()
    viewers = make_viewers(keys, list(pasts_in(history)))
    for event in (Impression, WatchEvent):
        print(f"  {stored_bytes(event):.0f} bytes a row of {event.__name__}")
    return viewers


def trained(catalogue):
    history = catalogue.history()
    began, before = time.perf_counter(), time.process_time()
    recommender = Recommender.fit(catalogue.keys, list(catalogue.documents()), history)
    took, spent = time.perf_counter() - began, time.process_time() - before
    millions = len(history) / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"  trained on {len(history):,} events in {took:.0f} s ({spent:.0f} s of CPU, "
        f"{spent / millions:.0f} a million events), peak {peak:.0f} MB",
        flush=True,
    )
    return recommender, history.items


def stored_bytes(event):
    """With its indexes."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree(%s)",
            [event._meta.db_table],
        )
        return float(cursor.fetchone()[0]) / event.objects.count()


def known_viewers():
    """Those of the run that filled the site: of each many impressions."""
    shown = Impression.objects.values("viewer").annotate(
        count=django.db.models.Count("pk")
    )
    rows = shown.filter(count__gt=2).order_by("viewer").values_list("viewer", flat=True)
    return list(rows[:VIEWERS])


def answer(viewers, count):
    """What ranking a page asks of the model, with and without its queries."""
    liked = []
    for viewer in viewers:
        views = matching.seen_by(Watcher(viewer))
        liked.append(views.videos[views.finished > 0])
    found = models.current().recommender
    pure = timed(lambda n: matching.found_by_model(found, liked[n % len(liked)]), count)
    say("the model's candidates", pure)
    videos = public_videos()

    def ranked(number):
        watcher = Watcher(viewers[number % len(viewers)])
        sessions.choose(videos, watcher, [], PAGE)

    say("a whole ranking, with its queries", timed(ranked, count))
    connection.close()


def searches():
    """Of the videos, for words of which some have fewer than others."""
    rare = f"w{Video.objects.count() // 20 * 10}"
    title = Video.objects.order_by("pk").values_list("title", flat=True)[0]
    for word in [rare, *reversed(SPREAD), title.split()[0]]:
        found = searching.videos(word)
        say(f"a search for {word}", timed(lambda _, f=found: list(f[:PAGE]), SEARCHES))
    connection.close()


def timed(work, count):
    """Of each time, milliseconds by the clock and of this process's CPU."""
    times = []
    for number in range(-10, count):
        began, before = time.perf_counter(), time.process_time()
        work(number)
        spent = time.process_time() - before
        times.append((1000 * (time.perf_counter() - began), 1000 * spent))
    return zip(*times[10:], strict=True)


def say(what, measured):
    by_clock, by_cpu = (
        [statistics.quantiles(times, n=100)[n - 1] for n in (50, 95, 99)]
        for times in measured
    )
    print(
        f"  {what}: p50 {by_clock[0]:.1f}, p95 {by_clock[1]:.1f}, "
        f"p99 {by_clock[2]:.1f} ms; CPU p50 {by_cpu[0]:.1f}, p99 {by_cpu[2]:.1f} ms",
        flush=True,
    )


def pages(viewers, options):
    user = get_user_model().objects.first() or factories.make_user()
    # Of the sample one more is written.
    settings.FEED_LOG_PERCENT = 0
    for who in ("a guest", "an account"):
        client = Client(SERVER_NAME="127.0.0.1")
        client.cookies["viewer"] = viewers[0]
        if who == "an account":
            client.force_login(user)
        client.get("/")
        client.get("/")
        with CaptureQueriesContext(connection) as queries:
            client.get("/")
        print(f"  queries of a page for {who}: {len(queries)}")
    connection.close()
    cookies = [f"viewer={viewer}" for viewer in viewers]
    with serving.served(options.port) as processes:
        wait_for_model(options.port)
        for name, path in (("ten items from memory", "/bench/ten"), ("the page", "/")):
            for browsers in (1, 4):
                before = serving.cpu_seconds(processes)
                found = browsing.measure(
                    options.port, path, cookies, options.requests, browsers
                )
                spent = serving.cpu_seconds(processes) - before
                a_request = 1000 * spent / (options.requests + 4 * browsers)
                print(
                    f"  {name}, {browsers} at once: {found}; CPU {a_request:.1f} ms",
                    f"(load {os.getloadavg()[0]:.1f})",
                    flush=True,
                )
        own = sum(p.memory_full_info().uss for p in workers_of(processes)) / 1e6
        print(f"  a web process holds {own:.0f} MB of its own", flush=True)
    print(f"  {visit_bytes():.0f} bytes of Redis a visit of one page", flush=True)


def shares(viewers, port):
    """Of the model's files, what each of two web processes has in memory."""
    with serving.served(port, workers=2) as processes:
        wait_for_model(port)
        cookies = [f"viewer={viewer}" for viewer in viewers]
        browsing.measure(port, "/", cookies, 4 * len(viewers), 8)
        for number, worker in enumerate(workers_of(processes), 1):
            maps = [
                m
                for m in worker.memory_maps()
                if f"{settings.FEED_MODEL_ROOT}/" in m.path
            ]
            mapped, resident, share = (
                sum(getattr(m, name) for m in maps) / 1e6
                for name in ("size", "rss", "pss")
            )
            print(
                f"  web process {number} of 2: model mapped {mapped:.0f} MB, of that in"
                f" memory {resident:.0f}, its share {share:.0f} MB"
            )


def workers_of(processes):
    children = [p for root in processes[:1] for p in root.children(recursive=True)]
    return [p for p in children if p.status() != psutil.STATUS_ZOMBIE]


def wait_for_model(port):
    version = FeedModel.objects.serving().get().version
    connection.close()
    browsing.wait_for_model(port, version)


def visit_bytes():
    """As Redis counts them."""
    server = cache._cache.get_client()
    sizes = [
        server.memory_usage(key)
        for key in server.scan_iter(match="*feed:visit:*", count=1000)
    ]
    return float(np.mean(sizes)) if sizes else 0.0


if __name__ == "__main__":
    main()
