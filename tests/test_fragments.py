"""What is kept of a page never shows yesterday's price or somebody else's heart."""

import re
from dataclasses import dataclass

import pytest
from django.template.loader import get_template
from django.test import Client
from django.urls import reverse
from django.utils.safestring import mark_safe

from marketplace import fragments
from marketplace.fragments import fragment
from sellers.models import Follow, Picture, Product
from tests.factories import (
    make_picture,
    make_product,
    make_tag,
    make_user,
    make_variant,
    make_video,
)
from videos.feed.clips import Caption, Clip, Shop, ShownTag
from videos.feed.offers import Offer
from videos.models import Engagement

CARD = "videos/_video_card.html"
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass(frozen=True)
class Film:
    title: str
    url: str = "/v/1/"
    poster_url: str = ""


@dataclass
class Changeable:
    title: str


def test_another_value_is_another_fragment():
    first, second = (fragment(CARD, video=Film(title)) for title in ("Cups", "Bowls"))

    assert "Cups" in first
    assert "Bowls" in second
    assert "Cups" not in second


def test_what_it_shows_is_escaped():
    html = fragment(CARD, video=Film("<b>Cups</b>"))

    assert "&lt;b&gt;Cups" in html


def searched(words):
    few = {"section": "", "is_known": False, "cart_count": 0, "unread_count": 0}
    return fragment("_topbar.html", {"words": words}, site_name="Vitrine", **few)


def test_a_hole_is_filled_anew_and_escaped():
    first, second = searched("cups"), searched('"><script>')

    assert 'value="cups"' in first
    assert 'value="&quot;&gt;&lt;script&gt;"' in second
    assert first.replace("cups", "") == second.replace("&quot;&gt;&lt;script&gt;", "")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "value",
    [
        ["a list"],
        Changeable("title"),
        mark_safe("<b>"),
        (1, [2]),
        Film(["nested"]),
        Product(pk=1, title="a model"),
    ],
)
def test_what_can_change_unseen_is_refused(value):
    with pytest.raises(TypeError, match="a fragment cannot show|unhashable"):
        fragment(CARD, video=value)


@pytest.fixture
def shoppable(db):
    """A video with one tagged product, and the variant that is for sale."""
    video = make_video(title="Steam")
    product = make_product(seller=video.seller, title="Teapot")
    variant = make_variant(product=product, price_minor=1000, stock=5)
    make_tag(video=video, product=product)
    return video, variant


PAGES = ["/", "/shop/", "/search/?q=teapot", "/api/feed"]


@pytest.mark.parametrize("page", PAGES)
def test_a_new_price_shows_at_once(client, shoppable, page):
    _video, variant = shoppable
    before = client.get(page).content.decode()
    variant.price_minor = 1234
    variant.save()

    after = client.get(page).content.decode()

    assert "€10.00" in before
    assert "€12.34" in after
    assert "€10.00" not in after


@pytest.mark.parametrize("page", PAGES[:3])
def test_the_last_one_sold_shows_at_once(client, shoppable, page):
    video, variant = shoppable
    # The feed shows no video of which nothing is left.
    other = make_product(seller=video.seller)
    make_variant(product=other)
    make_tag(video=video, product=other)
    before = client.get(page).content.decode()
    variant.stock.on_hand = 0
    variant.stock.save()

    after = client.get(page).content.decode()

    assert "is-sold-out" not in before
    assert "is-sold-out" in after


@pytest.mark.parametrize("page", PAGES)
def test_what_is_taken_off_sale_is_gone_at_once(client, shoppable, page):
    _video, variant = shoppable
    client.get(page)
    variant.product.advance(Product.Status.ARCHIVED)

    assert "Teapot" not in client.get(page).content.decode()


@pytest.mark.parametrize("page", ["/", "/shop/"])
def test_a_new_title_and_picture_show_at_once(client, shoppable, page):
    _video, variant = shoppable
    client.get(page)
    Product.objects.update(title="Kettle")
    picture = make_picture(product=variant.product)

    after = client.get(page).content.decode()

    assert "Kettle" in after
    assert "Teapot" not in after
    assert picture.thumbnail_url in after


def test_everybody_sees_their_own_reactions(client, shoppable):
    video, _variant = shoppable
    ann, bob = make_user(), make_user()
    Engagement.objects.create(user=ann, video=video, kind=Engagement.Kind.LIKE)
    Follow.objects.create(user=ann, seller=video.seller)
    pages = []
    for person in (ann, bob, None):
        client.logout()
        if person:
            client.force_login(person)
        pages.append(client.get("/").content.decode())

    assert ["is-liked" in page for page in pages] == [True, False, False]
    assert [">Following</button>" in page for page in pages] == [True, False, False]


