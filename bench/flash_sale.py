"""200 guests want 10 items in the same instant: sold, refused, waiting times.

python -m bench.flash_sale          about a minute; only this machine is asked
"""

import argparse
import os
import statistics
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
django.setup()

import requests  # noqa: E402
from django.db import connection  # noqa: E402

from bench import filling, serving, shopping  # noqa: E402
from sellers import stock  # noqa: E402
from sellers.models import Seller, StockLevel  # noqa: E402
from tests import factories  # noqa: E402

TIMEOUT_SECONDS = 60


def put_on_sale(items):
    seller = Seller.objects.filter(shipping_rates__isnull=False).first()
    # The factories count anew in each run; the database stays.
    slug = f"flash-sale-{time.time_ns()}"
    product = factories.make_product(seller=seller, title="Flash sale", slug=slug)
    return factories.make_variant(product=product, stock=items)


class Guest:
    """At the checkout, everything typed, the finger over the button."""

    def __init__(self, site, url, variant_pk):
        self.address, self.browser = f"{site}/checkout/", requests.Session()
        fields = shopping.inputs(self.browser.get(f"{site}{url}"))
        token = fields["csrfmiddlewaretoken"]
        chosen = {"csrfmiddlewaretoken": token, "variant": variant_pk, "quantity": 1}
        self.browser.post(f"{site}/cart/add/", chosen).raise_for_status()
        page = self.browser.get(self.address)
        self.form = shopping.inputs(page) | shopping.ADDRESS
        # The server ends what is idle while the other guests arrive.
        self.browser.close()

    def order(self, everybody):
        """What came of it, and after how many seconds."""
        everybody.wait()
        began = time.perf_counter()
        answer = self.browser.post(
            self.address, self.form, allow_redirects=False, timeout=TIMEOUT_SECONDS
        )
        return outcome(answer), time.perf_counter() - began


def outcome(answer):
    if answer.status_code != 302:
        return f"error {answer.status_code}"
    return "sold" if "/pay/" in answer.headers["Location"] else "refused"


def rush(site, variant, buyers):
    url = variant.product.get_absolute_url()
    with ThreadPoolExecutor(4) as arriving:
        guests = list(
            arriving.map(lambda _: Guest(site, url, variant.pk), range(buyers))
        )
    everybody = threading.Barrier(buyers)
    with ThreadPoolExecutor(buyers) as pressing:
        return list(pressing.map(lambda guest: guest.order(everybody), guests))


def report(variant, results):
    counts = Counter(result for result, _wait in results)
    waits = statistics.quantiles([wait for _result, wait in results], n=100)
    level = StockLevel.objects.get(pk=variant.pk)
    load = os.getloadavg()[0]
    print(
        f"{counts['sold']} sold, {counts['refused']} refused, "
        f"{len(results) - counts['sold'] - counts['refused']} errors; "
        f"p50 {waits[49]:.2f} s, p95 {waits[94]:.2f} s; "
        f"{level.reserved} of {level.on_hand} reserved, "
        f"{len(stock.disagreements())} disagreements; load {load:.0f}",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8119)
    parser.add_argument("--buyers", type=int, default=200)
    parser.add_argument("--items", type=int, default=10)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    filling.ensure_filled()
    connection.close()
    with serving.served(options.port, workers=os.cpu_count()):
        for _ in range(options.runs):
            variant = put_on_sale(options.items)
            site = f"http://127.0.0.1:{options.port}"
            report(variant, rush(site, variant, options.buyers))


if __name__ == "__main__":
    main()
