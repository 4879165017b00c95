"""The reasons for which a video stands where it does, in words.

They are read from what was kept when the page was made; nothing is made up later.
"""

from dataclasses import dataclass

from django.core.validators import slug_re
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from videos.feed.sessions import Place, shown_in
from videos.feed.sources import Source
from videos.models import RankingLog, Video, VideoTrial

# From here on a figure is worth a word.
FRESH, ENGAGING, FITS, HOPE, OWED = 0.5, 0.1, 1.1, 1.2, 1.1
# What people do with a video is known once so many have seen it, and well after more.
KNOWN, WELL_KNOWN = 20, 60


@dataclass(frozen=True)
class Ranked:
    """A place in a visit, from the visit itself or from the log of it."""

    place: int
    sources: Source
    because: int | None
    features: dict
    propensity: float

    @property
    def is_personal(self):
        return bool(self.features.get("known"))

    @property
    def chance_percent(self):
        return round(100 * self.propensity)

    @property
    def number(self):
        return self.place + 1


def ranked(visit: str, video_pk: int) -> Ranked | None:
    """None where neither the visit nor its log is kept any more."""
    if not slug_re.match(visit):
        return None
    found = next((p for p in shown_in(visit) or [] if p.key == video_pk), None)
    if found:
        return of_place(found)
    row = RankingLog.objects.filter(visit=visit, video=video_pk).first()
    if row is None:
        return None
    source = Source(row.sources)
    return Ranked(row.place, source, row.because, row.features, row.propensity)


def of_place(place: Place) -> Ranked:
    source = Source(place.sources)
    return Ranked(place.at, source, place.because, place.features, place.propensity)


def reasons(found: Ranked, video: Video) -> list[str]:
    """The weightiest first; at least one."""
    lines = [*by_sources(found, video), *by_features(found)]
    return lines or [_("It was next in the usual order: new and well liked first.")]


SIMPLE = {
    Source.NAMED: gettext_lazy("You opened it by its address."),
    Source.VISIT: gettext_lazy(
        "Others who watched what you just watched went on to this one."
    ),
    Source.TASTE: gettext_lazy(
        "It is liked by people who finished the same videos as you."
    ),
    Source.TRENDING: gettext_lazy("Popular in the last days."),
}


PASSED = gettext_lazy("A small group liked it: now it is shown to a larger one.")


def by_sources(found, video):
    if Source.TRIAL in found.sources:
        if found.features.get("pool") == VideoTrial.Pool.TRIAL:
            yield _("New: it is being shown to a small group first.")
        else:
            yield str(PASSED)
    if Source.FOLLOWED in found.sources:
        yield _("You follow %(shop)s.") % {"shop": video.seller.name}
    if Source.CONTENT in found.sources:
        yield from by_content(found.because, video)
    for source, words in SIMPLE.items():
        if source in found.sources:
            yield str(words)


def by_content(because, video):
    """Which of the videos that were watched is most like it."""
    like = Video.objects.published().filter(pk=because).first()
    if like is None:
        yield _("Similar to a video that you watched.")
    elif like.seller_id == video.seller_id:
        words = _("You watched “%(title)s” from this shop, and this is similar.")
        yield words % {"title": like.title}
    else:
        yield _("Similar to “%(title)s”, which you watched.") % {"title": like.title}


def by_features(found):
    features = found.features
    shown = features.get("shown", 0)
    if features.get("fits", 1) >= FITS:
        if found.is_personal:
            yield _("By what you and others finished, it should suit you.")
        elif shown >= KNOWN:
            yield _("More people than usual finish it or look at its products.")
    if features.get("owed", 1) >= OWED and Source.TRIAL not in found.sources:
        yield str(PASSED)
    if features.get("hope", 1) >= HOPE and shown < WELL_KNOWN:
        yield _("Few have seen it yet, so it has the benefit of the doubt.")
    if features.get("engaging", 0) >= ENGAGING:
        yield _("Many who saw it liked, saved or shared it.")
    if features.get("fresh", 0) >= FRESH:
        yield _("It was published in the last days.")
