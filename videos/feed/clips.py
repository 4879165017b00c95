"""Videos as a page shows them: with shop, captions, tagged products, own reactions.

Flat and frozen, so that `marketplace.fragments` can keep what is made of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.core.files.storage import default_storage
from django.db.models import Exists, F, OuterRef, Subquery
from django.db.models.functions import JSONObject

from marketplace.video_addresses import address_of
from sellers.cards import PICTURE_FIELDS
from sellers.models import Follow, Picture, Product, ProductMedia, Seller
from videos.feed.offers import Offer, offer_of
from videos.models import CaptionTrack, Engagement, ProductTag, Video


@dataclass(frozen=True)
class Shop:
    pk: int
    name: str
    slug: str
    avatar: str

    get_absolute_url = Seller.get_absolute_url

    @property
    def avatar_url(self):
        return default_storage.url(self.avatar) if self.avatar else ""


@dataclass(frozen=True)
class Caption:
    file: str
    language: str
    label: str

    @property
    def url(self):
        return address_of(self.file, is_shared=True)


@dataclass(frozen=True)
class ShownTag:
    """A tagged product that is on sale, at its price of this moment."""

    pk: int
    product_id: int
    title: str
    slug: str
    shop_slug: str
    starts_ms: int
    ends_ms: int
    x_permille: int | None
    y_permille: int | None
    picture: Picture | None
    offer: Offer

    @property
    def url(self):
        return Product.url_of(self.shop_slug, self.slug)

    @property
    def has_hotspot(self):
        return self.x_permille is not None


@dataclass(frozen=True)
class Clip:
    pk: int
    public_id: str
    title: str
    description: str
    width: int
    height: int
    duration_ms: int
    has_audio: bool
    folder: str
    poster: str
    colour: str
    placeholder: str
    has_storyboard: bool
    like_count: int
    published_at: datetime
    seller: Shop
    captions: tuple[Caption, ...] = ()
    shown_tags: tuple[ShownTag, ...] = ()
    is_liked: bool = False
    is_saved: bool = False
    is_followed: bool = False

    # As the model finds them, from the same fields.
    get_absolute_url = Video.get_absolute_url
    is_published = True
    _address = Video._address
    playlist_url = Video.playlist_url
    mp4_url = Video.mp4_url
    poster_url = Video.poster_url
    storyboard_url = Video.storyboard_url

    @property
    def product_count(self):
        return len({tag.product_id for tag in self.shown_tags})


PLAIN = [
    "pk", "public_id", "title", "description", "width", "height", "duration_ms",
    "has_audio", "folder", "poster", "colour", "placeholder", "has_storyboard",
    "like_count", "published_at",
]  # fmt: skip


CAPTIONS = ArraySubquery(
    CaptionTrack.objects.filter(video=OuterRef("pk")).values(
        json=JSONObject(file="file", language="language", label="label")
    )
)


def reactions_of(user) -> dict:
    """Annotations of what this person likes, saves and follows."""
    if not user.is_authenticated:
        return {}
    mine = Engagement.objects.filter(user=user, video=OuterRef("pk"))
    follows = Follow.objects.filter(user=user, seller=OuterRef("seller"))
    return {
        "is_liked": Exists(mine.filter(kind=Engagement.Kind.LIKE)),
        "is_saved": Exists(mine.filter(kind=Engagement.Kind.SAVE)),
        "is_followed": Exists(follows),
    }


def load_clips(videos, user) -> list[Clip]:
    """In one query, with the prices and stock of this moment."""
    rows = videos.values(
        *PLAIN,
        "seller_id",
        name=F("seller__name"),
        slug=F("seller__slug"),
        avatar=F("seller__avatar"),
        tracks=CAPTIONS,
        tagged=ArraySubquery(tags_of(OuterRef("pk"))),
        **reactions_of(user),
    )
    return [
        Clip(
            seller=Shop(*(row.pop(n) for n in ("seller_id", "name", "slug", "avatar"))),
            captions=tuple(Caption(**track) for track in row.pop("tracks")),
            shown_tags=tuple(shown_tags(row.pop("tagged"))),
            **row,
        )
        for row in rows
    ]


def load_page(keys: list[int], user) -> list[Clip]:
    """The clips with these keys in this order, without those taken down meanwhile."""
    videos = Video.objects.published().filter(pk__in=keys).order_by()
    return sorted(load_clips(videos, user), key=lambda clip: keys.index(clip.pk))


def tags_of(video):
    """Each as JSON, in order of time; without an offer where it is not on sale."""
    shown = JSONObject(
        pk="pk",
        product_id="product_id",
        title="product__title",
        slug="product__slug",
        shop_slug="product__seller__slug",
        starts_ms="starts_ms",
        ends_ms="ends_ms",
        x_permille="hotspot__x_permille",
        y_permille="hotspot__y_permille",
        offer=offer_of(OuterRef("product")),
        picture=picture_of(OuterRef("product")),
    )
    tags = ProductTag.objects.filter(video=video)
    return tags.order_by("starts_ms", "pk").values_list(shown, flat=True)


def shown_tags(tagged: Iterable[dict]) -> list[ShownTag]:
    """Those that are on sale, with live price and stock."""
    return [
        ShownTag(**tag | {"picture": picture_from(tag["picture"]), "offer": offer})
        for tag in tagged
        if (offer := tag["offer"] and Offer(**tag["offer"]))
    ]


def picture_of(product):
    """The leading one of the outer query's product, as JSON."""
    pictures = ProductMedia.objects.filter(product=product).order_by("position", "pk")
    fields = JSONObject(**{name: name for name in PICTURE_FIELDS})
    return Subquery(pictures.values(json=fields)[:1])


def picture_from(found):
    if found is None:
        return None
    *plain, widths = (found[name] for name in PICTURE_FIELDS)
    return Picture(*plain, tuple(widths))
