"""One visit to the feed: what it was shown, and the next page by what happened since.

What was shown is kept in the cache under an unguessable name, with the reasons; a
cursor is that name and a place in it.  So no video comes twice in a visit, whatever is
published meanwhile, and every page is chosen by the last events.
"""

import re
import secrets
from dataclasses import dataclass, field

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from sellers.models import Follow
from videos.feed import candidates, matching
from videos.feed.candidates import (
    candidates_among,
    further_among,
    let_through,
    sources_of,
)
from videos.feed.gates import Goods, passing, public_videos
from videos.feed.listing import (
    LOOKAHEAD,
    Limits,
    Listed,
    arranged,
    excess,
    neighbours,
)
from videos.feed.matching import Draw
from videos.feed.ranking import Candidate, engagement, freshness, rank
from videos.feed.sources import Source, of_shops_followed
from videos.feed.watchers import Watcher

PAGE_SIZE = 10
# Videos that somebody may come by who looks at followed shops alone.
FOLLOWED, LEAST_OF_FOLLOWED = 1000, 20
LASTS_SECONDS = 6 * 3600
DAY_SECONDS = 86_400

CURSOR = re.compile(r"([\w-]{16})\.(\d{1,6})")


class BadCursor(Exception):
    """Not a cursor that this site gave out."""


@dataclass(frozen=True)
class Place:
    """A video in a visit, with the true reasons for which it stands there."""

    listed: Listed
    at: int
    sources: int
    because: int | None = None
    propensity: float = 1.0
    # How fresh, how engaging, and what `Match.figures_of` tells.
    features: dict = field(default_factory=dict)

    @property
    def key(self):
        return self.listed.pk


@dataclass(frozen=True)
class Page:
    visit: str
    places: tuple[Place, ...]
    next_cursor: str | None
    # By which model; and whether these places were chosen just now.
    version: str = ""
    is_new: bool = True

    @property
    def is_first(self) -> bool:
        """Of its visit."""
        return any(place.at == 0 for place in self.places)

    @property
    def keys(self) -> list[int]:
        return [place.key for place in self.places]


@dataclass(frozen=True)
class Chosen:
    places: list[Place]
    has_more: bool
    version: str


def open_feed(videos, watcher: Watcher, first: int | None = None) -> Page:
    """The first page of a new visit, opening with the video `first`."""
    named = [] if first is None else [Place(Listed(first, 0), 0, int(Source.NAMED))]
    return next_page(secrets.token_urlsafe(12), videos, watcher, named, 0)


def continue_feed(videos, watcher: Watcher, cursor: str) -> Page:
    """The page at the cursor; a visit that was forgotten starts anew."""
    match = CURSOR.fullmatch(cursor)
    if not match:
        raise BadCursor(cursor)
    name, start = match[1], int(match[2])
    shown = shown_in(name)
    if shown is None or start > len(shown):
        return open_feed(videos, watcher)
    if start < len(shown):
        return same_page(name, videos, watcher, shown, start)
    return next_page(name, videos, watcher, shown, start)


def shown_in(name: str) -> list[Place] | None:
    return cache.get(cache_key(name))


def same_page(name, videos, watcher, shown, start):
    """As it was, without what may not be shown any more."""
    places = shown[start : start + PAGE_SIZE]
    allowed = passing(videos.filter(pk__in=[p.key for p in places]), watcher)
    end = start + len(places)
    return Page(
        visit=name,
        places=tuple(place for place in places if place.key in allowed),
        next_cursor=f"{name}.{end}",
        is_new=False,
    )


def next_page(name, videos, watcher, shown, start):
    """Chosen now, and kept."""
    chosen = choose(videos, watcher, shown, PAGE_SIZE - (len(shown) - start))
    shown = [*shown, *chosen.places]
    cache.set(cache_key(name), shown, LASTS_SECONDS)
    return Page(
        visit=name,
        places=tuple(shown[start:]),
        next_cursor=f"{name}.{len(shown)}" if chosen.has_more else None,
        version=chosen.version,
    )


def choose(videos, watcher: Watcher, shown, count: int) -> Chosen:
    """The next so many of these videos, by worth, trials and the rules of a list."""
    match = matching.match(watcher)
    left_out = [place.key for place in shown]
    found = candidates_among(videos, watcher, match.found, left_out)
    ranking = Ranking.of(match, found, watcher, count)
    if len(found.pk) >= candidates.NEWEST and len(ranking.order) < candidates.FEWEST:
        # So much of what is new is sold out, or sent nowhere near.
        found = further_among(videos, watcher, match.found, left_out)
        ranking = Ranking.of(match, found, watcher, count)
    return ranking.chosen(shown, count)


