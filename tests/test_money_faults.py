"""Web, worker, PostgreSQL and Redis are killed while people buy.

Nothing that was paid is lost, nothing is doubled.  All of it by `make faults-money`
alone, because a shop of its own takes longer than a CI should wait; MONEY_FAULTS=2
kills at two points, and with 20 at fifty, and restarts PostgreSQL and Redis.
"""

import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
import pytest
from django.db import connection

from checkout import gateway
from tests.factories import make_product, make_seller, make_shipping_rate, make_variant
from tests.payments.figures import IS_FULL, RUNS, say
from tests.shop_processes import Buyer, Shop, Striker, wait_until

pytestmark = [
    pytest.mark.faults,
    pytest.mark.money,
    pytest.mark.skipif(sys.platform != "linux", reason="kills process groups"),
    pytest.mark.skipif(RUNS == 1, reason="a shop of its own, by make faults-money"),
]
POINTS = 50 if IS_FULL else RUNS
BUYERS = 6
STOCK = 1000
# What became of everything, asked in the shop's own database.
VERDICT = """
from checkout import invariants, gateway
from checkout.models import *
from marketplace.accounts.models import OutgoingMail
from sellers.models import StockLevel, StockMovement
intents = [gateway.read_payment(p.payment_intent_id) for p in Payment.objects.all()]
answer = {
    "paid": list(OrderGroup.objects.filter(status="paid")
                 .values_list("email", flat=True)),
    "refunds": Refund.objects.count(),
    "succeeded": sum(intent.status == "succeeded" for intent in intents),
    "sales": StockMovement.objects.filter(reason="sale").count(),
    "on_hand": StockLevel.objects.get().on_hand,
    "begun": Order.objects.filter(status="paid", dispatch_by__isnull=False).count(),
    "entries": JournalEntry.objects.filter(kind="payment").count(),
    "due": StripeEvent.objects.exclude(due_at=None).count(),
    "mails": list(OutgoingMail.objects.filter(subject__contains="is confirmed")
                  .values_list("recipient", flat=True)),
    "faults": [f for one in invariants.INVARIANTS for f in invariants.faults_of(one)],
}
"""
STALL = """
from tests.factories import *
product = make_product(seller=make_seller())
make_shipping_rate(seller=product.seller)
variant = make_variant(product=product, stock=1000)
answer = {"pk": variant.pk, "url": product.get_absolute_url()}
"""


