from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from marketplace.discovery import shop_order
from sellers import browsing
from tests.factories import (
    make_category,
    make_product,
    make_seller,
    make_tag,
    make_user,
    make_variant,
    make_video,
)
from tests.feed.telling import VIEWER
from tests.feed.test_training import watch
from videos.feed import serving, training
from videos.feed.sources import Found
from videos.feed.suiting import Liking, Suiting
from videos.models import FeedChoice

pytestmark = pytest.mark.django_db
SHOP = "/shop/"


@pytest.fixture(autouse=True)
def own_models(settings, tmp_path, monkeypatch):
    settings.FEED_MODEL_ROOT = tmp_path / "models"
    monkeypatch.setattr(serving, "holder", serving.Holder())


@pytest.fixture
def viewer(client):
    client.cookies["viewer"] = VIEWER
    return client


def make_goods(title, *, days=1, stock=5, **fields):
    """Older than a moment, so that what is new is in front by itself."""
    published_at = timezone.now() - timedelta(days=days)
    product = make_product(title=title, published_at=published_at, **fields)
    make_variant(product=product, stock=stock)
    return product


def opened(product):
    """In this browser, from a video that shows it."""
    video = make_video(seller=product.seller)
    make_tag(video=video, product=product)
    watch(video, VIEWER, share=0.2, kind="tag", product=product)
    return video


def listed(client, **wanted):
    listing = client.get(SHOP, wanted).context["listing"]
    return [card.title for card in listing.products]


def test_without_anything_watched_the_newest_come_first(viewer):
    make_goods("Older", days=2)
    make_goods("Newer")

    page = viewer.get(SHOP)

    assert [c.title for c in page.context["listing"].products] == ["Newer", "Older"]
    assert "since this browser was last closed" not in page.content.decode()


def test_what_was_opened_brings_its_category_to_the_front(viewer):
    lamps = make_category()
    opened(make_goods("Opened", category=lamps, days=20))
    make_goods("Other lamp", category=lamps, days=20)
    make_goods("New bowl")

    assert listed(viewer) == ["Opened", "Other lamp", "New bowl"]
    assert "since this browser was last closed" in viewer.get(SHOP).content.decode()


def test_by_the_model_what_is_like_it_comes_though_of_another_category(viewer):
    lamp = make_goods("Ceramic lamp", description="Warm light", days=20)
    make_goods("Paper lamp", description="A warm light", days=20)
    for title in ("Radio", "Headphones", "Loudspeaker", "Kite", "Train", "Top"):
        make_goods(title, description="For music or to play")
    opened(lamp)
    training.train()
    serving.load_current()

    assert listed(viewer)[:2] == ["Ceramic lamp", "Paper lamp"]


@pytest.mark.parametrize("mode", ["cookie", "account"])
def test_without_a_profile_the_order_is_that_of_everybody(viewer, mode):
    lamps = make_category()
    opened(make_goods("Opened", category=lamps, days=20))
    make_goods("New")
    if mode == "cookie":
        viewer.cookies["feed"] = "plain"
    else:
        ann = make_user()
        FeedChoice.objects.create(user=ann, kind="plain")
        viewer.force_login(ann)

    assert listed(viewer) == ["New", "Opened"]
    assert "For you" not in viewer.get(SHOP).content.decode()


def test_of_whom_nothing_is_known_nothing_claims_to_be_theirs(viewer):
    lamp = make_goods("Lamp", category=make_category())
    assert "For you" not in viewer.get(SHOP).content.decode()

    opened(lamp)
    assert "For you" in viewer.get(SHOP).content.decode()


def test_what_counts_no_more_changes_nothing(viewer):
    lamps, ann = make_category(), make_user()
    opened(make_goods("Opened", category=lamps, days=20))
    make_goods("New")
    viewer.force_login(ann)
    FeedChoice.objects.create(user=ann, kind="dropped", category=lamps)

    assert listed(viewer) == ["New", "Opened"]


def test_where_no_part_of_the_model_counts_what_it_finds_does_not_either():
    """As on a site whose `FEED_PARTS` are all 0."""
    known = Suiting(Liking(videos=(1,)), Found(scores={1: 0.0, 2: 0.0}), None)

    assert known.shares([1, 2, 3]) == [1, 0, 0]


def test_another_sort_can_be_chosen_and_stays(viewer, monkeypatch):
    monkeypatch.setattr(browsing, "PAGE", 1)
    opened(make_goods("Opened", category=make_category(), days=20))
    make_goods("New")

    listing = viewer.get(SHOP, {"sort": "new"}).context["listing"]

    assert [card.title for card in listing.products] == ["New"]
    assert listing.next_query == "sort=new&page=2"


def many(count):
    lamps, shops = make_category(), [make_seller() for _ in range(3)]
    goods = [
        make_goods(
            f"Lamp {n}", category=lamps, seller=shops[n % 3], days=n, stock=n % 7
        )
        for n in range(count)
    ]
    opened(goods[3])
    return goods


def pages(client):
    """Titles of each page, by the links from the first to the last."""
    found, query = [], ""
    while True:
        listing = client.get(f"{SHOP}?{query}").context["listing"]
        found.append([card.title for card in listing.products])
        if not listing.next_query:
            return found
        query = listing.next_query


