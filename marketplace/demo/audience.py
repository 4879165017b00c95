"""What shoppers did in the last two weeks: watched, liked, followed, reviewed."""

import random
import tomllib
from datetime import timedelta

from django.db import transaction
from django.db.models import DurationField, ExpressionWrapper, Value
from django.db.models.functions import Now, Random
from django.utils import timezone

from marketplace.demo import shopfiles
from sellers.models import Follow, Review
from videos.feed.counting import add_up_events
from videos.models import Engagement, Impression, Video, WatchEvent

DAYS = 14
SHORT_PRAISE = [
    "Lovely", "As described", "Fast delivery", "Would buy again", "A gift, much liked",
    "Well packed", "Better than in the video", "Exactly what I wanted", "",
]  # fmt: skip


def follow(sellers, people):
    for seller in sellers:
        dice = random.Random(f"followers {seller.slug}")
        fans = dice.sample(people, dice.randint(18, len(people) - 10))
        Follow.objects.bulk_create(
            [Follow(user=user, seller=seller) for user in fans], ignore_conflicts=True
        )


def watch(videos, people):
    """Impressions, watch time and likes of the videos that have none."""
    fresh = [v for v in videos if not v.impressions.exists()]
    for video in fresh:
        with transaction.atomic():
            _watch(video, people)
    if fresh:
        add_up_events()


def _watch(video, people):
    dice = random.Random(f"audience {video.source_name}")
    appeal = dice.betavariate(2, 3)  # few are loved, most are liked a little
    viewers = [f"{dice.getrandbits(128):032x}" for _ in range(int(90 + 620 * appeal))]
    Impression.objects.bulk_create(
        [
            Impression(video=video, viewer=viewer, position=dice.randrange(30))
            for viewer in viewers
        ]
    )
    WatchEvent.objects.bulk_create(_events(video, viewers, appeal, dice))
    for events in (video.impressions.all(), video.watch_events.all()):
        _spread(events, video)
    reactions = [
        Engagement(video=video, user=user, kind=kind)
        for kind, share in (("like", 0.25 + 0.6 * appeal), ("save", 0.3 * appeal))
        for user in people
        if dice.random() < share
    ]
    Engagement.objects.bulk_create(reactions)
    likes = sum(reaction.kind == "like" for reaction in reactions)
    Video.objects.filter(pk=video.pk).update(
        like_count=likes, save_count=len(reactions) - likes
    )


def _events(video, viewers, appeal, dice):
    """How long each one watched; some opened the product, a few took it."""
    length = sum_of_shots_ms(video)
    kinds = WatchEvent.Kind
    for viewer in viewers:
        share = min(2.4, dice.lognormvariate(-0.7 + 0.9 * appeal, 0.55))
        watched = int(length * share)
        yield WatchEvent(video=video, viewer=viewer, watched_ms=watched)
        for kind, chance in (
            (kinds.TAG, 0.05 + 0.14 * appeal),
            (kinds.CART, 0.01 + 0.04 * appeal),
            (kinds.SHARE, 0.02 * appeal),
        ):
            if share > 0.4 and dice.random() < chance:
                yield WatchEvent(video=video, viewer=viewer, kind=kind)


def sum_of_shots_ms(video):
    for shop in shopfiles.shops():
        for film in shop["videos"]:
            if f"{film['slug']}.mp4" == video.source_name:
                frames = sum(map(shopfiles.shot_frames, film["shots"]))
                return frames * 1000 // shopfiles.FPS
    raise LookupError(video.source_name)


def _spread(rows, video):
    """Over the time since the video came out, at most two weeks."""
    published_at = video.published_at or timezone.now()
    age = min(timezone.now() - published_at, timedelta(days=DAYS))
    ago = ExpressionWrapper(
        Random() * Value(age, DurationField()), output_field=DurationField()
    )
    rows.update(created_at=Now() - ago)


def review(products, people):
    """What buyers wrote, and a few who gave stars only."""
    path = shopfiles.HERE / "reviews.toml"
    written = tomllib.loads(path.read_text(encoding="utf-8"))
    slugs = {
        product["title"]: product["slug"]
        for shop in shopfiles.shops()
        for product in shop["products"]
    }
    for product in products:
        if not product.reviews.exists():
            _review(product, written[slugs[product.title]], people)


@transaction.atomic
def _review(product, texts, people):
    dice = random.Random(f"reviews {product.title}")
    rated = [
        (dice.choices([5, 4, 3], [7, 3, 1])[0], dice.choice(SHORT_PRAISE), "")
        for _ in range(dice.randrange(7))
    ]
    rows = [*texts, *((s, title if s > 3 else "", body) for s, title, body in rated)]
    authors = dice.sample(people, len(rows))
    reviews = Review.objects.bulk_create(
        [
            Review(product=product, user=user, rating=stars, title=title, body=body)
            for user, (stars, title, body) in zip(authors, rows, strict=True)
        ]
    )
    for made in reviews:
        made.created_at = timezone.now() - timedelta(days=dice.uniform(0.5, 90))
    Review.objects.bulk_update(reviews, ["created_at"])
