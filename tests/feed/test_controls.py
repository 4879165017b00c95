import re
from datetime import timedelta

import pytest
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone

from sellers.models import Product
from tests.factories import (
    make_category,
    make_product,
    make_seller,
    make_tag,
    make_user,
    make_variant,
    make_video,
)
from tests.feed.telling import tell, token_of, told, write
from tests.races import at_once, together_before
from videos.feed import wishing
from videos.feed.watchers import watcher_of
from videos.feed.wishing import Wisher, wish
from videos.models import FeedChoice, Impression, WatchEvent
from videos.periodic import purge_rankings

pytestmark = pytest.mark.django_db

YOURS = "/feed/yours/"


@pytest.fixture(params=["guest", "account"])
def who(request, client):
    """Both have the same rights over their feed."""
    if request.param == "account":
        client.force_login(make_user())
    return client


def shown(client, address="/"):
    page = client.get(address).content.decode()
    return re.findall(r'data-clip="([\w-]+)"', page)


def say(client, kind, about, key, **headers):
    data = {"kind": kind, "about": about, "key": key}
    return client.post(reverse("videos:add_wish"), data, **headers)


def set_mode(client, mode):
    return client.post(reverse("videos:feed_mode"), {"mode": mode})


def watched(client, *videos):
    viewer = client.cookies["viewer"].value
    for video in videos:
        Impression.objects.create(video=video, viewer=viewer)
        WatchEvent.objects.create(video=video, viewer=viewer, watched_ms=8000)


def send_impression(client, video):
    token = token_of(video, viewer=client.cookies["viewer"].value)
    tell(client, told(video, token=token))
    write()


def test_a_video_of_no_interest_is_gone_from_the_next_page_and_comes_back(who):
    dull, other = make_video(), make_video()

    answer = say(who, "not_interested", "video", dull.public_id)

    assert answer.url == YOURS
    assert shown(who) == [other.public_id]
    assert dull.title in who.get(YOURS).content.decode()
    row = FeedChoice.objects.get()
    who.post(reverse("videos:undo_wish", args=[row.pk]))
    assert set(shown(who)) == {dull.public_id, other.public_id}


def test_it_counts_within_a_visit_that_is_open(who):
    shop = make_seller()
    for _ in range(24):
        make_video()
    first = who.get("/").content.decode()
    more = re.search(r'data-feed-more="([^"]+)"', first)[1]
    hidden = make_video(seller=shop, like_count=900)

    say(who, "hidden", "seller", shop.slug)

    assert hidden.public_id not in shown(who, more)


def test_a_hidden_product_takes_its_videos_along(who):
    video, other = make_video(), make_video()
    product = make_product(seller=video.seller)
    make_variant(product=product)
    make_tag(video=video, product=product)

    say(who, "hidden", "product", product.pk)

    assert shown(who) == [other.public_id]


def test_the_sheet_answers_with_the_way_back(who):
    video = make_video()

    answer = say(
        who, "not_interested", "video", video.public_id, HTTP_HX_REQUEST="true"
    )

    row = FeedChoice.objects.get()
    assert reverse("videos:undo_wish", args=[row.pk]) in answer.content.decode()
    assert "feed-changed" in answer["HX-Trigger"]


@pytest.mark.parametrize(
    ("kind", "about", "key"),
    [
        ("hidden", "video", "VIDEO"),
        ("not_interested", "video", "nothing"),
        ("not_interested", "seller", "nobody"),
        ("dropped", "product", "1"),
        ("hidden", "product", "9" * 30),
        ("hidden", "product", "x"),
        ("plain", "video", "VIDEO"),
        ("hidden", "user", "1"),
        ("", "", ""),
    ],
)
def test_what_cannot_be_said_is_refused(client, kind, about, key):
    video = make_video()
    key = video.public_id if key == "VIDEO" else key

    assert say(client, kind, about, key).status_code == 404
    assert FeedChoice.objects.exists() is False


def test_a_stranger_cannot_take_anything_back(client):
    row = wish(Wisher(make_user().pk, ""), "not_interested", make_video())
    address = reverse("videos:undo_wish", args=[row.pk])

    assert client.post(address).status_code == 404
    client.force_login(make_user())
    assert client.post(address).status_code == 404
    assert FeedChoice.objects.get() == row


