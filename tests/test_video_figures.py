"""What a seller reads about one video, and who may."""

import csv
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from checkout.models import Order, OrderLine, Payment, Refund, RefundLine
from tests.factories import (
    make_order,
    make_product,
    make_seller,
    make_tag,
    make_user,
    make_variant,
    make_video,
)
from videos.feed import event_log
from videos.feed.event_log import Batch, Event
from videos.feed.tokens import now_ms
from videos.figures import figures_of, retention
from videos.models import Impression, PoolDecision, VideoTrial, WatchEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(client):
    user = make_user()
    client.force_login(user)
    return user


@pytest.fixture
def video(owner):
    return make_video(seller=make_seller(owner=owner), title="Cups", duration_ms=4000)


def page(client, video, **query):
    url = reverse("videos:video_figures", args=[video.public_id])
    return client.get(url, query)


def shown(video, viewer, *watched_ms, ago=0, taps=0, carts=0):
    """Shown once, played so many times; so many days ago."""
    kinds = ["watch"] * len(watched_ms) + ["tag"] * taps + ["cart"] * carts
    length = [*watched_ms, *[0] * (taps + carts)]
    rows = [Impression.objects.create(video=video, viewer=viewer)]
    rows += [
        WatchEvent.objects.create(video=video, viewer=viewer, kind=kind, watched_ms=ms)
        for kind, ms in zip(kinds, length, strict=True)
    ]
    for row in rows:
        at = timezone.now() - timedelta(days=ago)
        type(row).objects.filter(pk=row.pk).update(created_at=at)


def sold(video, way="direct", *, back=0, quantity=1):
    product = make_product(seller=video.seller)
    order = make_order(
        variant=make_variant(product=product), quantity=quantity, status="paid"
    )
    order.lines.update(video=video, video_title=video.title, video_way=way)
    if back:
        pay_back(order, back)
    return order


def pay_back(order, amount):
    payment = Payment.objects.create(
        group=order.group,
        amount_minor=1000,
        currency="EUR",
        payment_intent_id=f"pi_{order.pk}",
    )
    refund = Refund.objects.create(
        payment=payment, order=order, amount_minor=amount, currency="EUR"
    )
    line = order.lines.get()
    RefundLine.objects.create(refund=refund, order_line=line, amount_minor=amount)


def test_what_was_seen_is_counted(video):
    shown(video, "a", 1000, 4000)
    shown(video, "a", 9000, taps=2, carts=1)
    shown(video, "b", 3199)
    shown(make_video(), "b", 4000, taps=1)

    found = figures_of(video, 7)

    assert (found.impressions, found.viewers, found.plays) == (3, 2, 4)
    assert (found.taps, found.carts, found.finished) == (2, 1, 2)
    assert found.completion == 0.5
    assert found.average_seconds == pytest.approx(17.199 / 4)


def test_who_still_watches_when_each_second_begins(video):
    for viewer, watched_ms in [("a", 900), ("b", 1000), ("c", 2500), ("d", 9000)]:
        shown(video, viewer, watched_ms)

    curve = retention(figures_of(video, 7), video.duration_ms)

    assert curve == [(0, 1), (1, 0.75), (2, 0.5), (3, 0.25), (4, 0.25)]


def test_a_day_counts_from_its_beginning(video):
    shown(video, "a", 4000, ago=6)
    shown(video, "b", 4000, ago=7)
    shown(video, "c", 4000, ago=27)

    counts = [figures_of(video, days).impressions for days in (7, 28, 90)]

    assert counts == [1, 3, 3]


def test_revenue_is_net_of_refunds_and_by_way(video):
    sold(video, quantity=2)
    sold(video, back=300)
    sold(video, "after_view")
    unpaid = make_order()
    unpaid.lines.update(video=video, video_way="direct")
    sold(make_video())

    found = figures_of(video, 7)

    assert (found.direct.orders, found.direct.units) == (2, 3)
    assert found.direct.net_minor == 3000 - 300
    assert (found.after_view.orders, found.after_view.net_minor) == (1, 1000)
    assert (found.orders, found.net_minor) == (3, 3700)


