"""Browsers with a history of their own, who ask for one page over and over."""

import http.client
import statistics
import threading
import time
from itertools import islice


def wait_for_model(port, version, seconds=60):
    give_up_at = time.monotonic() + seconds
    while ask(port, "/bench/model") != version.encode():
        if time.monotonic() > give_up_at:
            raise RuntimeError(f"the site does not serve {version}")
        time.sleep(0.5)


def ask(port, path, cookie=""):
    site = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    site.request("GET", path, headers={"Cookie": cookie})
    answer = site.getresponse()
    body = answer.read()
    site.close()
    if answer.status != 200:
        raise RuntimeError(f"{path} answered {answer.status}")
    return body


def measure(port, path, cookies, requests, browsers):
    """Requests a second, and percentiles of the waiting times."""
    waits, failures = [], []

    def browse(first):
        for number in range(first, requests + 4 * browsers, browsers):
            began = time.perf_counter()
            try:
                ask(port, path, cookies[number % len(cookies)])
            except (OSError, RuntimeError) as error:
                failures.append(error)
                return
            waits.append(time.perf_counter() - began)

    threads = [threading.Thread(target=browse, args=[n]) for n in range(browsers)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    if failures:
        raise failures[0]
    rate = len(waits) / took
    counted = list(islice(waits, 4 * browsers, None))  # without the warming up
    p50, p95, p99 = (
        1000 * statistics.quantiles(counted, n=100)[n - 1] for n in (50, 95, 99)
    )
    return f"{rate:.0f}/s, p50 {p50:.1f}, p95 {p95:.1f}, p99 {p99:.1f} ms"
