"""Requests a second, waiting times, CPU and queries of the shopper's pages.

make bench          about two minutes; only this machine is asked
"""

import argparse
import http.client
import os
import statistics
import threading
import time
from dataclasses import dataclass

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
django.setup()

from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from bench import filling, serving, shopping  # noqa: E402
from sellers.models import Seller  # noqa: E402

BROWSERS = 4
ORDERS = 40


@dataclass(frozen=True)
class Measured:
    waits: list[float]  # of each request, in seconds
    took: float
    cpu: float

    def row(self):
        """Requests a second, p50, p95 and p99 in ms, CPU ms a request."""
        count = len(self.waits)
        p50, p95, p99 = (self.percentile(nth) for nth in (50, 95, 99))
        cpu = 1000 * self.cpu / count
        return (
            f"{count / self.took:.0f} | {p50:.1f} | {p95:.1f} | {p99:.1f} | {cpu:.2f}"
        )

    def percentile(self, nth):
        return 1000 * statistics.quantiles(self.waits, n=100)[nth - 1]


def measure(port, path, seconds, processes):
    """Several browsers ask for one page over and over."""
    waits, failures = [], []
    give_up_at = time.monotonic() + seconds

    def browse():
        site = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while time.monotonic() < give_up_at:
            began = time.perf_counter()
            site.request("GET", path)
            answer = site.getresponse()
            answer.read()
            waits.append(time.perf_counter() - began)
            if answer.status != 200:
                failures.append(answer.status)

    threads = [threading.Thread(target=browse) for _ in range(BROWSERS)]
    spent, began = serving.cpu_seconds(processes), time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    if failures:
        raise RuntimeError(f"{path} answered {failures[0]}")
    return Measured(waits, took, serving.cpu_seconds(processes) - spent)


def measure_orders(port, processes):
    """Guests who buy two things of two sellers, one guest after another."""
    sellers = Seller.objects.filter(products__isnull=False).distinct().order_by("pk")
    products = [seller.products.published().first() for seller in sellers[1:3]]
    basket = [(p.get_absolute_url(), p.variants.first().pk) for p in products]
    site = f"http://127.0.0.1:{port}"
    shopping.order(site, basket)
    spent, began = serving.cpu_seconds(processes), time.perf_counter()
    waits = [shopping.order(site, basket) for _ in range(ORDERS)]
    took = time.perf_counter() - began
    return Measured(waits, took, serving.cpu_seconds(processes) - spent)


def count_queries(path):
    client = Client(SERVER_NAME="127.0.0.1")
    client.get(path)
    with CaptureQueriesContext(connection) as queries:
        client.get(path)
    return len(queries)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8119)
    parser.add_argument("--seconds", type=float, default=8, help="for each page")
    options = parser.parse_args()
    filling.ensure_filled()
    pages = filling.pages()
    queries = {name: count_queries(path) for name, path in pages.items()}
    connection.close()
    print(
        "| page | queries | requests/s | p50 ms | p95 ms | p99 ms | CPU ms | × bare |"
    )
    print("|---|---|---|---|---|---|---|---|")
    with serving.served(options.port) as processes:
        report(options, pages, queries, processes)


def report(options, pages, queries, processes):
    measure(options.port, "/bench/bare", 1, processes)
    bare = measure(options.port, "/bench/bare", options.seconds, processes)
    floor = bare.cpu / len(bare.waits)
    print(f"| a bare view | 0 | {bare.row()} | 1 |", flush=True)
    for name, path in pages.items():
        measure(options.port, path, 1, processes)  # warm
        found = measure(options.port, path, options.seconds, processes)
        ratio = found.cpu / len(found.waits) / floor
        print(f"| {name} | {queries[name]} | {found.row()} | {ratio:.1f} |", flush=True)
    found = measure_orders(options.port, processes)
    print(f"| order of two sellers | – | {found.row()} | – |")


if __name__ == "__main__":
    main()
