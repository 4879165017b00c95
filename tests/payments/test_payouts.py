from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from checkout import connected_accounts, disbursing, ledger, payouts
from checkout.models import (
    JournalEntry,
    Order,
    Payment,
    Refund,
    ReturnRequest,
    Transfer,
    TransferReversal,
)
from checkout.returns import refund_lines
from sellers.models import Seller
from tests.factories import make_seller, make_user
from tests.payments.checkouts import make_bought_order, make_payable_seller
from tests.races import at_once

pytestmark = pytest.mark.django_db

# 39.87 less 3.49 of commission.
SHARE = 3638


def make_due(order, *, days_ago=8):
    Order.objects.filter(pk=order.pk).update(
        status=Order.Status.DELIVERED,
        delivered_at=timezone.now() - timedelta(days=days_ago),
    )
    order.refresh_from_db()


@pytest.fixture
def seller(sandbox):
    return make_payable_seller(sandbox)


@pytest.fixture
def order(sandbox, seller):
    """Delivered, and the hold is over."""
    order = make_bought_order(sandbox, seller=seller)
    make_due(order)
    return order


def send(transfer):
    """What the task does."""
    disbursing.send_transfer(Transfer.objects.get(pk=transfer.pk))
    transfer.refresh_from_db()
    return transfer


def refund_one(order):
    """The money of one unit of the first line: 9.99, of which 1.00 is commission."""
    line = order.lines.first()
    refund = refund_lines(order, {line.pk: 1}, reason="broken", by=None)
    disbursing.send_refund(Refund.objects.get(pk=refund.pk))
    return refund


def reverse(refund):
    """What the task does."""
    disbursing.send_reversal(TransferReversal.objects.get(refund=refund))
    return TransferReversal.objects.get(refund=refund)


def seller_account(seller):
    """Over all their accounts."""
    balances = ledger.balances().items()
    return sum(amount for account, amount in balances if account.seller == seller)


def test_after_the_hold_the_seller_gets_their_share(sandbox, seller, order):
    transfer = send(payouts.start_transfer(order))

    order.refresh_from_db()
    assert order.status == Order.Status.COMPLETED
    assert (transfer.amount_minor, transfer.status) == (SHARE, Transfer.Status.PAID)
    assert sandbox.balance(seller.stripe_account_id) == SHARE
    assert seller_account(seller) == 0
    made = sandbox.stripe.v1.transfers.retrieve(transfer.stripe_transfer_id)
    payment = Payment.objects.get(group=order.group)
    assert made.source_transaction == payment.charge_id
    assert made.transfer_group == order.group.number


def test_an_exchange_is_sent_although_the_charge_has_given_its_money(
    sandbox, seller, order
):
    """What was sent before is with the seller still: kept from another order."""
    make_bought_order(sandbox)  # the platform's balance
    sandbox.advance(days=9)
    send(payouts.start_transfer(order))
    asked = ReturnRequest.objects.create(order=order, reason="x", status="exchanged")
    made = Order.objects.create(
        group=order.group,
        seller=seller,
        exchange_of=asked,
        status=Order.Status.COMPLETED,
        shipping_name="Standard",
        items_minor=999,
        shipping_minor=0,
        tax_minor=0,
        total_minor=999,
    )

    transfer = send(
        Transfer.objects.create(order=made, amount_minor=900, currency="EUR")
    )

    assert transfer.status == Transfer.Status.PAID
    assert sandbox.balance(seller.stripe_account_id) == SHARE + 900


def test_during_the_hold_nothing_is_sent(order):
    make_due(order, days_ago=6)

    assert payouts.start_transfer(order) is None
    assert Transfer.objects.exists() is False
    assert Order.objects.get(pk=order.pk).status == Order.Status.DELIVERED


@pytest.mark.parametrize("status", ["requested", "accepted"])
def test_an_open_return_keeps_the_money_back(order, status):
    ReturnRequest.objects.create(order=order, reason="broken", status=status)

    assert payouts.start_transfer(order) is None


def test_a_refused_return_keeps_nothing_back(order):
    ReturnRequest.objects.create(order=order, reason="broken", status="refused")

    assert payouts.start_transfer(order).amount_minor == SHARE


def test_without_an_account_the_money_waits(sandbox):
    order = make_bought_order(sandbox, seller=make_seller())
    make_due(order)

    payouts.pay_sellers()

    assert Transfer.objects.exists() is False
    assert payouts.balance_of(order.seller).available == SHARE


def test_what_was_refunded_before_is_not_transferred(sandbox, seller, order):
    refund_one(order)

    transfer = send(payouts.start_transfer(order))

    assert transfer.amount_minor == SHARE - 899
    assert seller_account(seller) == 0


def test_an_order_that_was_refunded_in_full_closes_without_a_transfer(order):
    wanted = {line.pk: line.quantity for line in order.lines.all()}
    refund_lines(order, wanted, reason="broken", by=None)

    assert payouts.start_transfer(order) is None
    assert Order.objects.get(pk=order.pk).status == Order.Status.COMPLETED


def test_a_task_that_runs_twice_transfers_once(sandbox, seller, order):
    transfer = payouts.start_transfer(order)
    stale = Transfer.objects.get(pk=transfer.pk)

    send(transfer)
    send(transfer)
    disbursing.send_transfer(stale)  # its worker died before it wrote that down

    assert sandbox.balance(seller.stripe_account_id) == SHARE
    assert JournalEntry.objects.filter(reference=f"transfer:{transfer.pk}").count() == 1


