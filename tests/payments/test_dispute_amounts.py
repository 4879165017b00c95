"""A bank that gives back or takes a part of a dispute, lost or won."""

import pytest
from django.urls import reverse

from checkout import disbursing
from checkout.models import Dispute, Order, Refund, Transfer, TransferReversal
from checkout.stripe_objects import DisputeMove
from tests.factories import make_product, make_seller, make_user, make_variant
from tests.payments.checkouts import assert_books_hold, make_paid_group
from tests.payments.test_dispute_turns import pay_out, record, ship, sums

pytestmark = pytest.mark.django_db
TAKEN = DisputeMove("txn_taken", -3000, 0)
PART_GIVEN = DisputeMove("txn_part", 1200, 0)


@pytest.fixture
def group(sandbox):
    """€10.00 of one shop and €20.00 of another, paid; a tenth is the commission."""
    variants = [
        make_variant(
            price_minor=price,
            product=make_product(
                seller=make_seller(owner=make_user(), is_payable=True)
            ),
        )
        for price in (1000, 2000)
    ]
    return make_paid_group(sandbox, variants=variants)


def charged(group):
    """By order: what its shop bears by now."""
    return list(group.orders.order_by("pk").values_list("refunded_minor", flat=True))


def test_what_the_bank_gives_back_of_a_loss_the_shops_have_back(group):
    for order in group.orders.all():
        ship(order)
    record(group, "lost", TAKEN)
    assert sums() == {}

    for _ in range(2):
        record(group, "lost", TAKEN, PART_GIVEN)

    assert charged(group) == [600, 1200]
    assert sums() == {"stripe": 1200, "seller": -1080, "commission": -120}
    assert Refund.objects.exclude(status="undone").count() == 2
    assert_books_hold()


def test_who_was_paid_out_before_has_a_part_of_it_back(group):
    for order in group.orders.all():
        pay_out(order)
    record(group, "lost", TAKEN)
    settle_at_stripe()

    record(group, "lost", TAKEN, PART_GIVEN)
    settle_at_stripe()

    assert charged(group) == [600, 1200]
    # The platform's commission of what the buyer paid after all is all that it keeps.
    assert sums() == {"stripe": 120, "commission": -120}
    assert_books_hold()


def settle_at_stripe():
    for transfer in Transfer.objects.filter(status="pending").order_by("pk"):
        disbursing.record_transfer(transfer, {"id": f"tr_{transfer.pk}"})
    for reversal in TransferReversal.objects.filter(status="pending").order_by("pk"):
        disbursing.record_reversal(reversal, {"id": f"trr_{reversal.pk}"})


def test_what_was_not_sent_is_paid_back_as_far_as_the_bank_has_not(group):
    """The buyer had all of it from the bank, which then took a part back."""
    record(group, "lost", TAKEN)

    record(group, "lost", TAKEN, PART_GIVEN)

    assert {order.status for order in group.orders.all()} == {Order.Status.CANCELED}
    ours = Refund.objects.filter(dispute=None, status="succeeded").order_by("pk")
    assert [refund.amount_minor for refund in ours] == [400, 800]
    assert charged(group) == [1000, 2000]
    assert sums() == {}
    assert_books_hold()


def test_what_the_bank_takes_later_on_top_is_charged_too(group):
    for order in group.orders.all():
        ship(order)
    first, more = DisputeMove("txn_1", -1200, 0), DisputeMove("txn_2", -1800, 0)
    record(group, "lost", first)
    assert charged(group) == [400, 800]

    record(group, "lost", first, more)

    assert charged(group) == [1000, 2000]
    assert sums() == {}
    assert_books_hold()


def test_of_a_dispute_that_is_won_in_part_the_shops_bear_what_the_bank_keeps(group):
    for order in group.orders.all():
        ship(order)
    record(group, "won", TAKEN)
    assert sums()["frozen"] == 3000  # it is on its way

    for _ in range(2):
        record(group, "won", TAKEN, PART_GIVEN)

    assert charged(group) == [600, 1200]
    assert sums() == {"stripe": 1200, "seller": -1080, "commission": -120}
    assert_books_hold()
    rest = DisputeMove("txn_rest", 1800, 0)
    record(group, "won", TAKEN, PART_GIVEN, rest)
    assert charged(group) == [0, 0]
    assert sums() == {"stripe": 3000, "seller": -2700, "commission": -300}
    assert_books_hold()


def test_the_seller_reads_what_the_bank_keeps_of_a_dispute_that_is_won(client, group):
    record(group, "won", TAKEN)
    order = group.orders.first()
    owner = order.seller.members.first().user
    client.force_login(owner)
    url = reverse("checkout:dispute", args=[Dispute.objects.get().pk])
    assert "on its way to us" in client.get(url).content.decode()

    record(group, "won", TAKEN, PART_GIVEN)

    page = client.get(url).content.decode()
    assert "The bank keeps €18.00 of the whole payment" in page
    assert "of which from your balance" in page
