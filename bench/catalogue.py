"""A synthetic catalogue of some size: what people did with it, and its rows.

Subjects of 200 videos each, visits that keep to one, popularity by Zipf.  Four videos
in five show a product of their shop.  One row of each kind is made by a factory, the
rest are copies of it under other names, written by the database itself.
"""

import secrets
from dataclasses import dataclass

import numpy as np
from django.db import connection

from sellers.models import Product, StockLevel, Variant
from tests import factories
from videos.feed.model.audience import AudienceSettings
from videos.feed.model.recommender import DIMENSIONS, History
from videos.feed.trials import SPREADS
from videos.models import Impression, ProductTag, Video, VideoTrial, WatchEvent

EVENTS_A_VIDEO = 10
EVENTS_A_VISIT = 7
VISITS_A_PERSON = 3
VIDEOS_A_SUBJECT = 200
SHOPS, PRODUCTS_A_SHOP = 200, 50
# Of so many videos, all but one show a product.
TAGGED = 5
VIEWERS, REMEMBERED = 100, 40
# Words of titles, each in one of so many videos; beside them one that no other has.
SPREAD = {"tenth": 10, "hundredth": 100, "thousandth": 1000}
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

    def by_subject(self):
        """Items subject by subject, and where each begins."""
        order = np.argsort(self.subjects, kind="stable")
        every = np.arange(self.subjects.max() + 2)
        return order, np.searchsorted(self.subjects[order], every)

    def history(self):
        count = EVENTS_A_VIDEO * len(self.keys)
        visits = np.arange(count) // EVENTS_A_VISIT
        visit_count = visits[-1] + 1
        order, starts = self.by_subject()
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


def copies(model, count, **own):
    """Of the one row there is; `own` are columns by SQL, with the copy's number."""
    table = model._meta.db_table
    fields = [f.column for f in model._meta.concrete_fields if not f.generated]
    columns = [name for name in fields if name != "id" or name in own]
    values = ", ".join(own.get(name, f"one.{name}") for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values}"
            f" FROM (SELECT * FROM {table} LIMIT 1) AS one,"
            f" generate_series(1, {count}) AS number"
        )


def make_videos(size):
    shops = [factories.make_seller() for _ in range(SHOPS)]
    first = factories.make_video(seller=shops[0])
    shop = f"{shops[0].pk} + number % {SHOPS}"
    words = (
        f"CASE number % {every} WHEN 0 THEN ' {word}' ELSE '' END"
        for word, every in SPREAD.items()
    )
    copies(
        Video,
        size - 1,
        public_id="'v' || number",
        title=" || ".join(["one.title || ' w' || number", *words]),
        seller_id=shop,
        published_at="one.published_at - number * interval '1 second'",
    )
    make_products(shops[0], shop)
    make_tags(first, size)
    make_trials(first, size)
    return np.arange(first.pk, first.pk + size)


def make_products(first_shop, shop):
    product = factories.make_product(seller=first_shop)
    variant = factories.make_variant(product=product, stock=100)
    count = SHOPS * PRODUCTS_A_SHOP - 1
    copies(Product, count, seller_id=shop, slug="'p' || number")
    copies(Variant, count, product_id=f"{product.pk} + number")
    copies(StockLevel, count, variant_id=f"{variant.pk} + number")


def make_tags(video, size):
    product = Product.objects.order_by("pk").values_list("pk", flat=True)[0]
    tag = factories.make_tag(video=video, product=Product.objects.get(pk=product))
    number = f"(number + number / {TAGGED - 1})"
    nth = f"{number} * 7 % {PRODUCTS_A_SHOP} * {SHOPS}"
    copies(
        ProductTag,
        (size - 1) * (TAGGED - 1) // TAGGED,
        video_id=f"{tag.video_id} + {number}",
        product_id=f"{product} + {number} % {SHOPS} + {nth}",
    )


def make_trials(video, size):
    """Of every video, as after some weeks."""
    covariance = np.diag(np.square(np.array(SPREADS, np.float32)) / 2)
    mean = np.zeros(DIMENSIONS + 1, np.float32)
    VideoTrial.objects.create(
        video=video, pool=VideoTrial.Pool.OPEN, shown=400, finished=200, tapped=20,
        mean=mean.tobytes(), covariance=covariance.tobytes(),
        pull_weight=AudienceSettings.pull**-2,
    )  # fmt: skip
    copies(
        VideoTrial,
        size - 1,
        video_id=f"{video.pk} + number",
        pool="number % 5",
        shown="number % 400",
    )


def make_viewers(keys, pasts):
    """Browsers that have seen some videos, and finished most of them; and as many
    others as there are videos, who have seen one each."""
    random = np.random.default_rng(8)
    viewers = [secrets.token_urlsafe(16) for _ in pasts]
    pairs = [
        (viewer, int(video))
        for viewer, past in zip(viewers, pasts, strict=True)
        for video in np.unique(past)
    ]
    one = {"viewer": "another", "video_id": int(keys[0])}
    others = {
        "id": "gen_random_uuid()",
        "viewer": "left(md5(number::text), 22)",
        "video_id": f"{keys[0]} + number::bigint * 7919 % {len(keys)}",
    }
    for event, more in ((Impression, {}), (WatchEvent, {"watched_ms": 8000})):
        event.objects.create(**one, **more)
        copies(event, len(keys), **others)
    Impression.objects.bulk_create(
        Impression(viewer=viewer, video_id=video) for viewer, video in pairs
    )
    WatchEvent.objects.bulk_create(
        WatchEvent(viewer=viewer, video_id=video, watched_ms=8000)
        for viewer, video in pairs
        if random.random() < 0.7
    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return viewers


def pasts_in(history):
    """Pieces of what somebody did, for the viewers."""
    random = np.random.default_rng(8)
    for start in random.integers(0, len(history) - REMEMBERED, VIEWERS):
        yield history[start : start + REMEMBERED]