def test_ones_wishes_are_no_strangers(client):
    video = make_video()
    say(client, "not_interested", "video", video.public_id)
    client.cookies.clear()

    assert shown(client) == [video.public_id]
    assert video.title not in client.get(YOURS).content.decode()


def test_what_a_guest_hid_stays_hidden_after_signing_in(client):
    video = make_video()
    say(client, "not_interested", "video", video.public_id)
    client.force_login(make_user())

    assert shown(client) == []


def test_wishes_of_a_browser_go_when_its_cookie_has_ended():
    of_guest = wish(Wisher(None, "b" * 22), "not_interested", make_video())
    of_account = wish(Wisher(make_user().pk, ""), "not_interested", make_video())
    young = wish(Wisher(None, "b" * 22), "not_interested", make_video())
    long_ago = timezone.now() - timedelta(days=366)
    old = FeedChoice.objects.filter(pk__in=[of_guest.pk, of_account.pk])
    old.update(created_at=long_ago)

    purge_rankings()

    assert set(FeedChoice.objects.all()) == {of_account, young}


def test_the_export_has_what_an_account_wished(client):
    user, video = make_user(), make_video()
    wish(Wisher(user.pk, ""), "not_interested", video)
    client.force_login(user)

    exported = client.get(reverse("accounts:export")).json()["feed_choices"]

    assert exported[0]["video"] == video.pk


def test_there_is_an_end_to_wishes(client, monkeypatch):
    monkeypatch.setattr(wishing, "MOST_WISHES", 2)
    videos = [make_video() for _ in range(3)]

    for video in videos:
        answer = say(client, "not_interested", "video", video.public_id)

    assert "too much to remember" in client.get(answer.url).content.decode()
    assert FeedChoice.objects.count() == 2


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_clicks_at_once_are_one_wish(monkeypatch):
    """All four have looked, and found none, before any adds it."""
    wisher, video = Wisher(make_user().pk, ""), make_video()
    together_before(monkeypatch, FeedChoice.objects, "get_or_create", 4)

    rows = at_once(*[lambda: wish(wisher, "not_interested", video)] * 4)

    assert len({row.pk for row in rows}) == FeedChoice.objects.count() == 1


def test_without_a_profile_nothing_of_the_past_counts(who):
    make_video(like_count=50)
    seen = make_video(like_count=900)
    who.get("/")
    watched(who, seen)
    assert shown(who)[-1] == seen.public_id

    set_mode(who, "plain")

    assert shown(who)[0] == seen.public_id
    set_mode(who, "yours")
    # The pseudonym of before is given up.
    assert shown(who)[0] == seen.public_id


def test_without_a_profile_each_visit_has_another_pseudonym_and_no_name(who):
    video = make_video()
    set_mode(who, "plain")
    for _ in range(2):
        who.get("/")
        send_impression(who, video)

    rows = Impression.objects.all()
    assert len({row.viewer for row in rows}) == 2
    assert {row.user for row in rows} == {None}


def test_with_a_profile_the_pseudonym_stays(who):
    make_video()

    who.get("/")
    first = who.cookies["viewer"].value
    who.get("/")

    assert who.cookies["viewer"].value == first


def test_an_account_remembers_its_choice_in_every_browser(client):
    user, video = make_user(), make_video()
    client.force_login(user)
    set_mode(client, "plain")
    client.cookies.clear()
    client.force_login(user)

    # The beacon may come before the feed.
    client.cookies["viewer"] = "v" * 22
    send_impression(client, video)
    assert Impression.objects.get().user is None
    client.get("/")

    assert client.cookies["feed"].value == "plain"
    set_mode(client, "yours")
    assert FeedChoice.objects.get(user=user).kind == "yours"


def test_the_account_comes_before_the_cookie(rf):
    user = make_user()
    wishing.set_mode(user.pk, is_profiled=False)
    request = rf.get("/")
    request.user, request.COOKIES["feed"] = user, "yours"

    assert watcher_of(request).is_profiled is False


