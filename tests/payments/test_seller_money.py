"""What a seller owes, what is kept in reserve, and how long the money is held."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import IntegrityError
from django.urls import reverse as url_of
from django.utils import timezone

from checkout import disbursing, ledger, payouts, reserves, seller_debts
from checkout.models import (
    Dispute,
    JournalEntry,
    LedgerAccount,
    PayoutTerms,
    Refund,
    Reserve,
    SellerDebt,
    Transfer,
    TransferReversal,
)
from checkout.returns import refund_lines
from marketplace.accounts.models import User
from sellers.models import Seller
from tests.factories import make_staff, make_user
from tests.payments.checkouts import (
    assert_books_hold,
    make_bought_order,
    make_payable_seller,
)
from tests.payments.test_payouts import SHARE, make_due, refund_one, reverse, send
from tests.races import at_once, together_after

pytestmark = pytest.mark.django_db

Kind = LedgerAccount.Kind


@pytest.fixture
def seller(sandbox):
    return make_payable_seller(sandbox)


def make_earned(sandbox, seller):
    """An order of 39.87, delivered, and the hold is over."""
    order = make_bought_order(sandbox, seller=seller)
    make_due(order)
    return order


def pay_out_all(sandbox, seller):
    """The seller's balance at Stripe goes to their bank."""
    amount = sandbox.balance(seller.stripe_account_id)
    sandbox.stripe.v1.payouts.create(
        {"amount": amount, "currency": "eur"},
        {"stripe_account": seller.stripe_account_id},
    )


def books_of(seller):
    """The seller's accounts that hold something."""
    balances = ledger.balances().items()
    return {a.kind: sum_ for a, sum_ in balances if sum_ and a.seller == seller}


def make_debt(sandbox, seller):
    """8.99 that were refunded after the seller had taken all money to the bank."""
    order = make_earned(sandbox, seller)
    send(payouts.start_transfer(order))
    pay_out_all(sandbox, seller)
    return reverse(refund_one(order))


@pytest.mark.fault("F9", "refund after the payout: the seller owes it")
def test_what_stripe_cannot_take_back_is_owed(sandbox, seller):
    owner = make_user()
    seller.members.create(user=owner)

    reversal = make_debt(sandbox, seller)
    disbursing.send_reversal(reversal)  # the task runs twice

    assert reversal.status == TransferReversal.Status.SHORT
    assert SellerDebt.objects.get().amount_minor == 899
    assert books_of(seller) == {"owes": 899}
    assert payouts.balance_of(seller).owed == 899
    [letter] = owner.notifications.all()
    assert "€8.99" in letter.subject
    assert_books_hold()


def test_what_is_owed_is_kept_from_the_next_transfer(sandbox, seller):
    make_debt(sandbox, seller)

    transfer = send(payouts.start_transfer(make_earned(sandbox, seller)))

    assert transfer.amount_minor == SHARE - 899
    assert sandbox.balance(seller.stripe_account_id) == SHARE - 899
    assert books_of(seller) == {}
    assert payouts.balance_of(seller).owed == 0
    assert_books_hold()


def test_a_large_debt_takes_all_of_an_order_and_goes_on(sandbox, seller):
    first, second = (make_earned(sandbox, seller) for _ in range(2))
    for order in (first, second):
        send(payouts.start_transfer(order))
    pay_out_all(sandbox, seller)
    for order in (first, second):
        everything = {line.pk: line.quantity for line in order.lines.all()}
        refund = refund_lines(order, everything, reason="", by=None)
        disbursing.send_refund(Refund.objects.get(pk=refund.pk))
        reverse(refund)

    third = make_earned(sandbox, seller)

    assert payouts.start_transfer(third) is None
    third.refresh_from_db()
    assert third.status == "completed"
    assert payouts.balance_of(seller).owed == SHARE
    assert [debt.left_minor for debt in SellerDebt.objects.order_by("pk")] == [0, SHARE]
    assert_books_hold()


def test_another_seller_does_not_pay_for_it(sandbox, seller):
    make_debt(sandbox, seller)
    other = make_payable_seller(sandbox)

    transfer = payouts.start_transfer(make_earned(sandbox, other))

    assert transfer.amount_minor == SHARE