def test_nothing_comes_twice_whatever_happens_between_two_pages(viewer):
    goods = many(60)
    first = viewer.get(SHOP).context["listing"]
    opened(goods[50])
    make_goods("Just published", category=goods[0].category, seller=goods[0].seller)

    second = viewer.get(f"{SHOP}?{first.next_query}").context["listing"]
    third = viewer.get(f"{SHOP}?{second.next_query}").context["listing"]

    shown = [c.title for page in (first, second, third) for c in page.products]
    assert sorted(shown) == sorted(product.title for product in goods)
    assert third.next_query == ""
    again = viewer.get(f"{SHOP}?{second.previous_query}").context["listing"]
    assert again.products == first.products


def test_what_is_sold_out_comes_last_and_shops_take_turns(viewer):
    many(40)

    titles = [title for page in pages(viewer) for title in page]

    numbers = [int(title.split()[1]) for title in titles]
    is_left = [number % 7 > 0 for number in numbers]
    assert is_left == sorted(is_left, reverse=True)
    shops = [number % 3 for number in numbers]
    assert all(len(set(shops[n : n + 3])) == 3 for n in range(0, 24, 3))


@pytest.mark.parametrize("name", ["viewer", "feed"])
def test_hidden_goods_are_not_in_it_with_a_profile_or_without(client, name):
    viewer, ann = client, make_user()
    viewer.cookies[name] = {"viewer": VIEWER, "feed": "plain"}[name]
    opened(make_goods("Opened"))
    hidden, of_hidden = make_goods("Hidden"), make_goods("Of a hidden shop")
    FeedChoice.objects.create(user=ann, kind="hidden", product=hidden)
    FeedChoice.objects.create(user=ann, kind="hidden", seller=of_hidden.seller)
    viewer.force_login(ann)

    assert listed(viewer) == ["Opened"]


def test_what_is_hidden_between_two_pages_is_not_on_the_second(viewer):
    goods, ann = many(30), make_user()
    viewer.force_login(ann)
    first = viewer.get(SHOP).context["listing"]
    for product in goods:
        FeedChoice.objects.create(user=ann, kind="hidden", product=product)

    second = viewer.get(f"{SHOP}?{first.next_query}").context["listing"]

    assert (len(first.products), second.products) == (24, [])


def test_a_filter_is_kept_from_page_to_page(viewer):
    goods = many(60)
    dear = make_product(title="Dear", category=goods[0].category)
    make_variant(product=dear, price_minor=90_000)

    listing = viewer.get(SHOP, {"to": "50"}).context["listing"]
    later = viewer.get(f"{SHOP}?{listing.next_query}").context["listing"]

    titles = {card.title for card in [*listing.products, *later.products]}
    assert len(titles) == 48
    assert "Dear" not in titles


@pytest.mark.parametrize("name", ["", "A" * 16, "/../" * 4])
def test_without_the_kept_order_the_page_is_that_of_everybody(viewer, name):
    many(30)

    titles = listed(viewer, page="2", order=name)

    assert titles == [f"Lamp {n}" for n in range(24, 30)]


def test_who_is_sent_a_link_sees_no_order_of_the_sender_s(viewer):
    many(30)
    opened(make_goods("Opened", days=9))
    own = viewer.get(SHOP).context["listing"]
    assert own.is_own
    link = f"{SHOP}?{own.next_query}"

    other = Client().get(link).context["listing"]

    assert viewer.get(link).context["listing"].is_own
    assert not getattr(other, "is_own", False)
    viewer.cookies["viewer"] = "w" * 22
    assert not viewer.get(link).context["listing"].is_own


def test_without_redis_every_page_is_there(viewer, no_cache):
    many(30)

    first, second = pages(viewer)

    assert (len(first), len(second)) == (24, 6)


def test_an_own_order_takes_two_more_queries_on_the_first_page_and_none_later(
    viewer, django_assert_num_queries
):
    many(40)
    viewer.get(SHOP)
    with django_assert_num_queries(7):
        page = viewer.get(SHOP)
    with django_assert_num_queries(3):
        viewer.get(f"{SHOP}?{page.context['listing'].next_query}")

    viewer.cookies["feed"] = "plain"
    with django_assert_num_queries(5):
        viewer.get(SHOP)


def test_shops_whose_goods_suit_come_first_and_followed_ones_do_not_come(viewer):
    lamps, ann = make_category(), make_user()
    make_seller(name="New", approved_at=timezone.now())
    liked = make_goods("Opened", category=lamps)
    followed = make_goods("Other", category=lamps)
    opened(liked)
    followed.seller.followers.create(user=ann)
    viewer.force_login(ann)

    shops = viewer.get(SHOP).context["shops"]

    assert shops[0] == liked.seller
    assert followed.seller not in shops


def test_an_order_is_of_a_bounded_number(viewer, monkeypatch):
    monkeypatch.setattr(shop_order, "NEWEST", 10)
    many(30)

    titles = [title for page in pages(viewer) for title in page]

    assert len(titles) == 10