def test_everybody_gets_their_own_token(shoppable):
    video, _variant = shoppable
    ann, bob = (Client(enforce_csrf_checks=True) for _ in range(2))
    tokens = []
    for browser in (ann, bob):
        browser.force_login(make_user())
        tokens.append(TOKEN.search(browser.get("/").content.decode())[1])
    like = reverse("videos:like", args=[video.public_id])

    mine, theirs = (
        bob.post(like, {"on": "1", "csrfmiddlewaretoken": token}).status_code
        for token in reversed(tokens)
    )

    assert (mine, theirs) == (302, 403)


def test_the_guest_gets_no_form_of_a_person(client, shoppable):
    client.force_login(make_user())
    client.get("/")
    client.logout()

    assert not TOKEN.findall(client.get("/").content.decode())


def test_each_language_has_its_own_prices(client, shoppable, settings):
    settings.LANGUAGES = [("en", "English"), ("de", "German")]
    english = client.get("/shop/").content.decode()
    german = client.get("/shop/", headers={"accept-language": "de"}).content.decode()

    assert "€10.00" in english
    assert "10,00\xa0€" in german


CLIP = "videos/_clip.html"
HARMFUL = "<b>\"Cups\" & 'bowls', 100 % {{ clip }}</b>"
HOLES = {
    "place": 3,
    "number": 4,
    "visit": "a-visit",
    "token": "t.o.k",
    "csrf_token": "c",
}


def make_clip(number=1, tags=(), captions=(), **changed):
    plain = {
        "public_id": f"clip-{number}", "title": f"Clip {number}", "description": "",
        "width": 720, "height": 1280, "duration_ms": 8000, "has_audio": True,
        "folder": f"videos/clip-{number}/1", "poster": "", "colour": "",
        "placeholder": "", "has_storyboard": False, "like_count": 0,
        "published_at": None, "seller": Shop(number, f"Shop {number}", "shop", ""),
    }  # fmt: skip
    known = plain | changed
    return Clip(number, **known, captions=tuple(captions), shown_tags=tuple(tags))


def make_shown_tag(number=1, places=(None, None), picture=None, **offer):
    prices = {"lowest_minor": 1999, "highest_minor": 1999, "currency": "EUR"}
    offer = Offer(**prices | {"orderable": 3, "in_stock": 3} | offer)
    name = f"product-{number}"
    texts = f"Product {number} {HARMFUL}", name, "shop"
    return ShownTag(number, 70 + number, *texts, 500, 2500, *places, picture, offer)


PICTURE = Picture("products/1.webp", 900, 1200, "#aabbcc", HARMFUL, (200, 400))
CLIPS = {
    "plain": make_clip(),
    "wide and silent": make_clip(width=1280, height=720, has_audio=False),
    "with everything": make_clip(
        title=HARMFUL,
        description=HARMFUL * 9,
        poster="videos/clip-1/1/poster.jpg",
        colour="#123456",
        placeholder="data:image/webp;base64,AA==",
        has_storyboard=True,
        like_count=12345,
        seller=Shop(1, HARMFUL, "shop", "avatars/1.webp"),
        captions=[Caption("videos/clip-1/captions/1.vtt", "en", HARMFUL)],
        tags=[
            make_shown_tag(1, (250, 750), PICTURE, highest_minor=2999),
            make_shown_tag(2, orderable=0),
            make_shown_tag(2),
        ],
    ),
    "of somebody's": make_clip(is_liked=True, is_saved=True, is_followed=True),
}


@pytest.mark.parametrize("is_guest", [True, False])
@pytest.mark.parametrize("name", CLIPS)
def test_a_clip_filled_into_a_pattern_is_as_its_template_makes_it(name, is_guest):
    shown = {"clip": CLIPS[name], "is_guest": is_guest, "is_first": is_guest}

    html = fragment(CLIP, HOLES, **shown)

    assert html == get_template(CLIP).render(HOLES | shown)


def test_clips_that_differ_in_texts_alone_have_one_pattern(monkeypatch):
    few = {"is_guest": True, "is_first": False}
    fragment(CLIP, HOLES, clip=make_clip(81, [make_shown_tag(81)]), **few)
    monkeypatch.setattr(fragments, "get_template", None)

    html = fragment(CLIP, HOLES, clip=make_clip(82, [make_shown_tag(82)]), **few)

    assert all(text in html for text in ("Clip 82", "Shop 82", "Product 82"))
    assert not re.search("(clip|shop|product).81", html, re.IGNORECASE)


@pytest.mark.parametrize(
    "other",
    [
        {"is_followed": True},
        {"title": "Cups", "description": "Hot"},
        {"captions": [Caption("videos/clip-1/captions/1.vtt", "en", "English")]},
        {"tags": [make_shown_tag(orderable=0)]},
    ],
)
def test_what_decides_how_a_clip_looks_is_of_its_outline(other):
    plain, decided = (pattern_of(make_clip(**fields)) for fields in ({}, other))

    assert plain == pattern_of(make_clip(2))
    assert plain != decided


def pattern_of(clip):
    return fragments.blank(clip.outline(), {})
