"""Folds what was seen into what is known of each video, and moves its trial on.

Impressions are counted once: the row that says up to when they were folded in is
locked, and changed together with the figures.
"""

from dataclasses import asdict, dataclass, fields, replace
from datetime import timedelta
from functools import partial

import numpy as np
from django.core.cache import cache
from django.db import transaction
from django.db.models import Avg, Count, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from videos.feed import serving, trial_rows
from videos.feed.counting import BEGINNING, begun_before, written_until
from videos.feed.experimenting import tuned
from videos.feed.model.audience import (
    Audience,
    AudienceSettings,
    Bank,
    Common,
    Taps,
    shop_appeals,
)
from videos.feed.model.exposure import Exposure, ExposureSettings
from videos.feed.model.kinds import Kinds
from videos.feed.model.recommender import DIMENSIONS
from videos.feed.trial_rows import (
    COUNTS,
    OUTCOMES,
    TOLD_SECONDS,
    covariances,
    read_rows,
    told_by,
)
from videos.feed.viewing import COLUMNS, ended, views_before, views_of
from videos.feed.worth import USUAL, follow_rates, tap_worth
from videos.models import (
    AudienceState,
    EventProgress,
    Impression,
    PoolDecision,
    Video,
    VideoTrial,
    WatchEvent,
)

# By then the browser has told how an impression ended.
SETTLES = timedelta(minutes=5)
# Of one run; what is left over is folded in by the next.
MOST_AT_ONCE = 20_000
# Bars are taken from so many of the videos shown lately.
COMPARED = 5000
LIMITS = ExposureSettings()
# Kinds of events that are counted into fields of a trial.
COUNTED = {"carted": "cart", "purchased": "purchase", "refunded": "refund"}
# Up to when they were counted, and up to when a fold has told pages so.
OUTCOMES_JOB, OUTCOMES_TOLD = "outcomes", "outcomes told"
COMMON = "feed:common"
ARRAYS_IN_COMMON = ["tap", "tap_information", "liking", "likings"]
SPREADS = [AudienceSettings.appeal] + [AudienceSettings.theme] * DIMENSIONS


@dataclass
class Trials:
    """The rows of some videos as arrays, in the order of `keys`."""

    keys: np.ndarray
    bank: Bank
    taps: Taps
    pools: np.ndarray
    shown: np.ndarray
    finished: np.ndarray
    tapped: np.ndarray
    is_new: np.ndarray  # without a row
    rates: dict  # how often what follows an opened product

    def rows(self, keys):
        return np.searchsorted(self.keys, keys)


def load_trials(keys, recommender, read=read_rows, appeal=0.0) -> Trials:
    """Of these videos; one without a row begins with this appeal and its content."""
    keys = np.unique(np.asarray(keys, np.int64))
    count = len(keys)
    bank, taps = Bank.new(count, SPREADS), Taps.new(count, AudienceSettings.pull)
    bank.mean[:, 0] = appeal
    bank.mean[:, 1:] = content_of(keys, recommender)
    counts = np.zeros((len(COUNTS), count), np.int64)
    became = np.zeros((len(USUAL), count), np.int64)
    is_new = np.ones(count, bool)
    rows = read(keys.tolist())
    at = np.searchsorted(keys, rows["video"])
    became[:, at] = [rows[name] for name in OUTCOMES]
    counts[:, at] = [rows[name] for name in COUNTS]
    is_new[at] = False
    taps.pull[at], taps.weight[at] = rows["pull"], rows["pull_weight"]
    bank.mean[at], bank.covariance[at] = rows["mean"], covariances(rows)
    rates = follow_rates(counts[3], dict(zip(USUAL, became, strict=True)))
    taps.worth = tap_worth(rates, tuned("FEED_VALUES"))
    return Trials(keys, bank, taps, *counts, is_new, rates)


def known_trials(keys, recommender) -> tuple[Trials, Common]:
    """For pages: as they were folded in last, to the minute."""
    common = known_common()
    # Whatever is folded in adds to it.
    folded = common.base_weight
    read = partial(trial_rows.remembered.read, folded=folded)
    return load_trials(keys, recommender, read, common.usual_appeal), common


def content_of(keys, recommender):
    vectors = np.zeros((len(keys), DIMENSIONS), np.float32)
    if recommender:
        rows, is_known = recommender.find(keys)
        vectors[is_known] = recommender.themes(rows[is_known])
    return vectors


