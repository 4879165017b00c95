"""What somebody hid is not among what a search finds; it says so, with the way back."""

import pytest
from django.urls import reverse

from tests.discovery.test_shop_order import make_goods
from tests.factories import make_seller, make_user, make_video
from tests.feed.test_controls import say
from videos.models import FeedChoice

pytestmark = pytest.mark.django_db

SEARCH = reverse("discovery:search")
HAS_MORE = "You have hidden what also fits here"
HAS_ALL = "You have hidden what fits here"


@pytest.fixture(params=["guest", "account"])
def who(request, client):
    if request.param == "account":
        client.force_login(make_user())
    return client


def page_of(client, **wanted):
    return client.get(SEARCH, {"q": "lamp", **wanted})


def titles(page):
    results = page.context["results"]
    found = [*results.products, *results.videos]
    return {row.title for row in found} | {shop.name for shop in results.shops}


def said(page):
    return page.content.decode()


@pytest.mark.parametrize("tab", ["all", "products"])
def test_a_hidden_product_is_named_below_and_comes_back_with_one_click(who, tab):
    lamp = make_goods("Red lamp")
    make_goods("Blue lamp")
    say(who, "hidden", "product", lamp.pk)

    page = page_of(who, tab=tab)

    assert titles(page) == {"Blue lamp"}
    assert HAS_MORE in said(page)
    [row] = page.context["hidden"]
    assert row.subject == lamp
    here = page.wsgi_request.get_full_path()
    undo = reverse("videos:undo_wish", args=[row.pk])
    assert who.post(undo, {"next": here}).url == here
    page = page_of(who, tab=tab)
    assert titles(page) == {"Blue lamp", "Red lamp"}
    assert HAS_MORE not in said(page)


def test_of_a_hidden_shop_nothing_is_found_and_the_shop_is_named_once(who):
    shop = make_seller(name="Lamp house")
    make_goods("Red lamp", seller=shop)
    make_video(title="A lamp in use", seller=shop)
    make_goods("Blue lamp")
    say(who, "hidden", "seller", shop.slug)

    for tab in ("all", "products", "videos", "shops"):
        page = page_of(who, tab=tab)
        assert titles(page) <= {"Blue lamp"}
        assert [row.subject for row in page.context["hidden"]] == [shop]


def test_where_all_that_fits_is_hidden_nobody_is_told_that_nothing_fits(who):
    lamp = make_goods("Red lamp")
    make_goods("Red lump")
    say(who, "hidden", "product", lamp.pk)

    page = page_of(who)

    assert titles(page) == set()
    assert HAS_ALL in said(page)
    assert "Nothing fits" not in said(page)
    assert "This is what we found for" not in said(page)


def test_a_video_of_no_interest_is_not_found_either(who):
    video = make_video(title="A lamp in use")
    say(who, "not_interested", "video", video.public_id)

    page = page_of(who)

    assert titles(page) == set()
    assert [row.subject for row in page.context["hidden"]] == [video]


def test_what_was_hidden_and_does_not_fit_is_not_named(who):
    make_goods("Red lamp")
    chair = make_goods("Chair")
    say(who, "hidden", "product", chair.pk)
    say(who, "hidden", "seller", chair.seller.slug)

    page = page_of(who)

    assert titles(page) == {"Red lamp"}
    assert page.context["hidden"] == []


def test_suggestions_leave_it_out(who):
    lamp, other = make_goods("Red lamp"), make_goods("Blue lamp")
    say(who, "hidden", "product", lamp.pk)
    say(who, "hidden", "seller", other.seller.slug)

    page = who.get(reverse("discovery:suggest"), {"q": "lamp"}).content.decode()

    assert "lamp" not in page.lower()


def test_nobody_else_misses_it(client):
    lamp = make_goods("Red lamp")
    FeedChoice.objects.create(user=make_user(), kind="hidden", product=lamp)

    page = page_of(client)

    assert titles(page) == {"Red lamp"}
    assert page.context["hidden"] == []


def test_it_costs_one_query_for_whoever_hid_something(
    client, django_assert_num_queries
):
    ann = make_user()
    client.force_login(ann)
    make_goods("Red lamp")
    page_of(client)
    with django_assert_num_queries(6):
        page_of(client)
    FeedChoice.objects.create(user=ann, kind="hidden", product=make_goods("Blue lamp"))

    with django_assert_num_queries(7):
        page_of(client)
