"""What stands beside the feed, over a large catalogue: queries and time of each.

    python -m bench.rails [--products 10000] [--videos 3000] [--requests 100]

Each video shows two products; visits keep to a category.  The
pages are asked for in this process, by guests without a profile and by viewers who
watched and opened something; a page that is asked for first is not counted.  Database,
Redis and files of their own; what an earlier run left there is removed.
"""

import argparse
import os
import statistics
import time
from datetime import timedelta
from itertools import count, islice

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"
django.setup()

import numpy as np  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import timezone  # noqa: E402

from checkout import buying_together  # noqa: E402
from sellers.models import Product, StockLevel, Variant  # noqa: E402
from tests import factories  # noqa: E402
from videos.feed import serving, training  # noqa: E402
from videos.models import ProductPair, ProductTag, Video, WatchEvent  # noqa: E402

SHOPS, CATEGORIES, VISITS_A_VIDEO, WATCHED = 200, 100, 1, 6
ORDERS = 200
random = np.random.default_rng(5)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--products", type=int, default=10_000)
    parser.add_argument("--videos", type=int, default=3000)
    parser.add_argument("--requests", type=int, default=100)
    options = parser.parse_args()
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    call_command("migrate", verbosity=0)
    call_command("flush", interactive=False, verbosity=0)
    products, videos = fill(options.products, options.videos)
    learn()
    print(f"load {os.getloadavg()[0]:.1f}", flush=True)
    measure(products, videos, options.requests)


def fill(size, video_count):
    shops = [factories.make_seller() for _ in range(SHOPS)]
    for shop in shops:
        factories.make_shipping_rate(seller=shop)
    kinds = [factories.make_category(name=f"kind{n}") for n in range(CATEGORIES)]
    now = timezone.now()
    products = Product.objects.bulk_create(
        (
            Product(
                seller=shops[n % SHOPS],
                category=kinds[n // SHOPS % CATEGORIES],
                title=text_of(n // SHOPS % CATEGORIES, 3),
                description=text_of(n // SHOPS % CATEGORIES, 30),
                slug=f"p{n}",
                status=Product.Status.PUBLISHED,
                published_at=now - timedelta(minutes=n),
            )
            for n in range(size)
        ),
        batch_size=2000,
    )
    variants = Variant.objects.bulk_create(
        Variant(product=p, sku=str(p.pk), price_minor=int(random.integers(500, 20_000)))
        for p in products
    )
    StockLevel.objects.bulk_create(
        StockLevel(variant=v, on_hand=int(n % 10 > 0)) for n, v in enumerate(variants)
    )
    videos = make_videos(products, video_count, now)
    watch(videos, now)
    buy(variants)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return products, videos


def text_of(kind, length):
    """Half of the words are those of its category."""
    words = [f"k{kind}w{n}" for n in random.integers(0, 20, length // 2 + 1)]
    return " ".join(words + [f"w{n}" for n in random.integers(0, 3000, length // 2)])


def make_videos(products, video_count, now):
    videos = Video.objects.bulk_create(
        Video(
            seller_id=product.seller_id,
            title=product.title,
            status="ready",
            publication="published",
            published_at=now - timedelta(minutes=n),
            duration_ms=8000,
            width=720,
            height=1280,
            folder=f"videos/{n}/1",
        )
        for n, product in enumerate(products[:video_count])
    )
    ProductTag.objects.bulk_create(
        ProductTag(video=video, product=product, starts_ms=0, ends_ms=8000)
        for n, video in enumerate(videos)
        for product in (products[n], products[(n + SHOPS) % len(products)])
    )
    return videos


def watch(videos, now):
    """Visits of some videos of one category, of which half open the last product."""
    by_kind = [videos[n * SHOPS : (n + 1) * SHOPS] for n in range(CATEGORIES)]
    by_kind = [kind for kind in by_kind if kind]
    watches = []
    for visit in range(VISITS_A_VIDEO * len(videos)):
        kind = by_kind[visit % len(by_kind)]
        watches.extend(
            WatchEvent(
                viewer=f"{visit:022d}",
                video=kind[n],
                watched_ms=8000,
                created_at=now - timedelta(hours=1, seconds=-place),
            )
            for place, n in enumerate(random.integers(0, len(kind), WATCHED))
        )
    WatchEvent.objects.bulk_create(watches, batch_size=5000)
    tagged = dict(ProductTag.objects.values_list("video", "product"))
    WatchEvent.objects.bulk_create(
        WatchEvent(
            viewer=event.viewer,
            video_id=event.video_id,
            kind=WatchEvent.Kind.TAG,
            product_id=tagged[event.video_id],
            created_at=event.created_at,
        )
        for event in watches[:: 2 * WATCHED]
    )


def buy(variants):
    """Orders of two of the first twenty."""
    for number in range(ORDERS):
        first, second = variants[number % 20], variants[(number + 1) % 20]
        order = factories.make_order(
            variant=first, status="paid", email=f"b{number}@example.com"
        )
        line = order.lines.get()
        line.pk, line.variant = None, second
        line.save()


def learn():
    began = time.perf_counter()
    buying_together.count_pairs()
    counted = time.perf_counter()
    model = training.train()
    serving.load_current()
    sizes = [kind.objects.count() for kind in (Product, Video, WatchEvent)]
    print(
        f"{ProductPair.objects.count()} pairs counted in {counted - began:.2f} s; "
        "{:,} products, {:,} videos and {:,} events".format(*sizes),
        f"trained on in {model.figures['seconds']} s",
        flush=True,
    )


def measure(products, videos, requests):
    word = products[0].title.split()[0]
    near = [f"/shop/near/{p.pk}/" for p in products[: 20 * requests : 20]]
    watched = [v.get_absolute_url() for v in videos[: 20 * requests : 20]]
    for name, paths in {
        "video page": watched,
        "more like this, bought together": near,
        "Shop tab": ["/shop/"],
        "search": [f"/search/?q={word}"],
        "search, products": [f"/search/?q={word}&tab=products"],
    }.items():
        for who, cookies in (("no profile", no_profile()), ("viewer", viewers())):
            say(f"{name}, {who}", paths, cookies, requests)


def no_profile():
    return ({"feed": "plain"} for _ in count())


def viewers():
    return ({"viewer": f"{n:022d}"} for n in count())


def say(name, paths, cookies, requests):
    client, waits, queries = Client(SERVER_NAME="127.0.0.1"), [], 0
    spent = []
    client.get(paths[0])
    for number, cookie in enumerate(islice(cookies, requests)):
        client.cookies.clear()
        client.cookies.load(cookie)
        began, before = time.perf_counter(), time.process_time()
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(paths[number % len(paths)])
        spent.append(1000 * (time.process_time() - before))
        waits.append(1000 * (time.perf_counter() - began))
        queries = max(queries, len(asked))
        if answer.status_code != 200:
            raise RuntimeError(f"{paths[0]} answered {answer.status_code}")
    p50, p95 = (statistics.quantiles(waits, n=100)[n - 1] for n in (50, 95))
    print(
        f"{name}: {queries} queries, p50 {p50:.0f}, p95 {p95:.0f} ms; "
        f"of this process's CPU p50 {statistics.median(spent):.0f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