def save_trials(trials: Trials, rows) -> None:
    VideoTrial.objects.bulk_create(
        [
            VideoTrial(
                video_id=int(trials.keys[row]),
                pool=int(trials.pools[row]),
                shown=int(trials.shown[row]),
                finished=int(trials.finished[row]),
                tapped=int(trials.tapped[row]),
                pull=float(trials.taps.pull[row]),
                pull_weight=float(trials.taps.weight[row]),
                appeal=float(trials.bank.mean[row, 0]),
                mean=trials.bank.mean[row].tobytes(),
                covariance=trials.bank.covariance[row].tobytes(),
                changed_at=timezone.now(),
            )
            for row in rows
        ],
        update_conflicts=True,
        unique_fields=["video"],
        update_fields=[
            "pool", "shown", "finished", "tapped", "pull", "pull_weight", "appeal",
            "mean", "covariance", "changed_at",
        ],
    )  # fmt: skip


def fold_views(now=None) -> int:
    """Learn from the impressions that have settled since the last time."""
    settled = (now or timezone.now()) - SETTLES
    return fold_until(min(settled, written_until()))


@transaction.atomic
def fold_until(until) -> int:
    AudienceState.objects.get_or_create(
        pk=1, defaults={"folded_until": until - timedelta(days=1)}
    )
    # Of two jobs at once, the second waits, and finds nothing left to do.
    state = AudienceState.objects.select_for_update().get(pk=1)
    since = state.folded_until
    shown = Impression.objects.written(since, until).exclude(viewer="")
    rows = ended(shown.order_by("written_at", "pk")[:MOST_AT_ONCE])
    rows = list(rows.values_list(*COLUMNS, "written_at"))
    if len(rows) == MOST_AT_ONCE:
        # Those of the last moment may not all be here: they come next time.
        rows = [row for row in rows if row[-1] < rows[-1][-1]]
        until = rows[-1][-1]
    told = {}
    if rows:
        before = common_of(state).base_weight
        common, changed = fold(rows, since, common_of(state))
        state.common = stored(common)
        told = told_by(common.base_weight, before, [*changed, *counted_anew()])
    state.folded_until = max(until, since)
    state.save()
    # So that no page has to ask for it; what one finds before the commit is older.
    cache.delete(COMMON)
    told[COMMON] = state.common
    transaction.on_commit(partial(cache.set_many, told, TOLD_SECONDS))
    return len(rows)


def known_common() -> Common:
    """For pages: as the last fold left it."""
    found = cache.get_or_set(COMMON, common_stored, TOLD_SECONDS)
    return common_of(AudienceState(common=found))


def common_stored():
    return AudienceState.objects.values_list("common", flat=True).first() or {}


def stored(common):
    arrays = {name: getattr(common, name).tolist() for name in ARRAYS_IN_COMMON}
    kinds = common.kinds and {
        field.name: getattr(common.kinds, field.name).tolist()
        for field in fields(Kinds)
    }
    return asdict(replace(common, kinds=None)) | arrays | {"kinds": kinds}


def common_of(state):
    found = state.common
    if not found:
        return Common()
    # A state of a former release has no likings yet, and no kinds.
    arrays = {name: np.array(found[name]) for name in ARRAYS_IN_COMMON if name in found}
    if kinds := found.get("kinds"):
        kinds = Kinds(**{name: np.array(rows) for name, rows in kinds.items()})
    return Common(**found | arrays | {"kinds": kinds})


def fold(rows, since, common):
    viewers = sorted({row[0] for row in rows})
    views = views_of(viewers, rows)
    earlier = views_before(viewers, since)
    keys = np.r_[views.videos, earlier.videos, compared()]
    common.usual_appeal = usual = usual_appeal()
    recommender = serving.current_recommender()
    trials = load_trials(keys, recommender, appeal=usual)
    expect_of_shops(trials, usual)
    trials.bank.precision[:] = np.linalg.inv(trials.bank.covariance)
    tastes = common.newcomers(len(viewers), DIMENSIONS)
    audience = Audience(tastes, trials.bank, trials.taps, common)
    if recommender and recommender.subjects:
        common.begin_kinds(recommender.subjects.centres)
    before = trials.rows(earlier.videos)
    audience.recall(earlier.viewers, before, earlier.finished, teaches=True)
    rows = trials.rows(views.videos)
    audience.learn(views.viewers, rows, views.finished, views.tapped)
    np.add.at(trials.shown, rows, 1)
    np.add.at(trials.finished, rows, views.finished.astype(int))
    np.add.at(trials.tapped, rows, views.tapped.astype(int))
    changed = np.unique(rows)
    move_on(audience, trials, changed)
    save_trials(trials, changed)
    # What was counted before they had a row.
    new = trials.keys[changed[trials.is_new[changed]]].tolist()
    if new:
        recount(VideoTrial.objects.filter(video__in=new))
    return common, trials.keys[changed].tolist()


