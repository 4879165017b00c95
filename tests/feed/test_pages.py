import json
import re

import pytest
from django.urls import reverse
from django.utils import timezone

from sellers.models import Product, Seller, StockLevel
from tests.factories import (
    make_cart,
    make_product,
    make_seller,
    make_tag,
    make_user,
    make_variant,
    make_video,
)
from videos.models import Engagement, Video

pytestmark = pytest.mark.django_db


def make_shoppable(*, tags=1, stock=10, price_minor=1990, **fields):
    """A published video with tagged products that can be bought."""
    video = make_video(**fields)
    for _ in range(tags):
        product = make_product(seller=video.seller)
        make_variant(product=product, stock=stock, price_minor=price_minor)
        make_tag(video=video, product=product)
    return video


def clips_in(answer):
    return re.findall(r'data-clip="([\w-]+)"', answer.content.decode())


def test_a_guest_sees_ten_videos_and_where_more_are(client):
    for _ in range(12):
        make_shoppable()

    first = client.get(reverse("videos:feed"))
    more = re.search(r'data-feed-more="([^"]+)"', first.content.decode())[1]
    second = client.get(more)

    assert len(clips_in(first)) == 10
    assert len(clips_in(second)) == 2
    assert set(clips_in(first)).isdisjoint(clips_in(second))
    assert "You have seen it all" in second.content.decode()


def test_without_javascript_the_next_videos_are_a_link_away(client):
    for _ in range(11):
        make_shoppable()

    first = client.get(reverse("videos:feed"))
    link = re.search(r'<noscript><a [^>]*href="([^"]+)"', first.content.decode())[1]

    assert len(clips_in(client.get(reverse("videos:feed") + link))) == 1


def test_without_javascript_video_and_products_are_there(client):
    video = make_shoppable()
    tag = video.tags.get()

    page = client.get(video.get_absolute_url()).content.decode()

    assert re.search(r"<video [^>]*\bcontrols\b", page)
    assert f'<source src="{video.playlist_url}"' in page
    assert f'<source src="{video.mp4_url}" type="video/mp4">' in page
    assert f'href="{tag.product.get_absolute_url()}?video={video.public_id}"' in page


def test_a_feed_whose_first_videos_are_being_made_says_so_and_looks_again(client):
    video = make_video(status=Video.Status.UPLOADED)
    make_video(status=Video.Status.PROCESSING)
    make_video(status=Video.Status.FAILED)
    make_video(status=Video.Status.UPLOADED, publication=Video.Publication.DRAFT)
    again = reverse("videos:feed_waiting")

    page = client.get(reverse("videos:feed")).content.decode()
    assert "2 videos are being prepared" in page
    assert f'hx-get="{again}"' in page
    assert '<noscript><meta http-equiv="refresh"' in page
    assert f'hx-get="{again}"' in client.get(again).content.decode()

    Video.objects.filter(pk=video.pk).update(status=Video.Status.READY)
    assert client.get(again)["HX-Refresh"] == "true"
    assert clips_in(client.get(reverse("videos:feed"))) == [video.public_id]


def test_an_empty_feed_with_nothing_to_come_does_not_look_again(client):
    make_video(status=Video.Status.FAILED)

    for name in ("videos:feed", "videos:feed_waiting"):
        page = client.get(reverse(name)).content.decode()
        assert "There are no videos yet" in page
        assert 'hx-trigger="every' not in page
        assert 'http-equiv="refresh"' not in page


def test_an_empty_feed_says_so(client):
    assert "There are no videos yet" in client.get("/").content.decode()


def test_the_address_can_name_the_first_video(client):
    videos = [make_shoppable() for _ in range(3)]

    answer = client.get("/", {"v": videos[0].public_id})

    assert clips_in(answer)[0] == videos[0].public_id
    assert len(clips_in(answer)) == 3


def test_a_zero_byte_is_no_name_of_anything(client):
    video = make_video()

    assert clips_in(client.get("/?v=%00")) == [video.public_id]
    wish = {"kind": "hidden", "about": "seller", "key": "\0"}
    why = reverse("videos:why", args=[video.public_id])
    assert client.get(why, {"visit": "\0"}).status_code == 200
    assert client.post(reverse("videos:add_wish"), wish).status_code == 404


