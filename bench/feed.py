"""The feed by size of the catalogue: training, the model's answers, the whole page.

    python -m bench.feed [--videos 10000 100000] [--requests 400]

For each size a synthetic catalogue and history (ten events a video, visits that keep to
a subject, popularity by Zipf) is trained on, stored and put in service; then viewers
with a history ask.  The page is asked for over HTTP, one browser at a time and four at
once, and beside it, in the same run, a bare view that returns ten items from memory.
Database, Redis and files of its own; what an earlier run left there is removed.
"""

import argparse
import os
import resource
import secrets
import statistics
import time
from dataclasses import dataclass

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
django.setup()

import numpy as np  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from bench import browsing, serving  # noqa: E402
from tests import factories  # noqa: E402
from videos.feed import matching, training  # noqa: E402
from videos.feed import serving as models  # noqa: E402
from videos.feed.model.audience import AudienceSettings  # noqa: E402
from videos.feed.model.recommender import DIMENSIONS, History, Recommender  # noqa: E402
from videos.feed.trials import SPREADS  # noqa: E402
from videos.models import (  # noqa: E402
    FeedModel,
    Impression,
    Video,
    VideoTrial,
    WatchEvent,
)

EVENTS_A_VIDEO = 10
EVENTS_A_VISIT = 7
VISITS_A_PERSON = 3
VIDEOS_A_SUBJECT = 200
SHOPS = 200
VIEWERS, REMEMBERED = 100, 40
WORDS = 5000


@dataclass(frozen=True)
class Catalogue:
    keys: np.ndarray
    subjects: np.ndarray
    random: np.random.Generator

    @classmethod
    def of(cls, keys):
        random = np.random.default_rng(7)
        subject_count = max(len(keys) // VIDEOS_A_SUBJECT, 2)
        return cls(keys, random.integers(0, subject_count, len(keys)), random)

    def documents(self):
        """Of each video eight words, five of them its subject's."""
        for subject in self.subjects.tolist():
            words = self.random.integers(0, WORDS, 3).tolist()
            own = (subject * 37 + self.random.integers(0, 12, 5)).tolist()
            yield [(" ".join(f"w{word}" for word in words + own), 1)]

    def history(self):
        count = EVENTS_A_VIDEO * len(self.keys)
        visits = np.arange(count) // EVENTS_A_VISIT
        visit_count = visits[-1] + 1
        order = np.argsort(self.subjects, kind="stable")
        starts = np.searchsorted(
            self.subjects[order], np.arange(self.subjects.max() + 2)
        )
        subject = self.random.integers(0, self.subjects.max() + 1, visit_count)[visits]
        sizes = starts[subject + 1] - starts[subject]
        # Rank by Zipf: within its subject, the nth video is taken 1/n as often.
        rank = np.exp(self.random.random(count) * np.log(np.maximum(sizes, 1))) - 1
        at = np.minimum(starts[subject] + rank.astype(int), len(order) - 1)
        return History(
            visits=visits,
            people=visits // VISITS_A_PERSON,
            items=self.keys[order[at]],
            worth=np.ones(count, np.float32),
            times=np.arange(count, dtype=float),
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--videos", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--requests", type=int, default=400)
    parser.add_argument("--port", type=int, default=8121)
    options = parser.parse_args()
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    call_command("migrate", verbosity=0)
    for size in options.videos:
        print(f"\n{size:,} videos; load {os.getloadavg()[0]:.1f}", flush=True)
        call_command("flush", interactive=False, verbosity=0)
        history = fill(size)
        viewers = make_viewers(history)
        answer(viewers, options.requests)
        pages(viewers, options)


def fill(size):
    """Rows, a model that serves, and trials of the newest; the history it is from."""
    keys = make_videos(size)
    catalogue = Catalogue.of(keys)
    history = catalogue.history()
    began, before = time.perf_counter(), time.process_time()
    recommender = Recommender.fit(keys, list(catalogue.documents()), history)
    took, spent = time.perf_counter() - began, time.process_time() - before
    millions = len(history) / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    model = training.store(recommender, {})
    model.put_in_service()
    models.load_current()
    folder = settings.FEED_MODEL_ROOT / model.version
    mapped = sum(file.stat().st_size for file in folder.iterdir()) / 1e6
    print(
        f"  trained on {len(history):,} events in {took:.0f} s ({spent:.0f} s of CPU, "
        f"{spent / millions:.0f} a million events), peak {peak:.0f} MB; "
        f"files, which all processes share: {mapped:.0f} MB",
        flush=True,
    )
    return history


def make_videos(size):
    """One by the factory, the others copies of it under other names."""
    shops = [factories.make_seller() for _ in range(SHOPS)]
    first = factories.make_video(seller=shops[0])
    product = factories.make_product(seller=shops[0])
    factories.make_variant(product=product, stock=100)
    fields = [f.column for f in Video._meta.concrete_fields if not f.generated]
    own = {
        "public_id": "'v' || number",
        "seller_id": f"%s + number %% {SHOPS}",
        "published_at": "published_at - number * interval '1 second'",
    }
    columns = [name for name in fields if name != "id"]
    values = ", ".join(own.get(name, name) for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {Video._meta.db_table} ({', '.join(columns)}) SELECT {values}"
            f" FROM {Video._meta.db_table}, generate_series(1, %s) AS number",
            [shops[0].pk, size - 1],
        )
        keys = np.array(
            Video.objects.order_by("pk").values_list("pk", flat=True), np.int64
        )
        make_trials(first, keys)
        cursor.execute("ANALYZE")
    factories.make_tag(video=first, product=product)
    return keys


def make_trials(video, keys):
    """Of every video, as after some weeks."""
    covariance = np.diag(np.square(np.array(SPREADS, np.float32)) / 2)
    mean = np.zeros(DIMENSIONS + 1, np.float32)
    VideoTrial.objects.create(
        video=video, pool=VideoTrial.Pool.OPEN, shown=400, finished=200, tapped=20,
        mean=mean.tobytes(), covariance=covariance.tobytes(),
        pull_weight=AudienceSettings.pull**-2,
    )  # fmt: skip
    fields = [f.column for f in VideoTrial._meta.concrete_fields]
    rest = [name for name in fields if name not in ("video_id", "pool", "shown")]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {VideoTrial._meta.db_table}"
            f" (video_id, pool, shown, {', '.join(rest)})"
            f" SELECT number, number %% 5, number %% 400, {', '.join(rest)}"
            f" FROM {VideoTrial._meta.db_table}, unnest(%s::bigint[]) AS number"
            f" WHERE number <> video_id",
            [keys.tolist()],
        )


