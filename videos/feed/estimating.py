"""What other weights or shares would have earned, from the ranking log of what served.

Chance decides about the last two places of a page alone: whether a video on trial gets
one, or the better known video stays.  So the estimate is of those places, and of a
policy that decides anew between the same two.  Merit places are not drawn, and no log
can tell what others would have earned there.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from videos.feed.endings import FINISHED_FROM
from videos.feed.model.off_policy import Estimate, ips, snips
from videos.feed.sources import Source
from videos.feed.trials import LIMITS
from videos.feed.viewing import TAPS, WATCHED
from videos.feed.worth import USUAL, tap_worth
from videos.models import Impression, RankingLog, WatchEvent

# Of one estimate, the newest: somebody waits for the answer.
MOST_PLACES = 20_000
# With fewer rows of the candidate's own, a normal interval means little.
LEAST_EFFECTIVE = 100
# Of one viewer all rows go together: intervals are by the spread of viewers.
LEAST_VIEWERS = 50
# A visit lasts so long; the clocks of two machines may differ.
VISIT, SKEW = timedelta(hours=6), timedelta(minutes=1)

REWARDS = {
    "worth": _("Worth of a place, in finished views"),
    "finished": _("Watched to the end"),
    "tapped": _("Opened a product"),
    "carted": _("Put a product in the cart"),
}


@dataclass(frozen=True)
class Candidate:
    """The weights and shares that might serve instead; each whole."""

    values: dict
    exposure: dict


@dataclass(frozen=True)
class Places:
    """Those about which chance decided, and that came on the screen."""

    viewers: list[str]
    is_given: np.ndarray  # to the video on trial
    propensities: np.ndarray  # of what was done
    shares: list[str]
    lengths: np.ndarray  # of their pages
    pairs: np.ndarray  # place, video on trial or who stays, and its `Match.grounds`
    rewards: dict[str, np.ndarray]

    def __len__(self):
        return len(self.viewers)


@dataclass(frozen=True)
class Line:
    """By one reward: what was earned, and by both estimators would have been."""

    label: str
    served: Estimate
    plain: Estimate
    normalised: Estimate


@dataclass(frozen=True)
class Answer:
    places: int
    viewers: int
    effective: float
    # Empty where the log says too little.
    lines: list[Line]
    # Shares by which no place was ever left to chance: of them it says nothing.
    silent: list[str]


def estimate(candidate: Candidate, days: int) -> Answer:
    places = read_places(timezone.now() - timedelta(days=days))
    viewers = len(set(places.viewers))
    if not len(places):
        return Answer(0, 0, 0.0, [], [])
    chosen = chances_by(candidate, places)
    weights = chosen / places.propensities
    squares = float((weights**2).sum())
    effective = float(weights.sum()) ** 2 / squares if squares else 0.0
    is_thin = effective < LEAST_EFFECTIVE or viewers < LEAST_VIEWERS
    names = [] if is_thin else REWARDS
    lines = [line_of(places, chosen, name) for name in names]
    silent = [name for name in candidate.exposure if name not in places.shares]
    return Answer(len(places), viewers, effective, lines, silent)


def line_of(places, chosen, name) -> Line:
    log = places.rewards[name], places.propensities
    served = ips(*log, places.propensities, places.viewers)
    found = (by(*log, chosen, places.viewers) for by in (ips, snips))
    return Line(REWARDS[name], served, *found)


def chances_by(candidate: Candidate, places: Places):
    """How likely the candidate would have done what was done."""
    finish, tap, opened = (places.pairs[:, :, n] for n in range(3))
    rates = dict(zip(USUAL, np.moveaxis(places.pairs[:, :, 3:], 2, 0), strict=True))
    worth = tap_worth(rates, candidate.values) * (opened > 0)
    on_trial, stays = (finish * (1 + tap * worth)).T
    # Equal but for the digits that the log keeps is equal.
    is_worth_it = on_trial >= LIMITS.worth_giving * stays - 1e-5
    shares = np.array([candidate.exposure[name] for name in places.shares])
    chances = np.minimum(shares * places.lengths, 1) * is_worth_it
    return np.where(places.is_given, chances, 1 - chances)


def read_places(since) -> Places:
    """By one query; without a pseudonym nobody knows how a place ended."""
    drawn = RankingLog.objects.drawn().filter(created_at__gte=since)
    rows = ended(drawn.exclude(viewer=""), since).order_by("-created_at", "-pk")
    rows = rows.values_list(
        "came", "viewer", "sources", "propensity", "features__draw",
        "finished", "tapped", "carted",
    )[:MOST_PLACES]  # fmt: skip
    seen = [row[1:] for row in rows if row[0]]
    columns = [list(column) for column in zip(*seen, strict=True)] or [[]] * 7
    viewers, sources, propensities, draws, *ends = columns
    finished, tapped, carted = (np.array(end, float) for end in ends)
    # Who opened a product was interested, however long they watched.
    finished = np.maximum(finished, tapped)
    value = settings.FEED_VALUES
    return Places(
        viewers=viewers,
        is_given=(np.array(sources, int) & Source.TRIAL) > 0,
        propensities=np.array(propensities, float),
        shares=[draw["share"] for draw in draws],
        lengths=np.array([draw["places"] for draw in draws], float),
        pairs=np.array([draw["pair"] for draw in draws], float).reshape(
            -1, 2, 3 + len(USUAL)
        ),
        rewards={
            "worth": finished + value["tap"] * tapped + value["cart"] * carted,
            "finished": finished,
            "tapped": tapped,
            "carted": carted,
        },
    )


def ended(rows, since):
    """With whether each came on the screen, and how that ended.

    None of it is a condition of the rows: as such PostgreSQL might read all events of
    that time, instead of looking up those of one viewer.
    """
    window = {
        "viewer": OuterRef("viewer"),
        "video": OuterRef("video"),
        "created_at__gte": OuterRef("created_at") - SKEW,
        "created_at__lt": OuterRef("created_at") + VISIT,
        # And none of the partitions of before.
        "created_at__gt": since - SKEW,
    }
    came = Impression.objects.filter(position=OuterRef("place"), **window)
    events = WatchEvent.objects.filter(**window)
    enough = OuterRef("video__duration_ms") * FINISHED_FROM
    return rows.annotate(
        came=Exists(came),
        finished=Exists(events.filter(kind=WATCHED, watched_ms__gte=enough)),
        tapped=Exists(events.filter(kind__in=TAPS)),
        carted=Exists(events.filter(kind=WatchEvent.Kind.CART)),
    )