def test_where_the_site_asks_nobody_is_profiled_who_has_not_agreed(who, settings):
    settings.FEED_ASKS_CONSENT = True
    make_video()

    page = who.get("/").content.decode()
    assert "May the feed learn from what you watch?" in page
    who.get("/")
    assert "Nothing: your feed has no profile." in who.get(YOURS).content.decode()

    for mode in ("plain", "yours"):
        set_mode(who, mode)
        assert "May the feed learn" not in who.get("/").content.decode()
    assert "Watch a video to the end" in who.get(YOURS).content.decode()


def test_where_the_site_does_not_ask_there_is_no_question(who):
    make_video()

    assert "May the feed learn" not in who.get("/").content.decode()


def make_liked(client, category):
    video = make_video()
    product = make_product(seller=video.seller, category=category)
    make_variant(product=product)
    make_tag(video=video, product=product)
    client.get("/")
    watched(client, video)
    return video


def test_interests_are_seen_and_one_that_is_removed_counts_no_more(who):
    category = make_category(name="Cups")
    video = make_liked(who, category)
    page = who.get(YOURS).content.decode()
    assert f"Remove {category.name}" in page
    assert f"Remove {video.seller.name}" in page

    say(who, "dropped", "category", category.slug)

    page = who.get(YOURS).content.decode()
    assert "Remove Cups" not in page
    assert f"Remove {video.seller.name}" not in page
    assert "Let it count: Cups" in page
    request = RequestFactory().get(YOURS)
    request.COOKIES, request.user = cookies(who), user_of(who)
    watcher = watcher_of(request)
    assert watcher.dropped_categories == {category.pk}
    who.post(reverse("videos:undo_wish", args=[FeedChoice.objects.get().pk]))
    assert "Remove Cups" in who.get(YOURS).content.decode()


def cookies(client):
    return {name: morsel.value for name, morsel in client.cookies.items()}


def user_of(client):
    return client.get(YOURS).context["user"]


def test_a_removed_shop_leaves_the_other_interests(who):
    cups, plates = make_category(name="Cups"), make_category(name="Plates")
    video = make_liked(who, cups)
    make_liked(who, plates)

    say(who, "dropped", "seller", video.seller.slug)

    page = who.get(YOURS).content.decode()
    assert "Remove Cups" not in page
    assert "Remove Plates" in page


def test_the_reset_forgets_at_once(client):
    user = make_user()
    client.force_login(user)
    video = make_liked(client, make_category(name="Cups"))
    Impression.objects.update(user=user)
    WatchEvent.objects.update(user=user)
    assert "Remove Cups" in client.get(YOURS).content.decode()

    client.post(reverse("videos:feed_reset"))

    assert "Remove Cups" not in client.get(YOURS).content.decode()
    assert shown(client) == [video.public_id]
    # What the seller counts stays.
    assert Impression.objects.get().user is None
    assert WatchEvent.objects.get().user is None


def test_the_page_has_its_empty_states(who):
    page = who.get(YOURS).content.decode()

    assert "Nothing yet. Watch a video to the end" in page
    assert "hides it, its shop or its products" in page


def test_the_page_takes_the_same_few_queries_for_any_length(
    client, django_assert_max_num_queries
):
    client.force_login(make_user())
    make_liked(client, make_category())
    counts = []
    for _ in range(2):
        for _ in range(3):
            make_liked(client, make_category())
            product = make_product()
            say(client, "hidden", "product", product.pk)
            say(client, "hidden", "seller", product.seller.slug)
        with django_assert_max_num_queries(14) as queries:
            client.get(YOURS)
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_a_product_that_is_deleted_takes_the_wish_along(client):
    product = make_product()
    say(client, "hidden", "product", product.pk)
    Product.objects.filter(pk=product.pk).delete()

    assert FeedChoice.objects.exists() is False
    assert client.get(YOURS).status_code == 200


def test_nobody_is_led_elsewhere(client):
    data = {"mode": "plain", "next": "https://evil.example/"}

    assert client.post(reverse("videos:feed_mode"), data).url == YOURS
