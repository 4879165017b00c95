"""To which video a sale is due, and what of it is left after refunds."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from checkout import carts
from checkout.attributing import Credit, PutIn, Windows, credit, credits_of
from checkout.models import CartLine, Order, OrderLine, Refund, RefundLine
from checkout.models.payment import Payment
from checkout.ordering import place_order
from marketplace.accounts.models import User
from tests.factories import (
    make_cart,
    make_checkout,
    make_order,
    make_product,
    make_staff,
    make_tag,
    make_user,
    make_variant,
    make_video,
)
from tests.feed.test_events import VIEWER
from videos.feed.touches import PlacedTag, Touch
from videos.models import Video, WatchEvent

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
WINDOWS = Windows(tap=timedelta(days=7), view=timedelta(days=1))
CUP, JUG = 1, 2  # videos
FIRST = PlacedTag(pk=10, video=CUP, product=7, starts_ms=0, title="Cup", position=1)
AGAIN = PlacedTag(pk=11, video=CUP, product=7, starts_ms=4000, title="Cup", position=3)
OTHER = PlacedTag(pk=20, video=JUG, product=7, starts_ms=500, title="Jug", position=2)
TAGS = [FIRST, OTHER, AGAIN]


def ago(**span):
    return NOW - timedelta(**span)


def given(put_in=None, *touches):
    return credit(put_in, touches, TAGS, NOW, WINDOWS)


def test_what_was_bought_over_a_video_is_due_to_the_tag_that_was_tapped():
    put_in = PutIn(CUP, tag=11, at=ago(minutes=3))

    assert given(put_in) == Credit("direct", AGAIN, ago(minutes=3))


@pytest.mark.parametrize("tag", [None, 20, 99])
def test_a_tag_that_is_gone_or_of_another_video_is_the_first_of_the_product(tag):
    assert given(PutIn(CUP, tag, ago(minutes=3))).tag == FIRST


def test_the_video_over_which_it_was_bought_comes_before_any_that_was_seen_later():
    tapped = Touch(JUG, ago(minutes=1), is_tap=True)

    assert given(PutIn(CUP, None, ago(days=6)), tapped).tag.video == CUP


def test_of_those_that_were_seen_the_last_tapped_comes_first():
    touches = [
        Touch(CUP, ago(days=6), is_tap=True),
        Touch(JUG, ago(minutes=1), is_tap=False),
    ]

    assert given(None, *touches) == Credit("after_view", FIRST, ago(days=6))


def test_of_two_that_were_watched_the_last_counts():
    touches = [Touch(CUP, ago(hours=3), False), Touch(JUG, ago(hours=2), False)]

    assert given(None, *touches).tag == OTHER


@pytest.mark.parametrize(
    ("span", "is_tap", "counts"),
    [
        ({"days": 7}, True, True),
        ({"days": 7, "seconds": 1}, True, False),
        ({"days": 1}, False, True),
        ({"days": 1, "seconds": 1}, False, False),
        ({"seconds": -1}, True, False),  # a clock that is off
    ],
)
def test_a_touch_counts_within_its_window(span, is_tap, counts):
    assert (given(None, Touch(CUP, ago(**span), is_tap)) is not None) is counts


def test_a_cart_that_lay_too_long_and_videos_without_the_product_earn_nothing():
    put_in = PutIn(CUP, None, ago(days=8))
    elsewhere = PutIn(3, None, ago(minutes=1))

    assert given(put_in) is None
    assert given(elsewhere, Touch(3, ago(minutes=1), is_tap=True)) is None


@pytest.fixture
def cup():
    """A variant that two videos show: the second product of the one, alone in two."""
    product = make_product()
    shown, later = (make_video(seller=product.seller, title=t) for t in ("One", "Two"))
    make_tag(video=shown)
    make_tag(video=shown, product=product, starts_ms=2500)
    make_tag(video=later, product=product)
    return make_variant(product=product)


def video_called(title):
    return Video.objects.get(title=title)


def touch(title, viewer=VIEWER, *, ago=timedelta(0), **fields):
    event = WatchEvent.objects.create(
        video=video_called(title), viewer=viewer, **fields
    )
    WatchEvent.objects.filter(pk=event.pk).update(created_at=timezone.now() - ago)


def sold(variant, through=None, **details):
    cart = make_cart(variant=variant)
    if through:
        carts.put(cart, variant, 1, through)
    checkout = make_checkout(cart=cart, **details)
    return place_order(*checkout, "key").orders.get().lines.get()


@pytest.mark.django_db
def test_a_line_keeps_video_tag_and_way(cup):
    video = video_called("One")
    tag = video.tags.get(product=cup.product)

    line = sold(cup, carts.Through(video, tag))

    assert (line.video, line.video_title, line.video_way) == (video, "One", "direct")
    assert (line.tag_position, line.tag_starts_ms, line.tag_time) == (2, 2500, "0:02")


@pytest.mark.django_db
def test_a_guest_who_watched_before_buying_came_after_the_view(cup):
    touch("One", watched_ms=5000, ago=timedelta(hours=2))
    touch("Two", watched_ms=1999)
    touch("Two", "w" * 22, watched_ms=5000)

    line = sold(cup, viewer=VIEWER)

    assert (line.video_title, line.video_way) == ("One", "after_view")


@pytest.mark.django_db
def test_a_person_is_known_in_every_browser(cup):
    user = make_user()
    touch("Two", "w" * 22, user=user, kind="tag", ago=timedelta(days=3))

    assert sold(cup, user=user).video_title == "Two"


@pytest.mark.django_db
def test_somebody_else_who_watched_is_not_the_buyer(cup):
    touch("Two", "w" * 22, user=make_user(), kind="tag")

    line = sold(cup, user=make_user(), viewer=VIEWER)

    assert (line.video, line.video_way) == (None, "")


@pytest.mark.django_db
def test_a_video_that_does_not_show_the_product_earns_nothing(cup):
    line = sold(cup, carts.Through(make_video()))

    assert (line.video, line.video_title, line.video_way) == (None, "", "")


@pytest.mark.django_db
def test_what_is_seen_after_the_order_changes_nothing(cup):
    checkout = make_checkout(cart=make_cart(variant=cup), viewer=VIEWER)
    touch("One", watched_ms=5000)
    place_order(*checkout, "key")
    touch("Two", kind="tag")

    place_order(*checkout, "key")

    assert OrderLine.objects.get().video_title == "One"


@pytest.mark.django_db
def test_what_is_put_in_again_over_another_video_is_due_to_that(client, cup):
    tags = [
        video_called(title).tags.get(product=cup.product) for title in ("One", "Two")
    ]

    for tag in tags:
        data = {"variant": cup.pk, "quantity": 1, "tag": tag.pk}
        client.post(
            reverse("checkout:add_to_cart"), data | {"video": tag.video.public_id}
        )

    line = CartLine.objects.get()
    assert (line.quantity, line.video.title, line.tag) == (2, "Two", tags[1])


@pytest.mark.django_db
@pytest.mark.parametrize("tag", ["", "-1", "9" * 18, "one"])
def test_a_nonsense_tag_is_no_tag(client, cup, tag):
    data = {"variant": cup.pk, "quantity": 1, "tag": tag}

    client.post(
        reverse("checkout:add_to_cart"),
        data | {"video": video_called("One").public_id},
    )

    line = CartLine.objects.get()
    assert (line.video.title, line.tag) == ("One", None)


@pytest.mark.django_db
def test_the_sheet_carries_the_tag_that_was_tapped(client, cup):
    video = video_called("One")
    tag = video.tags.get(product=cup.product)
    url = reverse("videos:product_sheet", args=[video.public_id, cup.product_id])

    page = client.get(f"{url}?tag={tag.pk}").content.decode()

    assert f'name="tag" value="{tag.pk}"' in page


@pytest.mark.django_db
def test_many_lines_are_decided_by_two_queries(cup, django_assert_num_queries):
    cart = make_cart(variant=cup)
    for _ in range(3):
        carts.put(cart, make_variant(), 1)
    lines = list(cart.lines.select_related("variant"))
    touch("One", kind="tag")

    with django_assert_num_queries(2):
        found = credits_of(lines, VIEWER, None)

    assert len(found) == 4


@pytest.mark.django_db
def test_refunds_are_taken_off_the_line_they_are_for():
    variant = make_variant(price_minor=1000)
    order = make_order(variant=variant, quantity=2, status=Order.Status.PAID)
    other = make_order(variant=variant, status=Order.Status.PAID)
    payment = Payment.objects.create(
        group=order.group, amount_minor=2000, currency="EUR", payment_intent_id="pi_1"
    )
    for amount in (600, 150):
        refund = Refund.objects.create(
            payment=payment, order=order, amount_minor=amount, currency="EUR"
        )
        RefundLine.objects.create(
            refund=refund, order_line=order.lines.get(), amount_minor=amount
        )

    lines = OrderLine.objects.sold().with_net()

    net = dict(lines.values_list("order", "net_minor"))
    assert net == {order.pk: 1250, other.pk: 1000}
    make_order(variant=variant)
    assert len(lines.all()) == 2


@pytest.mark.django_db
def test_seller_and_operator_read_how_it_was_sold(client):
    owner = make_user()
    order = make_order(status=Order.Status.PAID)
    order.seller.members.create(user=owner)
    order.lines.update(
        video_title="Cups", video_way="after_view", tag_position=2, tag_starts_ms=2500
    )
    client.force_login(owner)
    page = client.get(order.get_absolute_url()).content.decode()
    assert "through “Cups”, after seeing the video · product 2 in it, at 0:02" in page

    client.force_login(make_staff(User.Role.OPERATOR))
    page = client.get(reverse("admin:checkout_order_change", args=[order.pk]))
    assert "“Cups” · after seeing the video · 0:02" in page.content.decode()