def make_viewers(history):
    """Browsers that have seen some videos, and finished most of them."""
    random = np.random.default_rng(8)
    viewers = [secrets.token_urlsafe(16) for _ in range(VIEWERS)]
    starts = random.integers(0, len(history) - REMEMBERED, VIEWERS)
    pairs = [
        (viewer, int(video))
        for viewer, start in zip(viewers, starts, strict=True)
        for video in np.unique(history.items[start : start + REMEMBERED])
    ]
    Impression.objects.bulk_create(
        Impression(viewer=viewer, video_id=video) for viewer, video in pairs
    )
    WatchEvent.objects.bulk_create(
        WatchEvent(viewer=viewer, video_id=video, watched_ms=8000)
        for viewer, video in pairs
        if random.random() < 0.7
    )
    return viewers


def answer(viewers, count):
    """What ranking a page asks of the model, with and without its queries."""
    liked = []
    for viewer in viewers:
        views = matching.views_before([viewer], django.utils.timezone.now())
        liked.append(views.videos[views.finished > 0])
    found = models.current().recommender
    pure = timed(lambda n: matching.found_by_model(found, liked[n % len(liked)]), count)
    newest = list(
        Video.objects.order_by("-published_at").values_list("pk", flat=True)[:500]
    )

    def personal(number):
        match = matching.match(viewers[number % len(viewers)])
        keys = list(dict.fromkeys([*newest, *match.keys.tolist()]))
        suits = match.affinities(keys)
        match.with_trials(sorted(keys, key=suits.get, reverse=True), 10)

    say("the model's candidates", pure)
    say("everything personal, with its queries", timed(personal, count))
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
    client = Client(SERVER_NAME="127.0.0.1")
    client.cookies["viewer"] = viewers[0]
    client.get("/")
    with CaptureQueriesContext(connection) as queries:
        client.get("/")
    connection.close()
    print(f"  queries of a page: {len(queries)}")
    cookies = [f"viewer={viewer}" for viewer in viewers]
    with serving.served(options.port) as processes:
        browsing.wait_for_model(options.port, FeedModel.objects.serving().get().version)
        connection.close()
        for name, path in (("ten items from memory", "/bench/ten"), ("the page", "/")):
            for browsers in (1, 4):
                found = browsing.measure(
                    options.port, path, cookies, options.requests, browsers
                )
                print(f"  {name}, {browsers} at once: {found}", flush=True)
        workers = [p for root in processes[:1] for p in root.children(recursive=True)]
        own = sum(p.memory_full_info().uss for p in workers) / 1e6
        print(f"  a web process holds {own:.0f} MB of its own", flush=True)


if __name__ == "__main__":
    main()
