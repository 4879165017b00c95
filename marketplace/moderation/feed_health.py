"""Health of the feed: is all shown, is the new found, is it quick, and who serves.

Without numpy: every worker imports the desk, and those for media need the memory.
"""

from dataclasses import dataclass
from datetime import timedelta
from itertools import accumulate
from math import log, log2

from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Ln, TruncDate
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from checkout.models import OrderLine
from marketplace.money import format_minor
from marketplace.plots import Axis, Series, percent, plot
from videos.feed import gauges
from videos.models import FeedModel, Impression, PoolDecision, Video, VideoTrial

Pool = VideoTrial.Pool
# Counting goes over all impressions of a week.
KEPT_SECONDS = 300
DAYS = 14
NEW = timedelta(days=7)
TRIED = timedelta(days=28)
TOP_SHOPS = 10
MODELS_SHOWN = 15


@dataclass(frozen=True)
class Spread:
    """Over whom the impressions of some time were spread."""

    impressions: int
    videos: int
    to_new: int
    # Mean surprise of an impression: log2 of how rare its video was.
    bits: float | None
    shops: tuple[int, ...]

    @property
    def gini(self) -> float | None:
        return gini(self.shops)

    @property
    def top_share(self) -> float | None:
        top = sum(sorted(self.shops, reverse=True)[:TOP_SHOPS])
        return top / self.impressions if self.impressions else None

    @property
    def new_share(self) -> float | None:
        return self.to_new / self.impressions if self.impressions else None


def gini(counts) -> float | None:
    """0: all have the same; towards 1: one has all."""
    values, total = sorted(counts), sum(counts)
    if not total:
        return None
    number = len(values)
    weighted = sum(place * value for place, value in enumerate(values, 1))
    return 2 * weighted / (number * total) - (number + 1) / number


def spread_since(since) -> Spread:
    shown = Impression.objects.filter(created_at__gte=since).order_by()
    count = Count("pk")
    by_video = shown.values("video").annotate(n=count)
    sums = by_video.aggregate(
        all=Sum("n"), videos=Count("video"), weighted=Sum(F("n") * Ln(F("n") * 1.0))
    )
    to_new = Q(video__published_at__gte=F("created_at") - NEW)
    shops = shown.values("video__seller").annotate(
        n=count, new=Count("pk", filter=to_new)
    )
    rows = list(shops.values_list("n", "new"))
    total = sums["all"] or 0
    # The database has natural logarithms.
    bits = log2(total) - sums["weighted"] / total / log(2) if total else None
    return Spread(
        impressions=total,
        videos=sums["videos"],
        to_new=sum(new for _n, new in rows),
        bits=bits,
        shops=tuple(n for n, _new in rows),
    )


def figures() -> dict:
    """All that is counted; plain values, so that they can be kept for a while."""
    now = timezone.now()
    published = Video.objects.published().count()
    day, week = (spread_since(now - timedelta(days=days)) for days in (1, 7))
    return {
        "published": published,
        "day": day,
        "week": week,
        "trials": trials(now),
        "decisions": decisions(now),
        "shown": shown_by_day(now),
        "times": gauges.histogram(24),
        "refused": sorted(gauges.refused(7).items()),
        "sales": sales(now - timedelta(days=7)),
    }


def trials(now) -> dict[int, int]:
    """Of the videos that came out lately, how many are in each pool."""
    new = Video.objects.published().filter(published_at__gte=now - TRIED).order_by()
    rows = new.values_list("trial__pool").annotate(Count("pk"))
    # Without a trial: nobody has seen it yet.
    return {Pool.TRIAL if pool is None else pool: count for pool, count in rows}


def decisions(now) -> list[tuple]:
    since = now - timedelta(days=DAYS)
    rows = PoolDecision.objects.filter(created_at__gte=since).order_by()
    by_day = rows.annotate(on=TruncDate("created_at")).values("on")
    stopped = Count("pk", filter=Q(pool=Pool.STOPPED))
    counts = by_day.annotate(stopped=stopped, promoted=Count("pk") - stopped)
    return sorted(counts.values_list("on", "promoted", "stopped"))


def shown_by_day(now) -> list[tuple]:
    since = now - timedelta(days=DAYS)
    rows = Impression.objects.filter(created_at__gte=since).order_by()
    by_day = rows.annotate(on=TruncDate("created_at")).values("on")
    counts = by_day.annotate(videos=Count("video", distinct=True))
    return sorted(counts.values_list("on", "videos"))


def sales(since) -> list[tuple[str, str, int, int]]:
    """What the week's videos sold, net of refunds: by currency and way."""
    lines = OrderLine.objects.sold().with_net().order_by()
    recent = lines.filter(order__group__paid_at__gte=since)
    rows = recent.values("order__group__currency", "video_way").annotate(
        orders=Count("order", distinct=True, filter=Q(order__exchange_of=None)),
        net=Sum("net_minor"),
    )
    return sorted(
        rows.values_list("order__group__currency", "video_way", "orders", "net")
    )


def show(model_admin, request):
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    found = cache.get_or_set("feed-health", figures, KEPT_SECONDS)
    models = list(FeedModel.objects.order_by("-made_at")[:MODELS_SHOWN])
    serving = FeedModel.objects.serving().first()
    context = model_admin.admin_site.each_context(request) | {
        "title": _("Health of the feed"),
        "groups": groups_of(found),
        "sales": sales_shown(found["sales"]),
        "refused": found["refused"],
        "serving": serving,
        "models": models,
        "plots": [made for made in plots_of(found, models) if made],
    }
    return render(request, "moderation/feed_health.html", context)


