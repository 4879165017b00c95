from datetime import timedelta

import pytest
from django.utils import timezone

from marketplace.discovery import reranking
from marketplace.discovery.reranking import reranked
from tests.discovery.test_shop_order import make_goods, opened
from tests.factories import make_category, make_tag, make_video
from tests.feed.telling import VIEWER
from tests.feed.test_training import watch

SEARCH = "/search/"


@pytest.fixture
def viewer(client):
    client.cookies["viewer"] = VIEWER
    return client


def test_what_fits_the_words_better_stays_in_front():
    found = reranked("abcd", [10, 8, 7.9, 1], [0, 0, 5, 99])

    assert "".join(found) == "acbd"


def test_a_long_slope_is_not_one_plain():
    """Each is near to the one before it, and the last far from the first."""
    relevance = [0.95**n for n in range(9)]

    found = reranked(range(9), relevance, range(9))

    assert found == [2, 1, 0, 5, 4, 3, 8, 7, 6]


def test_without_differences_nothing_moves():
    assert reranked("abc", [3, 3, 3], [1, 1, 1]) == ["a", "b", "c"]


@pytest.mark.parametrize("relevance", [[], [0.0], [0.0, 0.0]])
def test_nothing_is_too_little(relevance):
    assert reranked(relevance, relevance, relevance) == relevance


def titles(client, **wanted):
    results = client.get(SEARCH, {"q": "lamp", **wanted}).context["results"]
    return [card.title for card in results.products]


def make_lamps():
    """Two whose words fit equally well, and one whose words fit less."""
    liked, other = make_category(), make_category()
    make_goods("Red lamp", category=liked)
    make_goods("Blue lamp", category=other)
    return make_goods("Chair", category=liked, description="Beside a lamp")


@pytest.mark.django_db
@pytest.mark.parametrize("tab", ["all", "products"])
def test_among_equals_what_suits_comes_first_and_the_words_come_before_that(
    viewer, tab
):
    described = make_lamps()
    assert titles(viewer, tab=tab) == ["Blue lamp", "Red lamp", "Chair"]

    opened(described)

    assert titles(viewer, tab=tab) == ["Red lamp", "Blue lamp", "Chair"]


@pytest.mark.django_db
def test_without_a_profile_only_the_words_count(viewer):
    opened(make_lamps())
    viewer.cookies["feed"] = "plain"

    assert titles(viewer) == ["Blue lamp", "Red lamp", "Chair"]


@pytest.mark.django_db
def test_another_sort_is_what_was_asked_for(viewer):
    opened(make_lamps())

    assert titles(viewer, tab="products", sort="new")[0] == "Chair"


@pytest.fixture
def one_page(monkeypatch):
    """No more than that is looked at."""
    monkeypatch.setattr(reranking, "RERANKED", 24)
    monkeypatch.setattr("marketplace.discovery.results.ProductResults.longest", 24)


@pytest.mark.django_db
def test_the_pages_end_with_what_fits_where_no_more_does(viewer, one_page):
    lamps = make_category()
    opened([make_goods(f"Lamp {n}", category=lamps) for n in range(24)][0])

    listing = viewer.get(SEARCH, {"q": "lamp", "tab": "products"}).context["listing"]

    assert (listing.is_own, len(listing.products)) == (True, 24)
    assert listing.next_query == ""


@pytest.mark.django_db
def test_the_pages_go_on_after_the_last_that_was_looked_at(viewer, one_page):
    lamps = make_category()
    goods = [make_goods(f"Lamp {n}", category=lamps, days=n) for n in range(30)]
    opened(goods[3])

    first = viewer.get(SEARCH, {"q": "lamp", "tab": "products"}).context["listing"]
    second = viewer.get(f"{SEARCH}?{first.next_query}").context["listing"]

    assert (len(first.products), len(second.products)) == (24, 6)
    assert second.next_query == ""
    shown = [card.title for card in [*first.products, *second.products]]
    assert len(set(shown)) == 30
    back = viewer.get(f"{SEARCH}?{second.previous_query}").context["listing"]
    assert back.products == first.products


@pytest.mark.django_db
def test_videos_that_suit_come_first_among_equals(viewer):
    now = timezone.now()
    known = make_video(title="Lamp one", published_at=now - timedelta(days=2))
    loved = make_video(title="Lamp two", view_count=50, like_count=40)
    make_video(title="Lamp three", view_count=900)
    assert found_videos(viewer) == ["Lamp three", "Lamp two", "Lamp one"]

    watch(known, VIEWER)

    assert found_videos(viewer) == [known.title, loved.title, "Lamp three"]


def found_videos(client):
    results = client.get(SEARCH, {"q": "lamp", "tab": "videos"}).context["results"]
    return [video.title for video in results.videos]


@pytest.mark.django_db
def test_it_takes_two_more_queries(viewer, django_assert_num_queries):
    described = make_lamps()
    make_tag(video=make_video(title="Lamp"), product=described)
    with django_assert_num_queries(6):
        viewer.get(SEARCH, {"q": "lamp"})
    opened(described)

    with django_assert_num_queries(7):
        viewer.get(SEARCH, {"q": "lamp"})
