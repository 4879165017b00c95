"""Each invariant of the books, broken on purpose behind the database's guards."""

from contextlib import contextmanager

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from checkout import invariants, ledger, payouts, periodic
from checkout.models import (
    JournalEntry,
    LedgerLine,
    Order,
    OrderGroup,
    Payment,
    Refund,
    Reserve,
    SellerDebt,
    Transfer,
)
from marketplace.timetable import beat_schedule
from sellers.models import StockLevel, StockMovement
from tests.factories import make_user
from tests.payments.checkouts import make_bought_order, make_payable_seller
from tests.payments.test_payouts import make_due, refund_one, send

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(sandbox):
    """Paid, delivered, sent to its seller but for a reserve, and a unit refunded."""
    seller = make_payable_seller(sandbox)
    order = make_bought_order(sandbox, seller=seller)
    make_due(order)
    send(payouts.start_transfer(order))
    refund_one(order)
    return Order.objects.get(pk=order.pk)


@contextmanager
def a_bug():
    """What no code should do, done: no trigger or foreign key looks on."""
    with connection.cursor() as cursor:
        # What was written before was in order.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield cursor
        cursor.execute("SET LOCAL session_replication_role = origin")


def faults():
    return {
        one.name: invariants.faults_of(one)
        for one in invariants.INVARIANTS
        if invariants.faults_of(one)
    }


def line_of(kind):
    return LedgerLine.objects.filter(account__kind=kind).order_by("pk").first()


def test_all_hold_after_ordinary_trade(order):
    assert faults() == {}


def test_i1_a_line_that_was_changed(order):
    line = line_of("commission")
    with a_bug() as cursor:
        cursor.execute(
            "UPDATE checkout_ledgerline SET amount_minor = amount_minor - 1"
            " WHERE id = %s",
            [line.pk],
        )

    assert faults()["I1"] == [
        f"sale:{order.pk} is off by -1 EUR",
        "the EUR accounts add up to -1",
        f"order {order.pk} is off by -1 EUR",
    ]


def test_i1_a_payment_in_the_books_with_another_amount(order):
    entry = JournalEntry.objects.get(kind="payment")
    with a_bug() as cursor:
        cursor.execute(
            "UPDATE checkout_ledgerline SET amount_minor = amount_minor * 2"
            " WHERE entry_id = %s",
            [entry.pk],
        )

    assert (
        f"{entry.reference} is in the books with 7974 instead of 3987"
        in (faults()["I1"])
    )


def test_i1_a_sale_that_was_not_posted(order):
    entry = JournalEntry.objects.get(kind="sale")
    with a_bug() as cursor:
        cursor.execute(
            "DELETE FROM checkout_ledgerline WHERE entry_id = %s", [entry.pk]
        )
        cursor.execute("DELETE FROM checkout_journalentry WHERE id = %s", [entry.pk])

    found = faults()
    assert found["I1"] == [f"sale:{order.pk} is not in the books"]
    assert "I4" in found


def test_i2_units_that_were_sold_and_never_left_the_shelf(order):
    """The books alone do not see it."""
    movement = StockMovement.objects.filter(reason="sale").order_by("pk").first()
    with a_bug() as cursor:
        cursor.execute("DELETE FROM sellers_stockmovement WHERE id = %s", [movement.pk])
    level = StockLevel.objects.filter(pk=movement.variant_id)
    level.update(on_hand=level.get().on_hand - movement.quantity)

    assert list(faults()) == ["I2"]
    [fault] = faults()["I2"]
    assert fault.endswith("3 bought, 0 off the shelf, 0 waited for")


def test_i2_a_level_that_its_movements_do_not_explain(order):
    StockLevel.objects.update(on_hand=99)

    assert list(faults()) == ["I2"]


def test_i3_paid_and_refunded_as_too_late(order):
    payment = order.group.payment
    Refund.objects.create(
        payment=payment,
        amount_minor=payment.amount_minor,
        currency="EUR",
        status=Refund.Status.SUCCEEDED,
    )

    [fault] = faults()["I3"]
    assert fault.startswith(payment.payment_intent_id)


def test_i3_money_that_has_no_end(order):
    OrderGroup.objects.update(status=OrderGroup.Status.CANCELED)

    assert "its order group is canceled" in faults()["I3"][0]


def test_i4_a_transfer_larger_than_the_books_know(order):
    Transfer.objects.update(amount_minor=4000)

    found = faults()
    assert found["I4"][0].startswith(order.group.payment.payment_intent_id)


def test_i4_a_commission_that_was_changed_after_the_sale(order):
    order.lines.update(commission_minor=0)

    assert list(faults()) == ["I4"]


def test_i4_money_left_for_the_seller_of_a_settled_order(order):
    """Their share of the refund was neither taken back nor owed."""
    order.transfers.get().reversals.all().delete()

    assert faults() == {
        "I4": [f"order {order.pk} is settled, and -899 are left for its seller"]
    }


def test_i4_a_reserve_and_a_debt_that_the_books_do_not_know(order):
    reserve = Reserve.objects.create(
        order=order, amount_minor=70, currency="EUR", release_at="2030-01-01T00:00Z"
    )
    refund = order.refunds.get()
    SellerDebt.objects.create(
        order=order, refund=refund, amount_minor=5, currency="EUR"
    )

    seller = order.seller_id
    assert faults()["I4"] == [
        f"account owes of seller {seller} holds 0 instead of 5",
        f"account reserve of seller {seller} holds 0 instead of -70",
    ]
    assert reserve.left_minor == 70


def test_i4_a_refund_that_came_back_and_is_owed_by_nobody(order):
    refund = order.refunds.get()
    Refund.objects.update(status="failed", came_back_at=timezone.now())

    assert faults() == {"I4": ["buyers are owed 999 EUR, in the books 0"]}

    ledger.post_failed_refund(refund)
    assert faults() == {}


@pytest.mark.parametrize(
    "change", [{"amount_minor": 1}, {"currency": "USD"}, {"status": "canceled"}]
)
def test_i5_a_payment_that_is_not_the_order_s(order, change):
    Payment.objects.update(**change)

    assert f"order group {order.group.number} is paid, but not by" in faults()["I5"][0]


def test_i5_orders_that_do_not_add_up_to_what_was_paid(order):
    Order.objects.update(total_minor=5000)

    assert faults()["I5"] == [
        f"order group {order.group.number} is of 3987, its orders add up to 5000"
    ]


def test_i5_an_order_that_went_on_without_its_group(order):
    OrderGroup.objects.update(status=OrderGroup.Status.PENDING)

    assert (
        f"order {order.pk} is completed, its order group is pending" in (faults()["I5"])
    )


def test_the_command_says_what_does_not_hold(order, capsys):
    call_command("ledger_check")
    assert capsys.readouterr().out.count(": holds (") == 5

    StockLevel.objects.update(on_hand=99)
    with pytest.raises(CommandError, match="I2: variant"):
        call_command("ledger_check")


def test_the_nightly_check_is_silent_while_all_holds(order):
    operator = make_user(is_superuser=True)
    periodic.check_books()
    assert operator.notifications.count() == 0

    StockLevel.objects.update(on_hand=99)
    periodic.check_books()
    assert "I2: variant" in operator.notifications.get().body


def test_it_is_asked_for_at_night():
    entry = beat_schedule()["checkout.periodic.check_books"]

    assert entry["schedule"].hour == {3}