@transaction.atomic
def count_outcomes() -> int:
    """Bring carts, purchases and refunds up to date; safe to repeat.

    By when they were written: a cart bears the time at which its page was made.  Looked
    at again is all that was not there to see the last time, however long that is ago.
    """
    until = begun_before()
    progress, _ = EventProgress.objects.get_or_create(
        job=OUTCOMES_JOB, defaults={"until": BEGINNING}
    )
    changed = with_outcomes_since(progress.until)
    count = recount(VideoTrial.objects.filter(video__in=changed))
    progress.until = max(progress.until, until)
    progress.save()
    return count


def with_outcomes_since(moment):
    lately = WatchEvent.objects.written_since(moment)
    return lately.filter(kind__in=COUNTED.values()).order_by().values("video")


def counted_anew() -> set[int]:
    """Videos whose outcomes may have been, since a fold told so last."""
    progress = EventProgress.objects.filter(job=OUTCOMES_JOB)
    until = progress.values_list("until", flat=True).first() or BEGINNING
    told, _ = EventProgress.objects.get_or_create(
        job=OUTCOMES_TOLD, defaults={"until": until}
    )
    if told.until == until:
        return set()
    videos = with_outcomes_since(told.until).values_list("video", flat=True)
    told.until = until
    told.save()
    return set(videos.distinct())


def recount(trials) -> int:
    """From the events themselves."""
    return trials.update(**{field: times_of(kind) for field, kind in COUNTED.items()})


def times_of(kind):
    """How often the video of the outer trial had such an event."""
    own = WatchEvent.objects.filter(video=OuterRef("pk"), kind=kind)
    times = own.order_by().values("video").annotate(times=Count("pk"))
    return Coalesce(Subquery(times.values("times")), 0)


def usual_appeal():
    """Of all that were shown, however few it took to stop them."""
    return VideoTrial.objects.aggregate(usual=Avg("appeal", default=0.0))["usual"]


def expect_of_shops(trials, usual):
    """New videos begin with what became of the same shop's others."""
    new = trials.keys[trials.is_new].tolist()
    if not new:
        return
    of_shop = VideoTrial.objects.filter(video__seller=OuterRef("seller"))
    of_shop = of_shop.values("video__seller")
    rows = (
        Video.objects.filter(pk__in=new)
        .order_by()
        .values_list(
            "pk",
            Subquery(of_shop.annotate(sum=Sum("appeal")).values("sum")),
            Subquery(of_shop.annotate(count=Count("pk")).values("count")),
        )
    )
    for key, total, count in rows:
        if count:
            appeal = shop_appeals(total, count, usual)
            trials.bank.mean[trials.rows(key), 0] = appeal


def compared():
    """Videos against which others are held: those tried lately, whatever came of it.

    Against those that were found good alone, hardly a new one would pass.
    """
    is_tried = Q(pool__gt=VideoTrial.Pool.TRIAL) | Q(shown__gte=LIMITS.mature)
    lately = VideoTrial.objects.filter(is_tried)
    return list(lately.order_by("-changed_at").values_list("pk", flat=True)[:COMPARED])


def move_on(audience, trials, changed):
    """Judge the videos that were shown, and write down each decision."""
    before = trials.pools.copy()
    pools, shown = trials.pools, trials.shown
    exposure = Exposure(audience, pools, shown, None, LIMITS, random=None)
    estimates, spreads, bars = exposure.judge(np.arange(len(trials.keys)))
    moved = changed[trials.pools[changed] != before[changed]]
    PoolDecision.objects.bulk_create(
        PoolDecision(
            video_id=int(trials.keys[row]),
            pool_before=int(before[row]),
            pool=int(trials.pools[row]),
            shown=int(trials.shown[row]),
            finished=int(trials.finished[row]),
            tapped=int(trials.tapped[row]),
            estimate=float(estimates[row]),
            spread=float(spreads[row]),
            bar=float(bars[row]),
        )
        for row in moved
    )