def test_a_refund_of_what_was_netted_is_owed_at_once(sandbox, seller):
    """Of 36.38, 8.99 never reached the seller: a reversal cannot bring them back."""
    make_debt(sandbox, seller)
    order = make_earned(sandbox, seller)
    send(payouts.start_transfer(order))

    everything = {line.pk: line.quantity for line in order.lines.all()}
    refund = refund_lines(order, everything, reason="", by=None)
    disbursing.send_refund(Refund.objects.get(pk=refund.pk))
    reversal = reverse(refund)

    assert (reversal.status, reversal.amount_minor) == ("succeeded", SHARE - 899)
    assert books_of(seller) == {"owes": 899}
    assert_books_hold()


def test_what_comes_back_after_all_is_not_owed(sandbox, seller):
    """Of two workers one is refused, the other not."""
    reversal = make_debt(sandbox, seller)

    disbursing.record_reversal(reversal, {"id": "trr_1"})

    assert SellerDebt.objects.open().exists() is False
    assert books_of(seller) == {}


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_debt_is_forgiven_once_by_two_at_once(sandbox):
    seller = make_payable_seller(sandbox)
    reversal = make_debt(sandbox, seller)

    results = at_once(*[partial(seller_debts.forgive, reversal)] * 4)

    assert results == [None] * 4
    assert JournalEntry.objects.filter(kind="netting").count() == 1
    # A reversal that nobody has recorded: the books agree once that is done, too.
    assert books_of(seller) == {"seller": 899}


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_both_forgive_it_and_only_the_reference_stops_one(
    sandbox, monkeypatch
):
    """The control."""
    seller = make_payable_seller(sandbox)
    reversal = make_debt(sandbox, seller)
    queryset = type(SellerDebt.objects.open())
    monkeypatch.setattr(queryset, "select_for_update", lambda self, **options: self)
    together_after(monkeypatch, seller_debts, "locked_debts_of", 2)

    results = at_once(*[partial(seller_debts.forgive, reversal)] * 2)

    assert [type(r) for r in results if isinstance(r, Exception)] == [IntegrityError]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_orders_at_once_keep_a_debt_once(sandbox):
    seller = make_payable_seller(sandbox)
    make_debt(sandbox, seller)
    orders = [make_earned(sandbox, seller) for _ in range(2)]

    at_once(*[partial(payouts.start_transfer, order) for order in orders])

    sent = Transfer.objects.filter(order__in=orders)
    assert sorted(t.amount_minor for t in sent) == [SHARE - 899, SHARE]
    assert_books_hold()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_a_debt_is_kept_twice(sandbox, monkeypatch):
    """The control: both look before either writes, and only the database says no."""
    seller = make_payable_seller(sandbox)
    make_debt(sandbox, seller)
    orders = [make_earned(sandbox, seller) for _ in range(2)]
    queryset = type(SellerDebt.objects.open())
    monkeypatch.setattr(queryset, "select_for_update", lambda self, **options: self)
    together_after(monkeypatch, seller_debts, "locked_debts", 2)

    results = at_once(*[partial(payouts.start_transfer, order) for order in orders])

    assert [type(r) for r in results if isinstance(r, Exception)] == [IntegrityError]


def test_a_part_is_kept_in_reserve(sandbox, seller, settings):
    settings.RESERVE_BASIS_POINTS, settings.RESERVE_DAYS = 1000, 30

    transfer = send(payouts.start_transfer(make_earned(sandbox, seller)))

    assert transfer.amount_minor == SHARE - 364
    assert books_of(seller) == {"reserve": -364}
    assert payouts.balance_of(seller).reserved == 364
    days = (Reserve.objects.get().release_at - timezone.now()).days
    assert days in {29, 30}
    assert_books_hold()


def lapse_reserves():
    Reserve.objects.update(release_at=timezone.now())


def test_the_reserve_is_sent_when_its_time_is_over(sandbox, seller, settings):
    settings.RESERVE_BASIS_POINTS = 1000
    order = make_earned(sandbox, seller)
    send(payouts.start_transfer(order))

    reserves.release_due()
    assert order.transfers.count() == 1
    lapse_reserves()
    for _ in range(2):
        reserves.release_due()

    send(order.transfers.get(kind=Transfer.Kind.RESERVE))
    assert sandbox.balance(seller.stripe_account_id) == SHARE
    assert books_of(seller) == {}
    assert_books_hold()