def test_the_page_shows_figures_curve_and_tags(client, video):
    make_tag(video=video, starts_ms=1000, ends_ms=2000)
    shown(video, "a", 2500, taps=1)
    sold(video, back=250)

    answer = page(client, video)

    html = answer.content.decode()
    assert "€7.50" in html
    assert "1 directly, 0 after seeing it" in html
    assert '<path class="plot-line plot-colour-1" d="M0.00 0.00L' in html
    assert '<rect class="plot-span" x="25.00%" width="25.00%"' in html
    assert "0:01 – 0:02" in html


def test_a_video_that_nobody_saw_says_so(client, video):
    html = page(client, video).content.decode()

    assert "Nobody has seen it in these days" in html
    assert "It waits for the first of the 40 people" in html
    assert "plot-picture" not in html


def test_the_verdict_is_shown_with_its_figures(client, video):
    VideoTrial.objects.create(
        video=video, pool=4, shown=40, finished=3, mean=b"", covariance=b""
    )
    PoolDecision.objects.create(
        video=video, pool_before=0, pool=4, shown=40, finished=3, tapped=1,
        estimate=0.123, spread=0.05, bar=0.4,
    )  # fmt: skip

    html = page(client, video).content.decode()

    assert "First trial → Stopped" in html
    assert "worth 0.12 ± 0.05 to a viewer, to be passed: 0.40" in html
    assert "since others did better" in html


def test_the_queries_do_not_grow(client, video, django_assert_max_num_queries):
    for number in range(8):
        shown(video, f"viewer {number}", 500 * number, taps=1)
        sold(video, "after_view" if number % 2 else "direct", back=number)
        make_tag(video=video)
        PoolDecision.objects.create(
            video=video, pool_before=0, pool=1, shown=1, finished=1, tapped=1,
            estimate=1, spread=1, bar=1,
        )  # fmt: skip

    # Session, person, membership, unread, video; and six for all of the above.
    with django_assert_max_num_queries(12):
        assert page(client, video).status_code == 200


@pytest.mark.parametrize("name", ["video_figures", "video_figures_csv"])
def test_only_the_shop_itself_reads_them(client, video, name):
    url = reverse(f"videos:{name}", args=[video.public_id])
    assert client.get(url).status_code == 200

    stranger = make_user()
    make_seller(owner=stranger)
    client.force_login(stranger)
    assert client.get(url).status_code == 404
    client.logout()
    assert client.get(url).status_code == 302


def test_nonsense_as_a_range_is_four_weeks(client, video):
    for days in ["", "8", "x", "９"]:
        assert page(client, video, days=days).context["days"] == 28
    assert page(client, video, days="90").context["days"] == 90


def test_the_csv_has_a_row_for_each_day(client, video):
    shown(video, "a", 4000, 1000, taps=2, carts=1)
    shown(video, "b", 1000, ago=3)
    sold(video, back=250)
    sold(video, "after_view")
    url = reverse("videos:video_figures_csv", args=[video.public_id])

    answer = client.get(url, {"days": 7})

    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.reader(text.splitlines()))
    assert len(rows) == 8
    assert rows[0][0] == "date"
    assert rows[4][1:] == ["1", "1", "1", "1", "0", "0", "0", "0", "0", "0.00", "EUR"]
    assert rows[7][1:] == ["1", "1", "2", "5", "1", "2", "1", "1", "1", "17.50", "EUR"]
    assert rows[7][0] == timezone.localdate().isoformat()


def test_what_is_put_in_the_cart_over_a_video_is_counted_once(client, video):
    variant = make_variant(product=make_product(seller=video.seller))
    make_tag(video=video, product=variant.product)
    data = {"variant": variant.pk, "quantity": 1, "video": video.public_id}
    told = Event("cart", video.pk, 0, now_ms(), product=variant.product_id)

    client.post(reverse("checkout:add_to_cart"), data)
    # As the page tells of it, by the token of the video.
    event_log.store([Batch("v" * 22, None, [told])])

    assert figures_of(video, 7).carts == 1
    assert OrderLine.objects.exists() is False
    assert Order.objects.exists() is False
