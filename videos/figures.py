"""How a video does: who saw it, for how long, and what was bought through it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import Count, F, Q, Sum, Value
from django.db.models.functions import Least, TruncDate
from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.money import to_major
from marketplace.plots import Axis, Mark, Plot, Series, percent, plot
from videos.feed.endings import FINISHED_FROM
from videos.models import ProductTag, Video, WatchEvent
from videos.models.video import clock

RANGES = [7, 28, 90]
Kind = WatchEvent.Kind
OF_BUYING = [Kind.TAG, Kind.CART]


@dataclass(frozen=True)
class Sales:
    """Through the video, in one of the two ways."""

    orders: int = 0
    units: int = 0
    net_minor: int = 0


@dataclass(frozen=True)
class Figures:
    impressions: int
    viewers: int
    plays: int
    watched_ms: int
    finished: int
    taps: int
    carts: int
    # How many plays ended in the second 0, 1, ...
    ended: dict[int, int] = field(default_factory=dict)
    direct: Sales = Sales()
    after_view: Sales = Sales()

    @property
    def is_empty(self) -> bool:
        return not (self.impressions or self.plays or self.orders)

    @property
    def average_seconds(self) -> float | None:
        return self.watched_ms / self.plays / 1000 if self.plays else None

    @property
    def completion(self) -> float | None:
        return self.finished / self.plays if self.plays else None

    @property
    def completion_percent(self) -> int | None:
        return None if self.completion is None else round(100 * self.completion)

    @property
    def orders(self) -> int:
        return self.direct.orders + self.after_view.orders

    @property
    def net_minor(self) -> int:
        return self.direct.net_minor + self.after_view.net_minor


def beginning(days: int) -> datetime:
    """Of the first of so many days, today included."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=days - 1)


def figures_of(video: Video, days: int) -> Figures:
    """Three queries, whatever there is."""
    since = beginning(days)
    shown = video.impressions.filter(created_at__gte=since).aggregate(
        impressions=Count("pk"), viewers=Count("viewer", distinct=True)
    )
    ways = sales_of(video, since)
    return Figures(
        **shown,
        **watching_of(video, since),
        direct=ways.get("direct", Sales()),
        after_view=ways.get("after_view", Sales()),
    )


def watching_of(video: Video, since: datetime) -> dict:
    length = video.duration_ms
    events = video.watch_events.filter(created_at__gte=since)
    second = Least(F("watched_ms"), Value(length)) / 1000
    rows = (
        events.filter(kind__in=[Kind.WATCH, *OF_BUYING])
        .order_by()
        .annotate(second=second)
        .values("kind", "second")
        .annotate(
            count=Count("pk"),
            sum=Sum("watched_ms"),
            finished=Count("pk", filter=Q(watched_ms__gte=FINISHED_FROM * length)),
        )
    )
    found = list(rows)
    plays = [row for row in found if row["kind"] == Kind.WATCH]
    return {
        "plays": sum(row["count"] for row in plays),
        "watched_ms": sum(row["sum"] for row in plays),
        "finished": sum(row["finished"] for row in plays),
        "ended": {row["second"]: row["count"] for row in plays},
        "taps": sum(row["count"] for row in found if row["kind"] == Kind.TAG),
        "carts": sum(row["count"] for row in found if row["kind"] == Kind.CART),
    }


def sold_lines(video: Video, since: datetime):
    lines = video.order_lines.sold().filter(order__group__paid_at__gte=since)
    return lines.with_net().order_by()


def sales_of(video: Video, since: datetime) -> dict[str, Sales]:
    """By way; what was sent in exchange is no order more."""
    rows = sold_lines(video, since).values("video_way")
    rows = rows.annotate(
        orders=Count("order", distinct=True, filter=Q(order__exchange_of=None)),
        units=Sum("quantity"),
        net=Sum("net_minor"),
    )
    return {
        way: Sales(*counts)
        for way, *counts in rows.values_list("video_way", "orders", "units", "net")
    }


def retention(figures: Figures, duration_ms: int) -> list[tuple[int, float]]:
    """The share of plays that still went on when each second began."""
    left, curve = figures.plays, []
    for second in range(duration_ms // 1000 + 1):
        curve.append((second, left / figures.plays))
        left -= figures.ended.get(second, 0)
    return curve


def retention_plot(
    video: Video, figures: Figures, tags: list[ProductTag]
) -> Plot | None:
    if not figures.plays:
        return None
    length = max(video.duration_ms / 1000, 1)
    return plot(
        _("Still watching"),
        Axis(_("time in the video"), text_of_second, 0, length, is_whole=True),
        Axis(_("share of the plays"), percent, 0, 1),
        [Series(_("Still watching"), retention(figures, video.duration_ms))],
        [
            Mark(
                tag.starts_ms / 1000,
                tag.ends_ms / 1000,
                f"{tag.product}, {tag.time_span}",
            )
            for tag in tags
            if tag.starts_ms < video.duration_ms
        ],
    )


def text_of_second(second: float) -> str:
    return clock(int(second * 1000))


HEADER = [
    "date", "impressions", "viewers", "plays", "watched_seconds", "finished_plays",
    "product_taps", "carts", "orders_direct", "orders_after_view", "revenue_net",
    "currency",
]  # fmt: skip


def csv_rows(video: Video, days: int, currency: str) -> Iterator[list]:
    """A row a day, oldest first; viewers and orders of a day, once each."""
    since = beginning(days)
    shown = shown_by_day(video, since)
    watched = watched_by_day(video, since)
    sold = sold_by_day(video, since)
    yield HEADER
    for number in range(days):
        on = since.date() + timedelta(days=number)
        *orders, net = sold.get(on, [0, 0, 0])
        yield [
            on.isoformat(),
            *shown.get(on, [0, 0]),
            *watched.get(on, [0] * 5),
            *orders,
            to_major(net, currency),
            currency,
        ]


def shown_by_day(video: Video, since: datetime) -> dict[date, list]:
    shown = video.impressions.filter(created_at__gte=since).order_by()
    return by_day(
        shown.annotate(on=TruncDate("created_at")),
        Count("pk"),
        Count("viewer", distinct=True),
    )


def watched_by_day(video: Video, since: datetime) -> dict[date, list]:
    events = video.watch_events.filter(created_at__gte=since).order_by()
    is_play = Q(kind=Kind.WATCH)
    enough = FINISHED_FROM * video.duration_ms
    found = by_day(
        events.annotate(on=TruncDate("created_at")),
        Count("pk", filter=is_play),
        Sum("watched_ms", filter=is_play, default=0),
        Count("pk", filter=is_play & Q(watched_ms__gte=enough)),
        *(Count("pk", filter=Q(kind=kind)) for kind in OF_BUYING),
    )
    return {
        on: [plays, round(watched_ms / 1000), *others]
        for on, (plays, watched_ms, *others) in found.items()
    }


def sold_by_day(video: Video, since: datetime) -> dict[date, list]:
    lines = sold_lines(video, since)
    is_order = Q(order__exchange_of=None)
    ways = (Q(video_way=way) & is_order for way in ("direct", "after_view"))
    return by_day(
        lines.annotate(on=TruncDate("order__group__paid_at")),
        *(Count("order", distinct=True, filter=way) for way in ways),
        Sum("net_minor"),
    )


def by_day(rows, *sums) -> dict[date, list]:
    names = [f"sum_{number}" for number in range(len(sums))]
    found = rows.values("on").annotate(**dict(zip(names, sums, strict=True)))
    return {on: sums for on, *sums in found.values_list("on", *names)}
