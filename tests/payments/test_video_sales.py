"""What was bought by way of a video reaches the feed, and so does what came back."""

import pytest

from checkout import fulfillment, payments, video_sales
from checkout.models import OrderLine
from checkout.returns import refund_lines
from checkout.stripe_objects import DisputeMove
from tests.factories import make_user, make_variant, make_video
from tests.payments.checkouts import make_group, start
from tests.payments.disputed import record, send_refunds
from videos import figures
from videos.models import WatchEvent

pytestmark = pytest.mark.django_db


def make_group_by_way_of(video, **fields):
    """Three pieces that were found in the video, and three of something else."""
    variants = [make_variant(), make_variant()]
    group = make_group(variants=variants, quantity=3, **fields)
    OrderLine.objects.filter(order__group=group, variant=variants[0]).update(
        video=video
    )
    return group, variants[0].product_id


def pay(sandbox, group):
    sandbox.pay(start(group).payment_intent_id)
    return payments.settle(group)


def told():
    return list(
        WatchEvent.objects.order_by("created_at").values_list(
            "kind", "video", "product", "user", "quantity"
        )
    )


def test_a_purchase_is_told_once_it_is_paid(sandbox):
    user, video = make_user(), make_video()
    group, product = make_group_by_way_of(video, user=user)
    assert told() == []

    group = pay(sandbox, group)
    payments.settle(group)
    video_sales.tell_sold(group)

    assert told() == [("purchase", video.pk, product, user.pk, 3)]
    assert WatchEvent.objects.get().created_at == group.paid_at


def test_units_that_come_back_are_told(sandbox):
    video = make_video()
    group, product = make_group_by_way_of(video)
    group = pay(sandbox, group)
    line = OrderLine.objects.get(video=video)
    other = OrderLine.objects.exclude(video=video).get(order__group=group)

    for bought, quantity in ((line, 1), (line, 2), (other, 3)):
        refund_lines(bought.order, {bought.pk: quantity}, reason="broken", by=None)

    assert told() == [
        ("purchase", video.pk, product, None, 3),
        ("refund", video.pk, product, None, 1),
        ("refund", video.pk, product, None, 2),
    ]


def test_goods_whose_product_is_gone_are_told_all_the_same(sandbox):
    video = make_video()
    group, _product = make_group_by_way_of(video)
    OrderLine.objects.filter(order__group=group).update(variant=None)
    payments.start_payment(group)

    group.paid_at = group.created_at
    video_sales.tell_sold(group)

    assert told() == [("purchase", video.pk, None, None, 3)]


def test_what_a_lost_dispute_stopped_is_told_once_whatever_the_bank_decides(sandbox):
    video = make_video()
    group, product = make_group_by_way_of(video)
    group = pay(sandbox, group)
    moves = []
    for turn in range(2):
        moves.append(DisputeMove(f"taken_{turn}", -group.total_minor, 0))
        record(group, "lost", moves)
        send_refunds()
        moves.append(DisputeMove(f"given_{turn}", group.total_minor, 0))
        record(group, "won", moves)
        send_refunds()

    assert told() == [
        ("purchase", video.pk, product, None, 3),
        ("refund", video.pk, product, None, 3),
    ]
    [sales] = figures.sales_of(video, group.paid_at).values()
    assert (sales.orders, sales.units, sales.net_minor) == (1, 3, 0)


def test_what_was_sent_before_a_dispute_is_sold_still_when_it_is_won(sandbox):
    video = make_video()
    group, product = make_group_by_way_of(video)
    group = pay(sandbox, group)
    for order in group.orders.all():
        units = {line.pk: line.quantity for line in order.lines.all()}
        fulfillment.ship(order, units, f"key-{order.pk}", carrier="DHL")
    taken = DisputeMove("taken", -group.total_minor, 0)
    given = DisputeMove("given", group.total_minor, 0)
    record(group, "lost", [taken])
    send_refunds()
    record(group, "won", [taken, given])
    send_refunds()

    assert told() == [("purchase", video.pk, product, None, 3)]
    [sales] = figures.sales_of(video, group.paid_at).values()
    assert sales.net_minor == OrderLine.objects.get(video=video).total_minor
