"""Events through the endpoint into the table: how many, how fast, and that all arrive.

    python -m bench.ingestion [--events 2000] [--batch 20] [--seconds 20] [--pages 5]

Browsers send so many events a second beside so many pages of the feed, and each asks a
bare view in turn, so that both meet the same machine.  A worker writes every five
seconds, as the clock has it.  With --faults it is killed every two seconds, and Redis,
the embedded one, once.  Exit status 1 if an event is lost or counted twice.
"""

import argparse
import contextlib
import http.client
import itertools
import json
import os
import secrets
import statistics
import subprocess
import sys
import threading
import time

import django
import psutil

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402

from bench import filling, serving  # noqa: E402
from marketplace import embedded  # noqa: E402
from marketplace.redis_breaker import RedisAway  # noqa: E402
from videos.feed import event_log, event_stream, tokens  # noqa: E402
from videos.feed.counting import written_until  # noqa: E402
from videos.models import Impression, Video, WatchEvent  # noqa: E402

BROWSERS = 4
WRITES_EVERY_SECONDS = 5
KILLS_EVERY_SECONDS = 2
PATIENCE_SECONDS = 120
JSON = {"Content-Type": "application/json"}


class Browsers:
    """Send prepared batches at a rate; how long each request took."""

    def __init__(self, port, batches, rate):
        self.port, self.batches, self.rate = port, iter(batches), rate
        self.waits = {"events": [], "bare": [], "page": []}
        self.recorded = 0
        self.lock, self.ends = threading.Lock(), threading.Event()

    def run(self, pages):
        """Until all batches are sent; how many seconds that took."""
        browsers = [threading.Thread(target=self.tell) for _ in range(BROWSERS)]
        looker = threading.Thread(target=self.look, args=[pages])
        self.began, self.places = time.perf_counter(), itertools.count()
        for thread in (*browsers, looker):
            thread.start()
        for thread in browsers:
            thread.join()
        took = time.perf_counter() - self.began
        self.ends.set()
        looker.join()
        return took

    def tell(self):
        site = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        while True:
            with self.lock:
                batch, place = next(self.batches, None), next(self.places)
            if batch is None:
                return
            viewer, body = batch
            due = self.began + place / self.rate if self.rate else 0
            time.sleep(max(0, due - time.perf_counter()))
            headers = JSON | {"Cookie": f"viewer={viewer}"}
            answer = self.ask(site, "events", "POST", "/api/events", body, headers)
            with self.lock:
                self.recorded += json.loads(answer)["recorded"]
            if self.rate:
                self.ask(site, "bare", "POST", "/bench/bare-post", body, headers)

    def look(self, pages):
        site = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        while pages and not self.ends.wait(1 / pages):
            self.ask(site, "page", "GET", "/")

    def ask(self, site, name, *request):
        began = time.perf_counter()
        site.request(*request)
        answer = site.getresponse()
        body = answer.read()
        self.waits[name].append(time.perf_counter() - began)
        if answer.status not in {200, 202}:
            raise RuntimeError(f"{request[1]} answered {answer.status}: {body[:300]}")
        return body