def in_percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"


def number(value: float | None, digits: int = 2) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"


def groups_of(found):
    """Title, and names with their figures."""
    day, week, published = found["day"], found["week"], found["published"]
    times = [
        (f"p{share}", milliseconds(gauges.percentile(found["times"], share / 100)))
        for share in (50, 95, 99)
    ]
    return [
        (
            _("Is everything shown?"),
            [
                (_("Videos in the feed"), number(published, 0)),
                (_("Shown in 24 hours"), covered(day.videos, published)),
                (_("Shown in 7 days"), covered(week.videos, published)),
                (_("Impressions in 7 days"), number(week.impressions, 0)),
            ],
        ),
        (
            _("Is the new found?"),
            [
                (_("Impressions on videos of a week"), in_percent(week.new_share)),
                (_("Surprise of an impression, in bits"), number(week.bits)),
                *trial_figures(found["trials"]),
            ],
        ),
        (
            _("Is it spread over the shops?"),
            [
                (_("Shops shown in 7 days"), number(len(week.shops), 0)),
                (_("Gini coefficient of the shops shown"), number(week.gini)),
                (_("Share of the ten most shown"), in_percent(week.top_share)),
            ],
        ),
        (
            _("Is it quick? Pages of the last 24 hours"),
            [(_("Pages"), number(sum(found["times"]), 0)), *times],
        ),
    ]


def covered(shown: int, published: int) -> str:
    """What was shown and taken down since may make it more than all."""
    return in_percent(min(shown / published, 1) if published else None)


def trial_figures(pools):
    total = sum(pools.values())
    promoted = sum(pools.get(pool, 0) for pool in (Pool.SECOND, Pool.THIRD, Pool.OPEN))
    stopped = pools.get(Pool.STOPPED, 0)
    return [
        (_("New videos of four weeks"), number(total, 0)),
        (_("Of them promoted"), in_percent(promoted / total if total else None)),
        (_("Of them stopped"), in_percent(stopped / total if total else None)),
    ]


def milliseconds(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f} ms"


def sales_shown(rows):
    ways = dict(OrderLine.Way.choices) | {"": _("Without a video")}
    return [
        (capfirst(ways[way]), orders, format_minor(net or 0, currency))
        for currency, way, orders, net in rows
    ]


def plots_of(found, models):
    published = found["published"] or 1
    shown = [(on, videos / published) for on, videos in found["shown"]]
    return [
        by_day(
            _("Share of the catalogue shown each day"),
            Axis(_("share of the videos"), percent, 0, 1),
            {_("Shown"): shown},
        ),
        by_day(
            _("Decisions of the trials"),
            Axis(_("videos"), is_whole=True, low=0),
            {
                _("Promoted"): [
                    (on, promoted) for on, promoted, _n in found["decisions"]
                ],
                _("Stopped"): [(on, stopped) for on, _n, stopped in found["decisions"]],
            },
        ),
        times_plot(found["times"]),
        lorenz_plot(found["week"].shops),
        models_plot(models),
    ]


def by_day(title, y: Axis, curves):
    """Each curve's points have days, which lie as far apart as they are."""
    return plot(
        title,
        Axis(_("day"), text_of_day, is_whole=True, low=first_day(curves)),
        y,
        [
            Series(name, [(on.toordinal(), value) for on, value in points])
            for name, points in curves.items()
        ],
    )


def first_day(curves):
    return min(
        (on.toordinal() for points in curves.values() for on, _v in points), default=0
    )


def text_of_day(ordinal: float) -> str:
    on = timezone.datetime.fromordinal(int(ordinal)).date()
    return date_format(on, "j M")


def times_plot(counts):
    if not sum(counts):
        return None
    bounds = [str(bound) for bound in gauges.BOUNDS] + [_("more")]
    return plot(
        _("How long pages took"),
        Axis(_("milliseconds, up to"), lambda place: bounds[int(place)], is_whole=True),
        Axis(_("pages"), is_whole=True, low=0),
        [Series(_("Pages"), list(enumerate(counts)), "bars")],
    )


def lorenz_plot(shops):
    if not sum(shops):
        return None
    sums, number = [0, *accumulate(sorted(shops))], len(shops)
    steps = min(number, 49)
    places = [step * number // steps for step in range(steps + 1)]
    points = [(place / number, sums[place] / sums[-1]) for place in places]
    return plot(
        _("How impressions are spread over shops"),
        Axis(_("shops, the least shown first"), percent, 0, 1),
        Axis(_("share of the impressions"), percent, 0, 1),
        [
            Series(_("As it is"), points),
            Series(_("If all were alike"), [(0, 0), (1, 1)]),
        ],
    )


def models_plot(models):
    """How often each model found what came next, and the one that it was to replace."""
    judged = [m for m in reversed(models) if "found" in m.figures]
    days = dict(enumerate(date_format(m.made_at, "j M") for m in judged))
    before = [
        (place, m.figures["found_by_serving"])
        for place, m in enumerate(judged)
        if "found_by_serving" in m.figures
    ]
    return plot(
        _("What the models found of the visits held back"),
        Axis(_("model"), lambda place: days.get(int(place), ""), is_whole=True),
        Axis(_("share found among the first twenty"), in_percent, low=0),
        [
            Series(
                _("The new one"),
                [(n, m.figures["found"]) for n, m in enumerate(judged)],
            ),
            Series(_("The one that served"), before),
        ],
    )
