"""Which product is on screen when: the rules, and how a whole set is saved."""

from dataclasses import dataclass
from itertools import combinations

from django.db import transaction
from django.utils.translation import gettext as _

from sellers.models import Product
from videos.models import ProductTag, TagHotspot, Video

SHORTEST_MS = 500
MOST_TAGS = 30
# More cards than this at once hide the video.
MOST_AT_ONCE = 3
NEW_TAG_MS = 5000


class TagRefused(Exception):
    """The set of tags breaks a rule; its text tells the seller which."""


def shortest_ms(video: Video) -> int:
    """The least a tag is shown; in a clip that is shorter still, all of it."""
    return min(SHORTEST_MS, video.duration_ms)


@dataclass(frozen=True)
class Tag:
    product: Product
    starts_ms: int
    ends_ms: int
    x_permille: int | None = None
    y_permille: int | None = None

    def overlaps(self, other: "Tag") -> bool:
        return self.starts_ms < other.ends_ms and other.starts_ms < self.ends_ms


def taggable_products(seller):
    """The seller's own, except what is no longer sold."""
    return seller.products.exclude(status=Product.Status.ARCHIVED)


def new_tag(video: Video, product: Product, starts_ms: int = 0) -> Tag:
    """Where a newly chosen product begins: at the play head, for five seconds."""
    starts_ms = max(0, min(starts_ms, video.duration_ms - shortest_ms(video)))
    return Tag(product, starts_ms, min(starts_ms + NEW_TAG_MS, video.duration_ms))


@transaction.atomic
def replace_tags(video: Video, tags: list[Tag]) -> None:
    """Make these the tags of the video, all of them or, by TagRefused, none."""
    video = Video.objects.select_for_update().get(pk=video.pk)
    tags = [_clipped(tag, video.duration_ms) for tag in tags]
    _check(tags, shortest_ms(video))
    video.tags.all().delete()
    rows = ProductTag.objects.bulk_create(
        ProductTag(
            video=video,
            product=tag.product,
            starts_ms=tag.starts_ms,
            ends_ms=tag.ends_ms,
        )
        for tag in tags
    )
    TagHotspot.objects.bulk_create(
        TagHotspot(tag=row, x_permille=tag.x_permille, y_permille=tag.y_permille)
        for row, tag in zip(rows, tags, strict=True)
        if tag.x_permille is not None and tag.y_permille is not None
    )


def _clipped(tag: Tag, duration_ms: int) -> Tag:
    return Tag(
        tag.product,
        max(0, tag.starts_ms),
        min(tag.ends_ms, duration_ms),
        tag.x_permille,
        tag.y_permille,
    )


def _check(tags: list[Tag], shortest: int) -> None:
    if len(tags) > MOST_TAGS:
        raise TagRefused(
            _("A video may have %(most)s tags at most.") % {"most": MOST_TAGS}
        )
    for tag in tags:
        if tag.ends_ms - tag.starts_ms < shortest:
            raise TagRefused(
                _("“%(product)s” must be shown for half a second or more.")
                % {"product": tag.product}
            )
    for one, other in combinations(tags, 2):
        if one.product == other.product and one.overlaps(other):
            raise TagRefused(
                _("“%(product)s” is tagged twice at the same time.")
                % {"product": one.product}
            )
    _check_at_once(tags)


def _check_at_once(tags: list[Tag]) -> None:
    for tag in tags:
        at_its_start = [t for t in tags if t.starts_ms <= tag.starts_ms < t.ends_ms]
        if len(at_its_start) > MOST_AT_ONCE:
            raise TagRefused(
                _("At most %(most)s products can be on screen at the same time.")
                % {"most": MOST_AT_ONCE}
            )