@pytest.mark.parametrize(("is_known", "most"), [(False, 5), (True, 8)])
def test_the_feed_takes_the_same_few_queries_for_any_length(
    client, settings, django_assert_max_num_queries, is_known, most
):
    # One more is written for a visit of the sample: tests/feed/test_ranking_logs.py.
    settings.FEED_LOG_PERCENT = 0
    if is_known:
        # The session and the account, as on every page of the site; and in one query
        # what they wished of the feed and what the bars show, cart and inbox.
        client.force_login(make_user())
    # A browser that has a pseudonym is asked what it has seen; and once a minute
    # somebody's page asks which experiments run.
    make_shoppable()
    for _ in range(2):
        client.get(reverse("videos:feed"))
    counts = []
    for _ in range(2):
        for _ in range(4):
            make_shoppable(tags=3)
        with django_assert_max_num_queries(most) as queries:
            client.get(reverse("videos:feed"))
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_the_bars_of_the_feed_say_what_those_of_other_pages_say(client):
    user = make_user()
    make_shoppable()
    for owner in (user, make_user()):
        cart = make_cart(user=owner, quantity=2)
        cart.lines.create(variant=make_variant(), quantity=3)
        for read_at in (None, timezone.now()):
            owner.notifications.create(subject="Sent", body="", read_at=read_at)
    client.force_login(user)

    feed, shop = client.get("/"), client.get(reverse("discovery:shop"))

    for page in (feed, shop):
        assert (page.context["cart_count"], page.context["unread_count"]) == (5, 1)


def test_the_video_page_takes_few_queries(client, django_assert_max_num_queries):
    video = make_shoppable(tags=5)
    client.force_login(make_user())

    with django_assert_max_num_queries(12):
        client.get(video.get_absolute_url())


def test_prices_and_stock_are_shown(client):
    video = make_shoppable(price_minor=1990)
    sold_out = make_product(seller=video.seller)
    make_variant(product=sold_out, price_minor=2500, stock=0)
    make_tag(video=video, product=sold_out)

    page = client.get("/").content.decode()

    assert "€19.90" in page
    assert page.count("data-sold-out hidden") == 2
    assert page.count("data-sold-out>") == 2


def test_a_product_tagged_twice_counts_once(client):
    video = make_shoppable()
    make_tag(video=video, product=video.tags.get().product)

    page = client.get(reverse("videos:feed")).content.decode()

    assert "<span>1 product</span>" in page


def test_a_product_that_is_not_on_sale_is_not_shown(client):
    video = make_shoppable()
    video.tags.get().product.advance(Product.Status.ARCHIVED)

    assert "data-tag=" not in client.get(video.get_absolute_url()).content.decode()


def test_offers_are_live(client):
    video = make_shoppable(price_minor=1000)
    url = reverse("videos:api_offers", args=[video.public_id])
    variant = video.tags.get().product.variants.get()

    before = client.get(url).json()
    variant.price_minor = 1250
    variant.save()
    variant.stock.on_hand = 0
    variant.stock.save()
    after = client.get(url).json()

    assert (before[0]["price"], before[0]["is_sold_out"]) == ("€10.00", False)
    assert (after[0]["price"], after[0]["is_sold_out"]) == ("€12.50", True)


def test_other_sites_learn_what_the_video_is(client, settings):
    settings.SITE_URL = "https://shop.example"
    video = make_shoppable(title="Cups </script><b>", poster="videos/p.jpg")

    page = client.get(video.get_absolute_url()).content.decode()

    assert f'content="https://shop.example/v/{video.public_id}/"' in page
    assert (
        f'property="og:image" content="https://shop.example/v/{video.public_id}/poster.jpg"'
        in page
    )
    data = re.search(r'<script type="application/ld\+json">(.*?)</script>', page)[1]
    clip, product = json.loads(data)["@graph"]
    assert (clip["@type"], clip["name"]) == ("VideoObject", "Cups </script><b>")
    assert product["offers"]["lowPrice"] == "19.90"
    assert product["offers"]["availability"] == "https://schema.org/InStock"


