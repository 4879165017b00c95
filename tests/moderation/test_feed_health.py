"""The desk's page about the feed: its figures, and who reads them."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.moderation import feed_health
from tests.factories import make_order, make_seller, make_staff, make_video
from videos.feed import gauges
from videos.models import FeedModel, Impression, PoolDecision, VideoTrial

PAGE = "admin:videos_feedmodel_health"


def show(video, count=1, *, days=0):
    rows = Impression.objects.bulk_create(
        Impression(video=video, viewer=str(n)) for n in range(count)
    )
    Impression.objects.filter(pk__in=[row.pk for row in rows]).update(
        created_at=timezone.now() - timedelta(days=days)
    )


def published(days, **fields):
    return make_video(published_at=timezone.now() - timedelta(days=days), **fields)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [([5, 5, 5, 5], 0), ([0, 0, 0, 8], 0.75), ([1, 3], 0.25), ([], None), ([0], None)],
)
def test_the_gini_coefficient(counts, expected):
    assert feed_health.gini(counts) == pytest.approx(expected)


@pytest.mark.django_db
def test_impressions_are_counted_by_video_shop_and_age():
    one, other = make_seller(), make_seller()
    new, old = published(1, seller=one), published(40, seller=other)
    published(3, seller=other)
    show(new, 3)
    show(old, 1)
    show(old, 5, days=8)

    found = feed_health.spread_since(timezone.now() - timedelta(days=7))

    assert (found.impressions, found.videos, found.to_new) == (4, 2, 3)
    assert sorted(found.shops) == [1, 3]
    # -(3/4 · log2 3/4 + 1/4 · log2 1/4)
    assert found.bits == pytest.approx(0.8113, abs=1e-4)
    assert (found.gini, found.top_share, found.new_share) == (0.25, 1, 0.75)


@pytest.mark.django_db
def test_of_nothing_there_are_no_shares():
    found = feed_health.spread_since(timezone.now())

    assert (found.impressions, found.videos) == (0, 0)
    assert found.bits is found.gini is found.top_share is found.new_share is None


@pytest.mark.django_db
def test_where_the_new_videos_are():
    for pool in (1, 3, 4, 4):
        video = published(10)
        VideoTrial.objects.create(video=video, pool=pool, mean=b"", covariance=b"")
    published(10)
    published(60)

    pools = feed_health.trials(timezone.now())

    assert pools == {0: 1, 1: 1, 3: 1, 4: 2}
    assert [figure for _name, figure in feed_health.trial_figures(pools)] == [
        "5", "40.0 %", "40.0 %",
    ]  # fmt: skip


@pytest.fixture
def operator(client):
    client.force_login(make_staff(User.Role.OPERATOR))
    return client


@pytest.mark.django_db
def test_the_page_shows_what_there_is(operator):
    video = published(2)
    show(video, 4)
    PoolDecision.objects.create(
        video=video, pool_before=0, pool=1, shown=40, finished=30, tapped=9,
        estimate=0.9, spread=0.1, bar=0.5,
    )  # fmt: skip
    make_order(status="paid").lines.update(video_way="direct")
    made_at = timezone.now() - timedelta(hours=3)
    FeedModel.objects.create(
        version="20260501-120000-abc", status="serving", made_at=made_at,
        served_at=made_at, figures={"found": 0.125, "found_by_serving": 0.1},
    )  # fmt: skip
    for _ in range(20):
        gauges.record(12)
    cache.delete("feed-health")

    html = operator.get(reverse(PAGE)).content.decode()

    assert "Model 20260501-120000-abc, trained 3\xa0hours ago" in html
    assert "0.125" in html
    assert "<dt>p95</dt><dd>15 ms</dd>" in html
    assert "<dt>Shown in 24 hours</dt><dd>100.0 %</dd>" in html
    assert "Directly from the video</dt><dd>€10.00" in html
    assert html.count('class="plot-picture"') == 5


@pytest.mark.django_db
def test_an_empty_site_has_a_page_too(operator):
    html = operator.get(reverse(PAGE)).content.decode()

    assert "No model: fresh and engaging videos come first." in html
    assert "Nothing has been counted yet." in html


@pytest.mark.django_db
def test_it_takes_the_same_few_queries_for_any_number(
    operator, django_assert_num_queries
):
    counts = []
    # From then on the session is known.
    operator.get(reverse(PAGE))
    for _ in range(2):
        for _ in range(3):
            show(published(1), 2)
        cache.delete("feed-health")
        with django_assert_num_queries(15, exact=False) as queries:
            operator.get(reverse(PAGE))
        counts.append(len(queries))

    assert counts[0] == counts[1]


@pytest.mark.django_db
def test_a_moderator_has_no_business_there(client):
    client.force_login(make_staff(User.Role.MODERATOR))

    assert client.get(reverse(PAGE)).status_code == 403
