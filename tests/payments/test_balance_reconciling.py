"""The books against Stripe's balance transactions, each way they can differ."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse as url_of
from django.utils import timezone

from checkout import balance_reconciling, gateway, ledger, payouts, periodic
from checkout.gateway import BalanceTransaction
from checkout.models import (
    JournalEntry,
    Order,
    Payment,
    ReconciliationDifference,
    Refund,
    Transfer,
    TransferReversal,
)
from marketplace.accounts.models import User
from tests.factories import make_staff, make_user
from tests.payments.checkouts import (
    assert_books_hold,
    make_bought_order,
    make_payable_seller,
)
from tests.payments.test_payouts import SHARE, make_due, refund_one, reverse, send

pytestmark = pytest.mark.django_db

HOUR_AGO = timedelta(hours=1)


def movement(type_, source, amount, *, fee=0, **fields):
    return BalanceTransaction(
        **{
            "id": f"txn_{type_}_{source}",
            "type": type_,
            "source": source,
            "amount": amount,
            "fee": fee,
            "currency": "EUR",
            "created_at": timezone.now() - HOUR_AGO,
            "is_converted": False,
        }
        | fields
    )


@pytest.fixture
def order(sandbox):
    """Paid 39.87, sent to the seller, one unit refunded and taken back: an hour ago."""
    seller = make_payable_seller(sandbox)
    order = make_bought_order(sandbox, seller=seller)
    make_due(order)
    send(payouts.start_transfer(order))
    reverse(refund_one(order))
    then = timezone.now() - HOUR_AGO
    for model in (Payment, Refund, TransferReversal):
        model.objects.update(succeeded_at=then)
    Transfer.objects.update(paid_at=then)
    return Order.objects.get(pk=order.pk)


@pytest.fixture
def stripe_lists(monkeypatch):
    """What Stripe answers when it is asked; the balance is what the list adds up to."""

    def lists(moved, **balance):
        sums = {"EUR": sum(one.amount - one.fee for one in moved)} | balance
        monkeypatch.setattr(gateway, "balance_transactions", lambda since: iter(moved))
        monkeypatch.setattr(gateway, "balance", lambda: sums)

    return lists


def all_of(order):
    """As Stripe lists it."""
    payment = order.group.payment
    transfer = order.transfers.get()
    return [
        movement("charge", payment.charge_id, 3987, fee=85),
        movement("transfer", transfer.stripe_transfer_id, -SHARE),
        movement("refund", order.refunds.get().stripe_refund_id, -999),
        movement("transfer_refund", transfer.reversals.get().stripe_reversal_id, 899),
    ]


def look():
    return balance_reconciling.reconcile(timezone.now() - timedelta(days=7))


def seen():
    return {
        (one.kind, one.source or one.subject, one.stripe_minor, one.books_minor)
        for one in look()
    }


def test_they_agree_and_stripe_s_fee_is_posted_once(order, stripe_lists):
    stripe_lists(all_of(order))

    assert look() == look() == []

    balances = {account.kind: sum_ for account, sum_ in ledger.balances().items()}
    assert balances["fees"] == 85
    assert JournalEntry.objects.filter(kind=JournalEntry.Kind.FEE).count() == 1
    assert_books_hold()


def test_what_is_at_stripe_alone_is_found(order, stripe_lists):
    by_hand = movement("transfer", "tr_by_hand", -500)
    by_others = movement("charge", "ch_other", 300, fee=9)
    stripe_lists([*all_of(order), by_hand, by_others])

    assert seen() == {
        ("not_in_books", "tr_by_hand", -500, None),
        ("not_in_books", "ch_other", 300, None),
        ("balance", "balance:EUR", -45, 155),
    }


def test_what_is_in_the_books_alone_is_found(order, stripe_lists):
    *others, reversal = all_of(order)
    stripe_lists(others)

    assert ("not_at_stripe", reversal.source, None, 899) in seen()


def test_another_amount_is_found(order, stripe_lists):
    charge, *others = all_of(order)
    stripe_lists([replace(charge, amount=3900), *others], EUR=164)

    assert seen() == {("amount", charge.source, 3900, 3987)}


def test_amounts_in_another_currency_are_not_compared(order, stripe_lists):
    charge, *others = all_of(order)
    converted = replace(charge, amount=4300, currency="USD", is_converted=True, fee=0)
    stripe_lists([converted, *others], EUR=249, USD=0)

    assert seen() == set()


def test_what_has_just_happened_may_still_be_on_its_way(order, stripe_lists):
    new = movement("charge", "ch_new", 100, created_at=timezone.now())
    stripe_lists([*all_of(order), new], EUR=164)

    assert seen() == set()


def test_the_platform_s_own_payouts_are_posted(order, stripe_lists):
    moved = [
        *all_of(order),
        movement("payout", "po_1", -100),
        movement("stripe_fee", "", -30),
        movement("topup", "tu_1", 50),
    ]
    stripe_lists(moved)

    assert look() == []
    balances = {account.kind: sum_ for account, sum_ in ledger.balances().items()}
    assert (balances["bank"], balances["fees"]) == (50, 115)
    assert ledger.unbalanced_entries() == []


def test_a_dispute_is_found_by_stripe_s_own_id(order, stripe_lists):
    stripe, seller = (
        ledger.account(kind, "EUR", owner)
        for kind, owner in (("stripe", None), ("seller", order.seller))
    )
    lost = [(seller, 2487), (stripe, -2487)]
    ledger.post_entry(JournalEntry.Kind.DISPUTE, "dispute:dp_1", lost, order)
    dispute = movement("adjustment", "dp_1", -987, fee=1500)
    stripe_lists([*all_of(order), dispute])

    assert look() == []


def test_what_a_dispute_took_and_gave_back_are_two(order, stripe_lists):
    """Both have the dispute as their source; entries name the transaction too."""
    stripe, seller = (
        ledger.account(kind, "EUR", owner)
        for kind, owner in (("stripe", None), ("seller", order.seller))
    )
    taken = movement("adjustment", "dp_1", -999, id="txn_taken")
    given = movement("adjustment", "dp_1", 999, id="txn_given")
    for one in (taken, given):
        lines = [(seller, -one.amount), (stripe, one.amount)]
        reference = f"dispute:dp_1:{one.id}"
        ledger.post_entry(JournalEntry.Kind.DISPUTE, reference, lines, order)
    stripe_lists([*all_of(order), taken, given])

    assert look() == []


def test_a_difference_that_is_mended_is_gone(order, stripe_lists):
    operator = make_user(is_superuser=True)
    charge, *others = all_of(order)
    stripe_lists([replace(charge, amount=3900), *others], EUR=164)
    for _ in range(2):
        assert len(look()) == 1
    assert operator.notifications.count() == 1

    stripe_lists(all_of(order))
    assert look() == []
    kept = ReconciliationDifference.objects.get()
    assert kept.gone_at is not None


def test_a_difference_before_the_time_looked_at_stays(order, stripe_lists):
    stripe_lists([*all_of(order), movement("transfer", "tr_by_hand", -500)], EUR=164)
    assert len(look()) == 1
    stripe_lists(all_of(order), EUR=164)

    balance_reconciling.reconcile(timezone.now() - timedelta(minutes=40))

    assert ReconciliationDifference.objects.filter(gone_at=None).count() == 1


def test_the_command_lists_them(order, stripe_lists, capsys):
    stripe_lists([*all_of(order), movement("transfer", "tr_by_hand", -500)], EUR=164)

    with pytest.raises(CommandError, match="1 differences"):
        call_command("reconcile")

    assert "At Stripe, not in the books: txn_transfer_tr_by_hand" in (
        capsys.readouterr().out
    )


def test_the_desk_lists_them(client, order, stripe_lists):
    stripe_lists([*all_of(order), movement("transfer", "tr_by_hand", -500)], EUR=164)
    look()
    client.force_login(make_staff(User.Role.OPERATOR))
    address = url_of("admin:checkout_reconciliationdifference_changelist")

    assert "-€5.00" in client.get(f"{address}?open=1").content.decode()
    assert "-€5.00" not in client.get(f"{address}?open=0").content.decode()


def test_the_clock_waits_while_stripe_is_away(monkeypatch, caplog):
    def fail(since):
        raise gateway.GatewayError("away")

    monkeypatch.setattr(gateway, "balance_transactions", fail)

    periodic.compare_balances()

    assert "wait to be compared" in caplog.text


def test_what_the_sandbox_lists_agrees_with_the_books(sandbox):
    """Asked as Stripe is asked; of its list, what this test has made."""
    began = timezone.now() - timedelta(seconds=2)
    order = make_bought_order(sandbox, seller=make_payable_seller(sandbox))
    make_due(order)
    send(payouts.start_transfer(order))
    reverse(refund_one(order))
    transfer = order.transfers.get()
    made = {
        order.group.payment.charge_id,
        order.refunds.get().stripe_refund_id,
        transfer.stripe_transfer_id,
        transfer.reversals.get().stripe_reversal_id,
    }

    listed = list(gateway.balance_transactions(began))

    own = [one for one in listed if one.source in made]
    assert {one.source for one in own} == made
    assert balance_reconciling.differences(own) == []
    span = began, timezone.now()
    assert balance_reconciling.not_at_stripe(listed, *span) == []
    assert balance_reconciling.not_at_stripe([], *span) != []
    held = sandbox.stripe.v1.balance.retrieve()
    parts = [*held.available, *held.pending]
    total = sum(part.amount for part in parts if part.currency == "eur")
    assert gateway.balance()["EUR"] == total


def test_stripe_s_shape_is_read():
    read = BalanceTransaction.read(
        {
            "id": "txn_1",
            "type": "charge",
            "source": "ch_1",
            "amount": 100,
            "fee": 3,
            "currency": "eur",
            "created": 1_900_000_000,
            "exchange_rate": None,
        }
    )

    assert (read.currency, read.fee, read.is_converted) == ("EUR", 3, False)