def make_batches(run, count, size):
    """Of as many browsers, each of which was shown half as many videos."""
    videos = list(Video.objects.published().values_list("pk", flat=True))
    at_ms = tokens.now_ms() - 30_000
    for number in range(count):
        viewer, events = f"{run}{number:014}", []
        for place in range(size // 2):
            token = tokens.sign(viewer, videos[place % len(videos)], place, at_ms)
            events.append({"token": token, "kind": "impression"})
            watch = {"kind": "watch", "watched_ms": 4000, "share": 500}
            events.append({"token": token, **watch})
        yield viewer, json.dumps({"events": events})


def kept(run):
    models = (Impression, WatchEvent)
    return sum(m.objects.filter(viewer__startswith=run).count() for m in models)


def wait_until_kept(run, wanted):
    """Seconds until all are in the tables and the stream is empty."""
    began = time.perf_counter()
    while kept(run) < wanted or waiting():
        if time.perf_counter() - began > PATIENCE_SECONDS:
            break
        time.sleep(0.2)
    return time.perf_counter() - began


def waiting():
    try:
        return event_stream.length()
    except RedisAway:
        return True


class Writer:
    """The worker, in a process of its own."""

    def __init__(self):
        self.start()

    def start(self):
        command = [sys.executable, "-m", "bench.ingestion", "--write"]
        self.process = subprocess.Popen(command)

    def stop(self):
        self.process.kill()
        self.process.wait()

    def trouble(self, ends):
        """Kill it again and again until the browsers are done, and Redis once."""
        redis = embedded.Redis(settings.VAR_DIR)
        for number in itertools.count():
            if ends.wait(KILLS_EVERY_SECONDS):
                return
            self.stop()
            if number == 2:
                redis.running().kill()
                redis.start()
            self.start()


def write_for_ever():
    while True:
        began = time.monotonic()
        with contextlib.suppress(RedisAway):
            event_log.drain()
        time.sleep(max(0, began + WRITES_EVERY_SECONDS - time.monotonic()))


def row(name, waits):
    cuts = statistics.quantiles(waits, n=100)
    p50, p95, p99 = (1000 * cuts[nth - 1] for nth in (50, 95, 99))
    return f"| {name} | {len(waits)} | {p50:.1f} | {p95:.1f} | {p99:.1f} |"


def measure(options, processes, *, rate, pages, is_sent=None):
    run, size = secrets.token_hex(4), options.batch
    batches = list(make_batches(run, options.events * options.seconds // size, size))
    browsers = Browsers(options.port, batches, rate)
    spent = serving.cpu_seconds(processes)
    took = browsers.run(pages)
    if is_sent:
        is_sent()
    late = wait_until_kept(run, browsers.recorded)
    spent = serving.cpu_seconds(processes) - spent
    sent, found = len(batches) * size // 2 * 2, kept(run)
    print(
        f"{sent / took:.0f} events/s, {sent} in {took:.1f} s; {browsers.recorded}"
        f" taken, {found} in the tables {late:.1f} s after the last; server, database"
        f" and worker took {1e6 * spent / sent:.0f} µs of CPU an event"
    )
    for model in (Impression, WatchEvent):
        model.objects.filter(viewer__startswith=run).delete()
    return browsers, sent == browsers.recorded == found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--port", type=int, default=8119)
    parser.add_argument("--events", type=int, default=2000, help="a second")
    parser.add_argument("--batch", type=int, default=20)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--pages", type=float, default=5, help="of the feed, a second")
    parser.add_argument("--faults", action="store_true", help="see above")
    parser.add_argument("--write", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write:
        write_for_ever()
    filling.ensure_filled()
    event_stream.client(settings.REDIS_URL).delete(event_stream.STREAM)
    written_until()
    writer = Writer()
    try:
        with serving.served(options.port) as processes:
            is_whole = report(options, processes, writer)
    finally:
        writer.stop()
        connection.close()
    sys.exit(not is_whole)


def report(options, processes, writer):
    if options.faults:
        return is_whole_in_spite_of(writer, options, processes)
    processes = [*processes, psutil.Process(writer.process.pid)]
    rate = options.events / options.batch
    print(f"{rate:.0f} batches of {options.batch} a second, {options.pages} pages")
    paced, is_whole = measure(options, processes, rate=rate, pages=options.pages)
    print("\n| request | number | p50 ms | p95 ms | p99 ms |\n|---|---|---|---|---|")
    for name, waits in paced.waits.items():
        print(row(name, waits))
    print("\nas fast as they go, without pages")
    _fast, is_whole_too = measure(options, processes, rate=0, pages=0)
    return is_whole and is_whole_too


def is_whole_in_spite_of(writer, options, processes):
    ends = threading.Event()
    troubling = threading.Thread(target=writer.trouble, args=[ends])
    troubling.start()
    try:
        rate = options.events / options.batch
        sent = measure(options, processes, rate=rate, pages=0, is_sent=ends.set)
    finally:
        ends.set()
        troubling.join()
    return sent[1]


if __name__ == "__main__":
    main()