def test_other_sites_are_not_told_that_what_is_sent_later_is_in_stock(client):
    video = make_shoppable(stock=0)
    StockLevel.objects.update(policy="back_order")

    page = client.get(video.get_absolute_url()).content.decode()

    assert "schema.org/BackOrder" in page
    assert "schema.org/InStock" not in page
    assert video.tags.get().product.variants.get().orderable


@pytest.mark.parametrize(
    "fields",
    [
        {"publication": Video.Publication.DRAFT},
        {"publication": Video.Publication.IN_REVIEW},
        {"status": Video.Status.PROCESSING},
        {"seller": Seller.Status.SUSPENDED},
    ],
)
def test_what_is_not_public_has_no_page(client, fields):
    if "seller" in fields:
        fields = {"seller": make_seller(status=fields["seller"])}
    video = make_video(**fields)

    assert client.get(video.get_absolute_url()).status_code == 404


def test_the_sheet_offers_the_product_of_the_video(client):
    video = make_shoppable(tags=1, stock=3)
    product = video.tags.get().product

    url = reverse("videos:product_sheet", args=[video.public_id, product.pk])
    page = client.get(url).content.decode()

    assert product.title in page
    assert f'name="video" value="{video.public_id}"' in page
    assert f'name="variant" value="{product.variants.get().pk}"' in page
    assert 'name="buy_now" value="1"' in page


def test_the_sheet_of_a_sold_out_product_cannot_be_bought(client):
    video = make_shoppable(stock=0)

    url = reverse(
        "videos:product_sheet", args=[video.public_id, video.tags.get().product_id]
    )

    page = client.get(url).content.decode()
    assert re.search(r'name="buy_now" value="1" disabled', page)
    assert "Sold out" in page


def test_a_product_of_another_video_has_no_sheet(client):
    video, other = make_shoppable(), make_shoppable()

    url = reverse(
        "videos:product_sheet", args=[video.public_id, other.tags.get().product_id]
    )

    assert client.get(url).status_code == 404


def test_saved_videos_are_ones_own(client):
    user, stranger = make_user(), make_user()
    mine, theirs = make_video(title="Mine"), make_video(title="Theirs")
    for whose, video in ((user, mine), (stranger, theirs)):
        Engagement.objects.create(user=whose, video=video, kind=Engagement.Kind.SAVE)
    client.force_login(user)

    page = client.get(reverse("videos:saved")).content.decode()

    assert "Mine" in page
    assert "Theirs" not in page


def test_a_guest_signs_in_before_saved_videos(client):
    url = reverse("videos:saved")

    assert client.get(url).url == f"{reverse('account_login')}?next={url}"


def test_a_guest_is_told_what_following_is_and_shown_shops(client):
    video = make_video()
    url = reverse("videos:following")

    page = client.get(url).content.decode()

    assert "Sign in to follow shops" in page
    assert f'href="{reverse("account_login")}?next={url}"' in page
    assert video.seller.get_absolute_url() in page
    assert video.get_absolute_url() not in page
    assert client.get(reverse("videos:following_page")).status_code == 400


def test_following_nobody_leads_to_the_feed(client):
    client.force_login(make_user())
    make_video()

    assert "Nobody followed yet" in client.get("/following/").content.decode()


def test_a_made_up_cursor_is_a_bad_request(client):
    assert client.get("/feed/next/", {"cursor": "nonsense"}).status_code == 400


def test_the_feed_as_json_goes_on_with_its_cursor(client):
    for _ in range(11):
        make_shoppable()

    first = client.get(reverse("videos:api_feed")).json()
    second = client.get(reverse("videos:api_feed"), {"cursor": first["next"]}).json()

    assert (len(first["videos"]), len(second["videos"])) == (10, 1)
    assert second["next"] is None
    assert first["videos"][0]["products"][0]["price"] == "€19.90"


def test_the_schema_describes_the_api(client):
    schema = client.get("/api/schema").content.decode()

    assert all(path in schema for path in ("/api/feed", "/api/events"))
