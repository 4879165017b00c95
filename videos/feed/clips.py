"""Videos as a page shows them: with shop, captions, tagged products, own reactions."""

from django.db.models import Exists, OuterRef, Prefetch, Value

from sellers.models import Follow
from videos.feed.offers import with_offers
from videos.models import Engagement, ProductTag, Video


def with_reactions(videos, user):
    """Annotated with whether this person likes, saves, follows."""
    if not user.is_authenticated:
        return videos.annotate(
            is_liked=Value(False), is_saved=Value(False), is_followed=Value(False)
        )
    mine = Engagement.objects.filter(user=user, video=OuterRef("pk"))
    follows = Follow.objects.filter(user=user, seller=OuterRef("seller"))
    return videos.annotate(
        is_liked=Exists(mine.filter(kind=Engagement.Kind.LIKE)),
        is_saved=Exists(mine.filter(kind=Engagement.Kind.SAVE)),
        is_followed=Exists(follows),
    )


def load_clips(videos, user) -> list[Video]:
    """Each with `shown_tags`; a number of queries that does not grow with the list."""
    tags = ProductTag.objects.select_related("product__seller", "hotspot")
    clips = list(
        with_reactions(videos, user)
        .select_related("seller")
        .prefetch_related(
            "captions", Prefetch("tags", tags.prefetch_related("product__media"))
        )
    )
    on_sale = {
        tag.pk: tag for tag in with_offers(t for clip in clips for t in clip.tags.all())
    }
    for clip in clips:
        clip.shown_tags = [t for t in clip.tags.all() if t.pk in on_sale]
        clip.product_count = len({tag.product_id for tag in clip.shown_tags})
    return clips


def load_page(keys: list[int], user) -> list[Video]:
    """The clips with these keys in this order, without those taken down meanwhile."""
    clips = load_clips(Video.objects.published().filter(pk__in=keys), user)
    return sorted(clips, key=lambda clip: keys.index(clip.pk))
