"""Whole checkouts of guests: how many a second, how long each step, and what they cost.

make bench-checkout [BENCH="--orders 1000 100000 --seconds 20"]

Two sellers, four lines, paid at the Stripe sandbox, which answers at once; no worker
runs beside.  Each number of orders is a database of its own, dropped after.  Rows and
blocks are what PostgreSQL looked at: they do not depend on other work.  An index of
many rows is some levels deeper, so blocks grow with its depth.
"""

import argparse
import os
import statistics
import subprocess
import tempfile
import threading
import time
from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path

import django

PORT = int(os.environ.get("BENCH_PORT", "8427"))
SANDBOX = f"http://127.0.0.1:{PORT + 1}"
os.environ |= {
    "DJANGO_SETTINGS_MODULE": "bench.settings",
    "STRIPE_SANDBOX_URL": SANDBOX,
    "SITE_URL": f"http://127.0.0.1:{PORT}",
}
django.setup()

import requests  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.management.color import no_style  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.runner import DiscoverRunner  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from bench import books, serving, shopping  # noqa: E402
from checkout import models  # noqa: E402
from sellers.models import StockMovement, StockReservation  # noqa: E402
from tests import factories  # noqa: E402

AT_ONCE = 4
IN_TURN = 40
STOCK = 1_000_000
# A connection at rest tells by then what it did.
STATISTICS_SECONDS = 12


def put_on_sale():
    """Two variants of each of two sellers: their pages and numbers."""
    goods = []
    for _ in range(2):
        seller = factories.make_seller(name=f"Shop {time.time_ns()}")
        factories.make_shipping_rate(seller=seller)
        for _ in range(2):
            product = factories.make_product(seller=seller)
            variant = factories.make_variant(product=product, stock=STOCK)
            goods.append((product.get_absolute_url(), variant.pk))
    return goods


class InProcess:
    """Django's own client as far as a buyer needs it, to count queries."""

    def __init__(self):
        self.client = Client(SERVER_NAME="127.0.0.1", SERVER_PORT=str(PORT))

    def get(self, url, **details):
        return Answer(self.client.get(url.removeprefix(settings.SITE_URL)))

    def post(self, url, data, **details):
        return Answer(self.client.post(url.removeprefix(settings.SITE_URL), data))


class Answer:
    def __init__(self, response):
        self.status_code, self.headers = response.status_code, response.headers
        self.text = response.content.decode()

    def raise_for_status(self):
        if self.status_code >= 400:
            raise RuntimeError(f"{self.status_code}: {self.text[:500]}")


class Guest:
    """Looks at four products, takes them all, pays, and sees that it is paid."""

    def __init__(self, browser, goods, around=None):
        self.browser, self.goods = browser, goods
        self.around = around or self.timed
        self.took = {}

    @contextmanager
    def timed(self, step):
        began = time.perf_counter()
        yield
        self.took[step] = self.took.get(step, 0) + time.perf_counter() - began

    def buy(self):
        for url, variant in self.goods:
            self.take(url, variant)
        with self.around("the checkout page"):
            page = self.get(f"{settings.SITE_URL}/checkout/")
        form = shopping.inputs(page) | shopping.ADDRESS
        with self.around("placing the order"):
            answer = self.browser.post(
                f"{settings.SITE_URL}/checkout/", form, allow_redirects=False
            )
        if answer.status_code != 302 or "/pay/" not in answer.headers["Location"]:
            raise RuntimeError(f"the order was refused: {answer.status_code}")
        self.pay(f"{settings.SITE_URL}{answer.headers['Location']}")
        return self

    def take(self, url, variant):
        with self.around("four product pages"):
            page = self.get(f"{settings.SITE_URL}{url}")
        token = shopping.inputs(page)["csrfmiddlewaretoken"]
        chosen = {"csrfmiddlewaretoken": token, "variant": variant, "quantity": 1}
        with self.around("four times into the cart"):
            self.browser.post(
                f"{settings.SITE_URL}/cart/add/", chosen, allow_redirects=False
            ).raise_for_status()

    def pay(self, pay_url):
        with self.around("the pay page"):
            page = self.get(pay_url)
        secret = page.text.partition('data-client-secret="')[2].partition('"')[0]
        confirm(secret)
        with self.around("back from Stripe"):
            self.get(pay_url.replace("/pay/", "/return/"))
        with self.around("the order page"):
            page = self.get(pay_url.replace("/pay/", "/"))
        if "/pay/" in page.text:
            raise RuntimeError("the order is not paid")

    def get(self, url):
        answer = self.browser.get(url, allow_redirects=False)
        answer.raise_for_status()
        return answer


def confirm(secret):
    """The buyer's browser does that; it is not the site's time."""
    intent = secret.partition("_secret_")[0]
    requests.post(
        f"{SANDBOX}/v1/payment_intents/{intent}/confirm",
        {"key": "pk_test_x", "client_secret": secret, "payment_method": "pm_card_visa"},
        timeout=30,
    ).raise_for_status()


def count_queries(goods):
    counts = defaultdict(int)

    @contextmanager
    def around(step):
        with CaptureQueriesContext(connection) as queries:
            yield
        counts[step] += len(queries)

    Guest(InProcess(), goods).buy()  # what is kept from the first time on
    Guest(InProcess(), goods, around).buy()
    return counts