@dataclass(frozen=True)
class Ranking:
    """Candidates in order of merit; of the best, all that pass the gates."""

    match: matching.Match
    now: float
    candidates: Candidate  # all, as columns
    goods: dict[int, Goods]
    order: list[int]

    @classmethod
    def of(cls, match, found, watcher, count):
        now = timezone.now().timestamp()
        found = found._replace(affinity=match.affinities(found))
        enough = count + LOOKAHEAD
        best = rank(found, now, max(candidates.GATED, enough))
        asked = {*best, *match.on_trial(best[:count])}
        goods = let_through(asked, watcher)
        order = [key for key in best if key in goods]
        if len(order) < enough and len(best) < len(found.pk):
            goods |= let_through({*found.pk.tolist()} - asked, watcher)
            order = [key for key in rank(found, now) if key in goods]
        return cls(match, now, found, goods, order)

    def chosen(self, shown, count):
        order, match = self.order, self.match
        best = order[: count + LOOKAHEAD]
        draws = match.draws(order[:count], self.goods) if len(order) >= count else []
        # Whether drawn or not: the rest of the page is the same.
        drawn = {draw.key for draw in draws}
        listed = self.listed([*best, *drawn])
        before = [place.listed for place in shown]
        waiting = [listed[key] for key in best if key not in drawn]
        chosen = arranged(waiting, limits(), count, before)
        touched = place_trials(chosen, draws, listed, before)
        places = [
            Place(item, at, *self.reasons(item.pk, touched.get(item.pk)))
            for at, item in enumerate(chosen, len(shown))
        ]
        return Chosen(places, len(order) > len(places), match.version)

    def candidate(self, key):
        return self.candidates.at(self.match.places[key])

    def listed(self, keys) -> dict[int, Listed]:
        """What the rules of a list count of each."""
        many, places = self.candidates, [self.match.places[key] for key in keys]
        age = self.now - many.published_seconds[places]
        is_fresh = age < DAY_SECONDS * settings.FEED_FRESH_DAYS
        columns = many.seller_id[places], is_fresh, many.is_seen[places]
        rows = zip(keys, *(column.tolist() for column in columns), strict=True)
        return {
            key: Listed(
                key,
                shop,
                self.goods[key].categories,
                self.goods[key].has_products,
                is_new,
                is_seen,
            )
            for key, shop, is_new, is_seen in rows
        }

    def reasons(self, key, drawn: Draw | None):
        """The rest of a `Place`."""
        candidate, match = self.candidate(key), self.match
        chance = 1.0
        sources = sources_of(candidate, match.found)
        features = {
            "fresh": round(float(freshness(candidate, self.now)), 3),
            "engaging": round(engagement(candidate), 4),
            **match.figures_of(candidate.pk),
        }
        if drawn:
            features["draw"] = drawn.grounds
            chance = drawn.chance if drawn.is_given else 1 - drawn.chance
            if drawn.is_given:
                sources |= Source.TRIAL
        because = match.found.because.get(candidate.pk)
        return int(sources), because, round(chance, 6), features


def place_trials(chosen: list[Listed], draws, listed, before) -> dict[int, Draw]:
    """Put what was drawn in its place, unless it breaks a rule there.

    Of every key that chance had to do with, its draw: what may not stand in a place is
    not drawn for it, so what stays there does not by chance.
    """
    touched = {}
    for draw in draws:
        place = len(chosen) - draw.from_end
        if place < 0:
            continue
        others = [*before, *chosen[:place], *chosen[place + 1 :]]
        if excess(listed[draw.key], neighbours(others, limits()), limits()):
            continue
        if draw.is_given:
            chosen[place] = listed[draw.key]
        touched[chosen[place].pk] = draw
    return touched


def limits():
    return Limits(**settings.FEED_LIST)


def cache_key(name: str) -> str:
    return f"feed:visit:{name}"


def followed_videos(user):
    """The newest of each shop that they follow; at least 20, of few shops more."""
    # A guest follows nobody: no user has this key.
    user_pk = user.pk or 0
    shops = Follow.objects.filter(user=user_pk).count()
    of_each = max(LEAST_OF_FOLLOWED, FOLLOWED // max(shops, 1))
    return of_shops_followed(public_videos(), user_pk, of_each)