@pytest.fixture
def folder():
    """Short, because a socket's name may not be long."""
    folder = Path(tempfile.mkdtemp(prefix="vit"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def shop(folder, transactional_db, settings):
    """On the tests' database."""
    database = connection.settings_dict
    shop = Shop(
        folder,
        f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}",
    )
    settings.STRIPE_API_BASE = shop.stripe
    gateway._client.cache_clear()
    shop.open()
    yield shop
    gateway._client.cache_clear()
    connection.close()
    shop.close()


@pytest.fixture
def own_shop(folder):
    """On a PostgreSQL that nobody else has."""
    shop = Shop(folder)
    shop.open()
    yield shop
    shop.close()


def put_on_sale():
    product = make_product(seller=make_seller())
    make_shipping_rate(seller=product.seller)
    variant = make_variant(product=product, stock=STOCK)
    return {"pk": variant.pk, "url": product.get_absolute_url()}


def assert_each_bought_once(shop, emails):
    """When the clock has had its time; each email address is one purchase."""
    verdict = {}

    def is_settled():
        shop.revive()
        verdict.update(shop.ask(VERDICT))
        counts = [len(verdict["paid"]), verdict["begun"], len(verdict["mails"])]
        return verdict["due"] == 0 and min(counts) >= len(emails)

    try:
        wait_until(is_settled, "everything settled", pause=1)
    except AssertionError as error:
        raise AssertionError(f"{verdict}\n{shop.log()[-5000:]}") from error
    number = len(emails)
    assert verdict["faults"] == []
    assert sorted(verdict["paid"]) == sorted(verdict["mails"]) == sorted(emails)
    assert (verdict["succeeded"], verdict["refunds"]) == (number, 0)
    assert (verdict["sales"], verdict["entries"]) == (number, number)
    assert verdict["on_hand"] == STOCK - number


def test_web_and_worker_are_killed_at_random_points_of_a_purchase(shop):
    variant = put_on_sale()
    connection.close()
    seed = int(time.time())
    striker = Striker(shop, seed)
    emails = [f"buyer{number}@example.com" for number in range(POINTS)]

    for email in emails:
        Buyer(shop, variant, email, striker.aim()).buy()
        striker.rest()

    assert_each_bought_once(shop, emails)
    say(
        f"kill -9 at {sum(striker.kills.values())} random points of as many purchases "
        f"{striker.kills}: 0 lost, 0 doubled (seed {seed})"
    )


class Crowd:
    """Several who buy one thing after another for as long as it is on."""

    def __init__(self, shop, variant):
        self.shop, self.variant = shop, variant
        self.bought, self.refused, self.failures = [], 0, []
        self.is_over = threading.Event()
        self.threads = [
            threading.Thread(target=self.shop_on, args=[number])
            for number in range(BUYERS)
        ]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        for thread in self.threads:
            thread.join()

    def shop_on(self, number):
        count = 0
        while not self.is_over.is_set():
            email = f"buyer{number}-{count}@example.com"
            try:
                buyer = Buyer(self.shop, self.variant, email).buy()
            except Exception as error:
                self.failures.append(error)
                return
            self.refused += buyer.unavailable
            self.bought.append((email, time.monotonic()))
            count += 1

    def wait_for_more(self, number):
        goal = len(self.bought) + number
        wait_until(lambda: len(self.bought) >= goal or self.failures, "more is bought")
        assert self.failures == [], self.failures


def seconds_until_the_next(crowd, began):
    wait_until(
        lambda: any(at > began for _, at in crowd.bought) or crowd.failures,
        "somebody buys again",
    )
    assert crowd.failures == [], crowd.failures
    return min(at for _, at in crowd.bought if at > began) - began


def end_at_once(server):
    """kill -9 of the postmaster; its children notice by themselves."""
    server.running().kill()


def end_fast(server):
    server.stop()


def end_immediately(server):
    process = server.running()
    process.send_signal(signal.SIGQUIT)
    try:
        process.wait(20)
    except psutil.TimeoutExpired:
        process.kill()


def assert_a_crowd_survives(shop, variant, server, ends):
    with Crowd(shop, variant) as crowd:
        crowd.wait_for_more(BUYERS)
        waits = []
        for end in ends:
            end(server)
            server.start()
            waits.append(seconds_until_the_next(crowd, time.monotonic()))
            crowd.wait_for_more(BUYERS)
    assert crowd.failures == []
    emails = [email for email, _ in crowd.bought]
    assert_each_bought_once(shop, emails)
    shown = ", ".join(
        f"{end.__name__.replace('_', ' ')}: {wait:.1f} s"
        for end, wait in zip(ends, waits, strict=True)
    )
    say(
        f"{server.name} under {BUYERS} buyers; next order after {shown}; "
        f"{len(emails)} orders acknowledged, as many paid, {crowd.refused} answers of "
        f"503 or none, 0 duplicates; ended by themselves and started again: "
        f"{shop.revived}; load {os.getloadavg()[0]:.0f}"
    )


@pytest.mark.skipif(not IS_FULL, reason="in full by make faults-money")
def test_postgresql_is_restarted_while_a_crowd_buys(own_shop):
    variant = own_shop.ask(STALL)
    assert_a_crowd_survives(
        own_shop, variant, own_shop.postgres, [end_fast, end_immediately, end_at_once]
    )


@pytest.mark.skipif(not IS_FULL, reason="in full by make faults-money")
def test_redis_is_killed_while_a_crowd_buys(shop):
    variant = put_on_sale()
    connection.close()
    assert_a_crowd_survives(shop, variant, shop.redis, [end_at_once, end_fast])
