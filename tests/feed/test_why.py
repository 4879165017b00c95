import re

import pytest
from django.core.cache import cache
from django.urls import reverse

from sellers.models import Seller
from tests.factories import make_seller, make_user, make_video
from videos.feed import serving, training
from videos.feed.sources import Source
from videos.feed.why import Ranked, reasons
from videos.models import Impression, RankingLog, Video, VideoTrial, WatchEvent

pytestmark = pytest.mark.django_db

VIEWER = "v" * 22


@pytest.fixture(autouse=True)
def no_model(monkeypatch):
    monkeypatch.setattr(serving, "holder", serving.Holder())


def visit_in(answer):
    return re.search(r"why/\?visit=([\w-]{16})", answer.content.decode())[1]


def ask_why(client, video, visit, **headers):
    address = reverse("videos:why", args=[video.public_id])
    return client.get(address, {"visit": visit}, **headers)


def why(*sources, because=None, **features):
    shop = Seller.objects.filter(name="Cup House").first()
    video = make_video(seller=shop or make_seller(name="Cup House"))
    source = Source(sum(sources))
    return reasons(Ranked(0, source, because, features, 1.0), video)


def test_each_way_to_the_list_has_its_words():
    like = make_video(title="Blue bowl")

    assert why(Source.TRIAL, pool=VideoTrial.Pool.TRIAL) == [
        "New: it is being shown to a small group first."
    ]
    assert why(Source.TRIAL, pool=VideoTrial.Pool.SECOND) == [
        "A small group liked it: now it is shown to a larger one."
    ]
    assert why(Source.FOLLOWED) == ["You follow Cup House."]
    assert why(Source.CONTENT, because=like.pk) == [
        "Similar to “Blue bowl”, which you watched."
    ]


def test_a_video_of_the_same_shop_is_named_as_such():
    like = make_video(title="Blue bowl")
    video = make_video(seller=like.seller)
    found = Ranked(0, Source.CONTENT, like.pk, {}, 1.0)

    assert reasons(found, video) == [
        "You watched “Blue bowl” from this shop, and this is similar."
    ]


def test_a_video_that_is_gone_is_not_named():
    like = make_video(title="Blue bowl", publication=Video.Publication.DRAFT)

    assert why(Source.CONTENT, because=like.pk) == [
        "Similar to a video that you watched."
    ]


def test_what_suits_everybody_is_not_said_to_suit_you():
    assert why(Source.NEWEST, fits=2.0, shown=80, known=0) == [
        "More people than usual finish it or look at its products."
    ]
    assert why(Source.NEWEST, fits=2.0, shown=80, known=5) == [
        "By what you and others finished, it should suit you."
    ]


def test_nothing_is_said_of_others_who_have_not_seen_it():
    assert why(Source.NEWEST, fits=2.0, hope=1.5, shown=0, known=0) == [
        "Few have seen it yet, so it has the benefit of the doubt."
    ]


def test_what_has_passed_and_comes_first_for_that_is_said_to():
    words = ["A small group liked it: now it is shown to a larger one."]

    assert why(Source.NEWEST, owed=1.4) == words
    assert why(Source.TRIAL, pool=VideoTrial.Pool.THIRD, owed=1.4) == words
    assert words[0] not in why(Source.NEWEST, owed=1.05)


def test_where_nothing_speaks_for_it_that_is_said():
    assert why(Source.NEWEST, fits=1.0, fresh=0.1, engaging=0.01) == [
        "It was next in the usual order: new and well liked first."
    ]


def test_the_page_and_the_sheet_tell_the_reasons_of_that_visit(client):
    video = make_video()
    visit = visit_in(client.get("/"))

    page = ask_why(client, video, visit).content.decode()
    sheet = ask_why(client, video, visit, HTTP_HX_REQUEST="true").content.decode()

    for html in (page, sheet):
        assert "It was published in the last days." in html
        assert "Nothing that you watched counted for this." in html
        assert "Hide " + video.seller.name in html
    assert "<html" in page
    assert "<html" not in sheet


def test_a_visit_that_is_forgotten_is_read_from_the_log(client, settings):
    settings.FEED_LOG_PERCENT = 100
    video = make_video()
    visit = visit_in(client.get("/"))
    cache.clear()

    assert "published in the last days" in str(ask_why(client, video, visit).content)
    RankingLog.objects.all().delete()
    page = ask_why(client, video, visit).content.decode()
    assert "not kept any more" in page
    assert "published in the last days" not in page


@pytest.mark.parametrize("visit", ["", "x", "a" * 16, "feed:common"])
def test_a_made_up_visit_has_no_reasons(client, visit):
    page = ask_why(client, make_video(), visit).content.decode()

    assert "not kept any more" in page


def test_a_hidden_video_has_no_reasons(client):
    video = make_video(publication=Video.Publication.DRAFT)

    assert ask_why(client, video, "a" * 16).status_code == 404


def test_what_the_model_finds_is_explained_by_what_was_watched(client):
    shop = make_seller(name="Cup House")
    videos = [make_video(seller=shop, title=f"Blue bowl {n}") for n in range(12)]
    for viewer in range(6):
        for video in videos[:3]:
            watch(video, f"w{viewer}")
    training.train()
    serving.load_current()
    client.cookies["viewer"] = VIEWER
    Impression.objects.create(video=videos[0], viewer=VIEWER)
    watch(videos[0], VIEWER)

    answer = client.get("/")
    page = ask_why(client, videos[1], visit_in(answer)).content.decode()

    assert "Others who watched what you just watched went on to this one." in page
    assert "You watched “Blue bowl 0” from this shop" in page
    assert "Nothing that you watched" not in page


def watch(video, viewer):
    WatchEvent.objects.create(video=video, viewer=viewer, watched_ms=8000)


def test_the_page_of_a_single_video_has_no_place_to_explain(client):
    video = make_video()
    client.force_login(make_user())

    assert "why/?visit" not in client.get(video.get_absolute_url()).content.decode()
