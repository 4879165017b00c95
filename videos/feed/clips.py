"""Videos as a page shows them: with shop, captions, tagged products, own reactions.

Flat and frozen, so that `marketplace.fragments` can keep what is made of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.core.files.storage import default_storage
from django.db.models import BigIntegerField, Exists, OuterRef, Subquery
from django.db.models.functions import JSONObject
from django.utils import timezone
from django.utils.text import Truncator

from marketplace.fragments import Outline
from marketplace.prepared import Given, Prepared, given_keys
from marketplace.video_addresses import address_of
from sellers.cards import PICTURE_FIELDS
from sellers.models import Follow, Picture, Product, ProductMedia, Seller
from videos.feed.offers import Offer, offer_of
from videos.models import CaptionTrack, Engagement, ProductTag, Video

SUMMARY = 160  # characters of a description


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

    @property
    def initial(self):
        return self.name[:1]

    def outline(self):
        return Outline(
            name=self.name,
            initial=self.initial,
            slug=self.slug,
            get_absolute_url=self.get_absolute_url(),
            avatar_url=self.avatar_url,
        )


@dataclass(frozen=True)
class Caption:
    file: str
    language: str
    label: str

    @property
    def url(self):
        return address_of(self.file, is_shared=True)

    def outline(self):
        return Outline(url=self.url, language=self.language, label=self.label)


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

    def outline(self):
        picture, offer = self.picture, self.offer
        return Outline(
            pk=str(self.pk),
            product_id=str(self.product_id),
            title=self.title,
            url=self.url,
            starts_ms=str(self.starts_ms),
            ends_ms=str(self.ends_ms),
            has_hotspot=self.has_hotspot,
            x_permille=str(self.x_permille),
            y_permille=str(self.y_permille),
            picture=picture and Outline(thumbnail_url=picture.thumbnail_url),
            offer=Outline(
                price=offer.price,
                is_from=offer.is_from,
                is_sold_out=offer.is_sold_out,
            ),
        )


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
    is_wide = Video.is_wide
    likes = Video.likes
    playlist_url = Video.playlist_url
    mp4_url = Video.mp4_url
    poster_url = Video.poster_url
    storyboard_url = Video.storyboard_url

    @property
    def product_count(self):
        return len({tag.product_id for tag in self.shown_tags})

    @property
    def summary(self):
        return Truncator(self.description).chars(SUMMARY)

    def outline(self):
        """As `videos/_clip.html` and what it includes find it."""
        return Outline(
            public_id=self.public_id,
            title=self.title,
            summary=self.summary,
            get_absolute_url=self.get_absolute_url(),
            width=str(self.width),
            height=str(self.height),
            is_wide=self.is_wide,
            duration_ms=str(self.duration_ms),
            has_audio=self.has_audio,
            colour=self.colour,
            placeholder=self.placeholder,
            poster_url=self.poster_url,
            playlist_url=self.playlist_url,
            mp4_url=self.mp4_url,
            storyboard_url=self.storyboard_url,
            likes=self.likes,
            is_liked=self.is_liked,
            is_saved=self.is_saved,
            is_followed=self.is_followed,
            seller=self.seller.outline(),
            captions=tuple(track.outline() for track in self.captions),
            product_count=self.product_count,
            shown_tags=tuple(tag.outline() for tag in self.shown_tags),
        )


PLAIN = [
    "pk", "public_id", "title", "description", "width", "height", "duration_ms",
    "has_audio", "folder", "poster", "colour", "placeholder", "has_storyboard",
    "like_count", "published_at",
]  # fmt: skip
SHOP = ["seller_id", "seller__name", "seller__slug", "seller__avatar"]


CAPTIONS = ArraySubquery(
    CaptionTrack.objects.filter(video=OuterRef("pk")).values(
        json=JSONObject(file="file", language="language", label="label")
    )
)


def reactions_of(user) -> dict:
    """Annotations of what this person likes, saves and follows."""
    mine = Engagement.objects.filter(user=user, video=OuterRef("pk"))
    follows = Follow.objects.filter(user=user, seller=OuterRef("seller"))
    return {
        "is_liked": Exists(mine.filter(kind=Engagement.Kind.LIKE)),
        "is_saved": Exists(mine.filter(kind=Engagement.Kind.SAVE)),
        "is_followed": Exists(follows),
    }


def load_clips(videos, user) -> list[Clip]:
    """In one query, with the prices and stock of this moment."""
    return clips_from(rows_of(videos, user if user.is_authenticated else None))


def load_page(keys: list[int], user) -> list[Clip]:
    """The clips with these keys in this order, without those taken down meanwhile."""
    kind = timezone.localdate(), user.is_authenticated
    clips = clips_from(ON_PAGE.rows(*kind, keys=keys, user=user.pk))
    return sorted(clips, key=lambda clip: keys.index(clip.pk))


def on_page(today, is_authenticated):
    videos = Video.objects.published().filter(pk__in=given_keys("keys")).order_by()
    return rows_of(
        videos, Given("user", BigIntegerField()) if is_authenticated else None
    )


ON_PAGE = Prepared(on_page)


def rows_of(videos, user):
    reactions = reactions_of(user) if user is not None else {}
    return videos.annotate(
        **reactions, tracks=CAPTIONS, tagged=ArraySubquery(tags_of(OuterRef("pk")))
    ).values_list(*PLAIN, *SHOP, "tracks", "tagged", *reactions)


def clips_from(rows) -> list[Clip]:
    clips = []
    for row in rows:
        plain, shop = row[: len(PLAIN)], row[len(PLAIN) :][: len(SHOP)]
        tracks, tagged, *reactions = row[len(PLAIN) + len(SHOP) :]
        captions = tuple(Caption(**track) for track in tracks)
        tags = tuple(shown_tags(tagged))
        clips.append(Clip(*plain, Shop(*shop), captions, tags, *reactions))
    return clips


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