def test_the_reserve_of_a_restricted_account_waits(sandbox, seller, settings):
    settings.RESERVE_BASIS_POINTS = 1000
    send(payouts.start_transfer(make_earned(sandbox, seller)))
    lapse_reserves()
    Seller.objects.update(is_payable=False)

    reserves.release_due()

    assert Reserve.objects.held().count() == 1


@pytest.mark.parametrize("status", Dispute.OPEN)
def test_the_reserve_of_a_disputed_order_waits(sandbox, seller, settings, status):
    settings.RESERVE_BASIS_POINTS = 1000
    order = make_earned(sandbox, seller)
    send(payouts.start_transfer(order))
    lapse_reserves()
    dispute = Dispute.objects.create(
        payment=order.group.payment,
        stripe_dispute_id="du_1",
        status=status,
        amount_minor=order.total_minor,
        currency="EUR",
        seen_at=timezone.now(),
    )

    reserves.release_due()
    assert Reserve.objects.held().count() == 1

    dispute.status = Dispute.Status.WON
    dispute.save()
    reserves.release_due()
    assert Reserve.objects.held().count() == 0


def test_a_refund_takes_the_reserve_first(sandbox, seller, settings):
    settings.RESERVE_BASIS_POINTS = 1000
    order = make_earned(sandbox, seller)
    send(payouts.start_transfer(order))

    reversal = reverse(refund_one(order))

    assert Reserve.objects.get().left_minor == 0
    assert reversal.amount_minor == 899 - 364
    assert books_of(seller) == {}
    assert_books_hold()


def test_a_reserve_pays_what_is_owed_before_it_is_sent(sandbox, seller, settings):
    settings.RESERVE_BASIS_POINTS = 5000
    kept = make_earned(sandbox, seller)
    send(payouts.start_transfer(kept))
    settings.RESERVE_BASIS_POINTS = 0
    make_debt(sandbox, seller)
    lapse_reserves()

    reserves.release_due()

    sent = kept.transfers.get(kind=Transfer.Kind.RESERVE)
    assert sent.amount_minor == SHARE // 2 - 899
    assert SellerDebt.objects.open().exists() is False


def test_a_shop_of_its_own_terms(sandbox, seller, settings):
    PayoutTerms.objects.create(
        seller=seller, hold_days=2, reserve_basis_points=2000, reserve_days=5
    )
    early = make_bought_order(sandbox, seller=seller)
    other = make_bought_order(sandbox, seller=make_payable_seller(sandbox))
    make_due(early, days_ago=3)
    make_due(other, days_ago=3)

    assert list(payouts.due_orders()) == [early]
    assert payouts.hold_days(seller) == 2
    assert payouts.hold_days(other.seller) == settings.PAYOUT_HOLD_DAYS
    assert payouts.start_transfer(early).amount_minor == SHARE - 728
    assert Reserve.objects.get().release_at < timezone.now() + timedelta(days=6)


def test_a_longer_hold_than_the_site_s(sandbox, seller):
    PayoutTerms.objects.create(seller=seller, hold_days=30)
    make_earned(sandbox, seller)

    assert payouts.due_orders().exists() is False


def test_a_shop_without_a_reserve_of_its_own_has_the_site_s(seller, settings):
    settings.RESERVE_BASIS_POINTS, settings.RESERVE_DAYS = 700, 60
    assert reserves.terms_of(seller) == (700, 60)

    PayoutTerms.objects.create(seller=seller, reserve_basis_points=0)
    assert reserves.terms_of(seller) == (0, 60)


def test_the_desk_sets_a_shop_s_terms(client, seller):
    client.force_login(make_staff(User.Role.OPERATOR))

    answer = client.post(
        url_of("admin:checkout_payoutterms_add"),
        {"seller": seller.pk, "hold_days": 14, "reserve": "7.5", "reserve_days": ""},
    )

    assert answer.status_code == 302
    terms = PayoutTerms.objects.get()
    assert (terms.hold_days, terms.reserve_basis_points) == (14, 750)
    assert terms.reserve_days is None


def test_each_movement_is_posted_once(sandbox, seller, settings):
    settings.RESERVE_BASIS_POINTS = 1000
    order = make_earned(sandbox, seller)
    for _ in range(2):
        payouts.start_transfer(order)

    references = JournalEntry.objects.filter(order=order).order_by("pk")
    reserve = Reserve.objects.get()
    assert [e.reference for e in references] == [
        f"sale:{order.pk}",
        f"reserve:{reserve.pk}",
    ]