@pytest.mark.parametrize("fault", ["error", "error_after", "cut", "rate_limit"])
def test_whatever_stripe_does_the_seller_is_paid_once(sandbox, seller, order, fault):
    transfer = payouts.start_transfer(order)
    sandbox.faults(requests=[{"kind": fault, "path": "/v1/transfers", "times": 3}])

    for _ in range(6):
        try:
            send(transfer)
        except disbursing.gateway.GatewayError:
            continue

    transfer.refresh_from_db()
    assert transfer.status == Transfer.Status.PAID
    assert sandbox.balance(seller.stripe_account_id) == SHARE
    assert ledger.unbalanced_entries() == ledger.unposted_events() == []


def test_a_refusal_waits_until_the_account_is_in_order(sandbox, order):
    account = sandbox.stripe.v1.accounts.create(
        {"country": "DE", "capabilities": {"transfers": {"requested": True}}}
    )
    Seller.objects.filter(pk=order.seller_id).update(stripe_account_id=account.id)
    transfer = send(payouts.start_transfer(order))
    assert transfer.status == Transfer.Status.WAITING

    sandbox.onboard(account.id)
    assert send(transfer).status == Transfer.Status.PAID


def test_a_refund_after_the_transfer_takes_the_share_back(sandbox, seller, order):
    transfer = send(payouts.start_transfer(order))

    reversal = reverse(refund_one(order))

    transfer.refresh_from_db()
    assert (reversal.status, reversal.amount_minor) == ("succeeded", 899)
    assert transfer.reversed_minor == 899
    assert sandbox.balance(seller.stripe_account_id) == SHARE - 899
    assert seller_account(seller) == 0


def test_a_reversal_waits_for_its_transfer(order):
    transfer = payouts.start_transfer(order)

    refund = refund_one(order)

    assert reverse(refund).status == TransferReversal.Status.PENDING
    send(transfer)
    assert reverse(refund).status == TransferReversal.Status.SUCCEEDED


@pytest.mark.parametrize("fault", ["error", "error_after", "cut"])
def test_whatever_stripe_does_a_share_is_taken_back_once(sandbox, seller, order, fault):
    send(payouts.start_transfer(order))
    refund = refund_one(order)
    sandbox.faults(requests=[{"kind": fault, "path": "/reversals", "times": 3}])

    for _ in range(6):
        try:
            reverse(refund)
        except disbursing.gateway.GatewayError:
            continue

    assert sandbox.balance(seller.stripe_account_id) == SHARE - 899
    assert ledger.unbalanced_entries() == ledger.unposted_events() == []


def test_the_balance_moves_from_pending_to_available_to_transferred(sandbox, seller):
    order = make_bought_order(sandbox, seller=seller)
    balance = payouts.balance_of(seller)
    assert (balance.pending, balance.available, balance.transferred) == (SHARE, 0, 0)

    make_due(order)
    balance = payouts.balance_of(seller)
    assert (balance.pending, balance.available, balance.transferred) == (0, SHARE, 0)

    transfer = payouts.start_transfer(order)
    balance = payouts.balance_of(seller)
    assert (balance.pending, balance.available, balance.transferred) == (0, SHARE, 0)

    send(transfer)
    balance = payouts.balance_of(seller)
    assert (balance.pending, balance.available, balance.transferred) == (0, 0, SHARE)


def test_the_clock_pays_everybody_who_can_be_paid(
    sandbox, seller, eager_tasks, django_capture_on_commit_callbacks
):
    for _ in range(2):
        make_due(make_bought_order(sandbox, seller=seller))

    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            payouts.pay_sellers()

    assert sandbox.balance(seller.stripe_account_id) == 2 * SHARE


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_clocks_at_once_transfer_once(sandbox):
    seller = make_payable_seller(sandbox)
    order = make_bought_order(sandbox, seller=seller)
    make_due(order)

    made = at_once(*[partial(payouts.start_transfer, order)] * 6)
    [transfer] = [transfer for transfer in made if transfer]
    at_once(*[partial(send, transfer)] * 6)

    assert sandbox.balance(seller.stripe_account_id) == SHARE
    assert ledger.unbalanced_entries() == ledger.unposted_events() == []


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("attempt", range(3))
def test_a_refund_and_the_transfer_at_once_end_in_balance(sandbox, attempt):
    seller = make_payable_seller(sandbox)
    order = make_bought_order(sandbox, seller=seller)
    make_due(order)

    at_once(partial(payouts.start_transfer, order), partial(refund_one, order))
    send(Transfer.objects.get(order=order))
    for reversal in TransferReversal.objects.all():
        reverse(reversal.refund)

    assert sandbox.balance(seller.stripe_account_id) == SHARE - 899
    assert seller_account(seller) == 0


def connect(seller):
    return connected_accounts.connect(
        seller,
        return_url="http://site.test/back",
        refresh_url="http://site.test/again",
        attempt="click",
    )


def test_connecting_makes_one_account(sandbox):
    seller = make_seller(country="DE")

    first, second = connect(seller), connect(seller)

    assert first == second
    account = sandbox.stripe.v1.accounts.retrieve(seller.stripe_account_id)
    assert (account.email, account.country) == (seller.email, "DE")
    assert account.controller.stripe_dashboard.type == "express"


def test_the_seller_learns_that_payouts_have_stopped(sandbox, seller):
    owner = make_user()
    seller.members.create(user=owner)
    Seller.objects.filter(pk=seller.pk).update(is_payable=True)
    account = sandbox.stripe.v1.accounts.create({"country": "DE"})
    Seller.objects.filter(pk=seller.pk).update(stripe_account_id=account.id)

    for _ in range(2):
        connected_accounts.refresh_account(account.id)

    seller.refresh_from_db()
    assert seller.is_payable is False
    assert owner.notifications.count() == 1