def buy_over_http(goods):
    with requests.Session() as browser:
        return Guest(browser, goods).buy().took


def buy_in_turn(goods, processes):
    """Seconds of each step of each guest, and what an order costs."""
    buy_over_http(goods)
    before = looked_at()
    spent = serving.cpu_seconds(processes)
    took = [buy_over_http(goods) for _ in range(IN_TURN)]
    spent = serving.cpu_seconds(processes) - spent
    after = looked_at()
    costs = {name: (after[name] - before[name]) / IN_TURN for name in after}
    return took, {"CPU": spent / IN_TURN, **costs}


def looked_at():
    time.sleep(STATISTICS_SECONDS)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tup_returned, blks_hit + blks_read FROM pg_stat_database"
            " WHERE datname = current_database()"
        )
        [[rows, blocks]] = cursor.fetchall()
    connection.close()
    return {"rows": rows, "blocks": blocks}


def buy_at_once(goods, seconds):
    """Whole checkouts of several guests at a time, until the time is over."""
    took = []
    give_up_at = time.monotonic() + seconds

    def shop():
        while time.monotonic() < give_up_at:
            took.append(sum(buy_over_http(goods).values()))

    threads = [threading.Thread(target=shop) for _ in range(AT_ONCE)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return took, time.monotonic() - began


@contextmanager
def sandbox():
    granian = Path(settings.BASE_DIR) / ".venv" / "bin" / "granian"
    command = [
        granian, "--interface", "wsgi", "--host", "127.0.0.1", "--no-ws",
        "--port", str(PORT + 1), "--log-level", "error", "--blocking-threads", "8",
        "checkout.stripe_sandbox.wsgi:application",
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"VAR_DIR": folder}
        server = subprocess.Popen(
            command, cwd=settings.BASE_DIR, env=environment, stdout=subprocess.DEVNULL
        )
        try:
            wait_for(SANDBOX)
            yield
        finally:
            server.terminate()
            server.wait(30)


def wait_for(address):
    give_up_at = time.monotonic() + serving.START_SECONDS
    while time.monotonic() < give_up_at:
        try:
            requests.get(address, timeout=5)
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(address)


def fill(orders):
    """The copies have numbers of their own: the sequences go on after them."""
    books.fill(orders)
    copied = [
        models.OrderGroup, models.Order, models.OrderLine, models.Payment,
        models.Transfer, models.JournalEntry, models.LedgerLine,
        StockReservation, StockMovement,
    ]  # fmt: skip
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), copied):
            cursor.execute(statement)
        cursor.execute("ANALYZE")


def measure(orders, seconds):
    runner = DiscoverRunner(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    database = connection.settings_dict
    os.environ["BENCH_DATABASE_URL"] = (
        f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}"
    )
    try:
        began = time.monotonic()
        fill(orders)
        filled = time.monotonic() - began
        goods = put_on_sale()
        with sandbox():
            queries = count_queries(goods)
            connection.close()
            with serving.served(PORT) as processes:
                took, costs = buy_in_turn(goods, processes)
                together, span = buy_at_once(goods, seconds)
    finally:
        connection.close()
        runner.teardown_databases(databases)
    report(orders, queries, took)
    whole = percentiles([sum(one.values()) for one in took])
    crowd = percentiles(together)
    print(
        f"\n{orders} orders in the database, filled in {filled:.0f} s: "
        f"a whole checkout {1000 * costs['CPU']:.0f} ms of CPU (site and database), "
        f"{sum(queries.values())} queries, {costs['rows']:.0f} rows and "
        f"{costs['blocks']:.0f} blocks looked at, "
        f"p50 {whole[0]:.0f} ms, p95 {whole[1]:.0f} ms; "
        f"{AT_ONCE} guests at a time {len(together) / span:.1f} "
        f"completed a second, p50 {crowd[0]:.0f} ms, p95 {crowd[1]:.0f} ms; "
        f"load {os.getloadavg()[0]:.0f}\n",
        flush=True,
    )
    return {**costs, "queries": sum(queries.values())}


def percentiles(waits):
    cuts = statistics.quantiles(waits, n=100)
    return 1000 * cuts[49], 1000 * cuts[94]


def report(orders, queries, took):
    print(f"| step, {orders} orders | queries | p50 ms | p95 ms |\n|---|---|---|---|")
    for step, count in queries.items():
        p50, p95 = percentiles([one[step] for one in took])
        print(f"| {step} | {count} | {p50:.0f} | {p95:.0f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, nargs="+", default=[1_000, 100_000])
    parser.add_argument("--seconds", type=float, default=20, help="of the crowd")
    options = parser.parse_args()
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    costs = {orders: measure(orders, options.seconds) for orders in options.orders}
    first = options.orders[0]
    for orders in options.orders[1:]:
        ratios = (
            f"{cost / costs[first][what]:.2f} × the {what}"
            for what, cost in costs[orders].items()
        )
        print(f"an order at {orders} takes {', '.join(ratios)} of one at {first}")


if __name__ == "__main__":
    main()
