"""What viewers were shown, and what they did then: append-only, partitioned by day.

In the database the primary key of both tables is (id, created_at), since PostgreSQL
wants the column that parts them in every unique key.  Django is told of `id` alone,
which is unique by the way it is made: nothing looks an event up by its key, and a
`CompositePrimaryKey` would take counting and foreign keys away for nothing.
"""

import hashlib
import secrets
import uuid
from datetime import datetime, timedelta
from functools import partial

from django.apps import apps
from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.core.cache import cache
from django.db import models, transaction
from django.db.models import Func
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sellers.models import Product
from videos.models.video import Video

# Beside the events; an exposure stays one viewer's, of whom nothing else is known.
PSEUDONYMOUS = {
    "RankingLog": "",
    "ExperimentExposure": Cast(RandomUUID(), models.CharField()),
}
# What is asked about one viewer is asked of so many days, not of each partition.
RECENT = timedelta(days=7)
# However long an event waited to be written, it is looked for among those before.
LATE = timedelta(days=30)


def new_event_id() -> uuid.UUID:
    return _id_at(timezone.now(), secrets.token_bytes(10))


def event_id(at: datetime, *what) -> uuid.UUID:
    """Of one and the same event always the same, so that it is kept once."""
    return _id_at(at, hashlib.sha256(repr(what).encode()).digest()[:10])


def _id_at(at, rest):
    """Begins with the time: what is written together lies together in the index."""
    milliseconds = int(at.timestamp() * 1000) & ((1 << 48) - 1)
    return uuid.UUID(bytes=milliseconds.to_bytes(6) + rest)


def past_of_viewer(viewer: str) -> str:
    """The name under which the cache keeps what a browser was shown."""
    return f"feed:past:{viewer}"


def past_of_account(user_pk: int) -> str:
    return f"feed:past-of-account:{user_pk}"


def forget_pasts(viewers, users) -> None:
    """As soon as the database has forgotten them."""
    names = [*map(past_of_viewer, viewers), *map(past_of_account, users)]
    transaction.on_commit(partial(cache.delete_many, names))


def forget(collector, field, events, using):
    """With the account goes the pseudonym, by which its events were one person's.

    The key goes too: whoever knew the pseudonym could make it anew and compare.  Where
    else a pseudonym of the account is written it is taken away as well.
    """
    pairs = set(events.values_list("viewer", "user"))
    viewers = {viewer for viewer, _ in pairs} - {""}
    forget_pasts(viewers, {user for _, user in pairs})
    for name, value in PSEUDONYMOUS.items():
        model = apps.get_model("videos", name)
        rows = model._base_manager.using(using).filter(
            # As its index is for pseudonyms alone.
            viewer__in=viewers,
            viewer__gt="",
        )
        collector.add_field_update(model._meta.get_field("viewer"), value, rows)
    nobody = {"id": RandomUUID(), "viewer": "", "user": None}
    # Found by the user, who therefore goes last.
    for name, value in nobody.items():
        collector.add_field_update(field.model._meta.get_field(name), value, events)


forget.lazy_sub_objs = True


class ClockTimestamp(Func):
    """The moment itself; `Now` is when the statement began."""

    function = "clock_timestamp"
    output_field = models.DateTimeField()


class EventQuerySet(models.QuerySet):
    def recent(self):
        """Nor of the partitions of days to come."""
        now = timezone.now()
        return self.shown_between(now - RECENT, now + timedelta(days=1))

    def shown_between(self, since, until):
        return self.filter(created_at__gte=since, created_at__lt=until)

    def written(self, after, until):
        """Between two moments that `written_until` gave."""
        return self.written_since(after).filter(written_at__lte=until)

    def written_since(self, after):
        return self.filter(written_at__gt=after, created_at__gt=after - LATE)


class Event(models.Model):
    id = models.UUIDField(primary_key=True, default=new_event_id, editable=False)
    # Pseudonym of the browser session; empty once it is forgotten.
    viewer = models.CharField(max_length=40, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, forget, null=True, related_name="+", db_index=False
    )
    # When it was shown, by the token of the page that showed it.
    created_at = models.DateTimeField(default=timezone.now)
    # It may have waited: what is folded in bit by bit goes by this.
    written_at = models.DateTimeField(db_default=ClockTimestamp())

    objects = EventQuerySet.as_manager()

    class Meta:
        abstract = True


class Impression(Event):
    """A video came on somebody's screen."""

    video = models.ForeignKey(
        Video, models.CASCADE, related_name="impressions", db_index=False
    )
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(fields=["video", "created_at"], name="impressions_of_video"),
            # What this browser has seen already, when the feed is opened.
            models.Index(fields=["viewer", "video"], name="impressions_of_viewer"),
            models.Index(fields=["written_at"], name="impressions_lately"),
            models.Index(
                fields=["user"],
                condition=models.Q(user__isnull=False),
                name="impressions_of_user",
            ),
        ]


class WatchEvent(Event):
    """How long one was watched, what was tapped, or what became of it."""

    class Kind(models.TextChoices):
        WATCH = "watch", _("Watched")
        # Likes, saves and follows count by their own rows; here is what led to them.
        LIKE = "like", _("Liked")
        SAVE = "save", _("Saved")
        SHARE = "share", _("Shared")
        FOLLOW = "follow", _("Followed the shop")
        NOT_INTERESTED = "not_interested", _("Not interested")
        TAG_SEEN = "tag_seen", _("Saw a product")
        TAG = "tag", _("Opened a product")
        CART = "cart", _("Added to the cart")
        # By the page that takes reports, and by the checkout, alone.
        REPORT = "report", _("Reported")
        PURCHASE = "purchase", _("Bought")
        REFUND = "refund", _("Paid back")

    video = models.ForeignKey(
        Video, models.CASCADE, related_name="watch_events", db_index=False
    )
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.WATCH)
    watched_ms = models.PositiveIntegerField(default=0)
    # How much of the video was on screen, in thousandths.
    share = models.PositiveSmallIntegerField(default=0)
    loops = models.PositiveSmallIntegerField(default=0)
    # Left for another video before half of it.
    is_skip = models.BooleanField(default=False)
    # An event outlives the product.
    product = models.ForeignKey(
        Product,
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    quantity = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(fields=["video", "created_at"], name="watch_events_of_video"),
            # What this browser did with what it was shown.
            models.Index(fields=["viewer", "video"], name="watch_events_of_viewer"),
            models.Index(fields=["written_at"], name="watch_events_lately"),
            models.Index(
                fields=["user"],
                condition=models.Q(user__isnull=False),
                name="watch_events_of_user",
            ),
        ]


class EventProgress(models.Model):
    """Up to when a job has taken the events in."""

    job = models.CharField(max_length=20, primary_key=True)
    until = models.DateTimeField()

    def __str__(self):
        return f"{self.job} up to {self.until}"
