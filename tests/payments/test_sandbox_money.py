"""Balances, payouts, disputes and bank debits of the stand-in, on its own clock."""

import pytest
import stripe

from tests.payments.test_sandbox import make_intent, make_payable_account


@pytest.fixture
def api(sandbox):
    return sandbox.stripe.v1


def funds(sandbox, account=None):
    """Available and pending euros."""
    options = {"stripe_account": account} if account else {}
    found = sandbox.stripe.v1.balance.retrieve({}, options)
    return tuple(
        sum(part.amount for part in parts if part.currency == "eur")
        for parts in (found.available, found.pending)
    )


def settled_funds(sandbox):
    """Once nothing that other tests began can come in."""
    sandbox.advance(days=30)
    return funds(sandbox)


def change(before, after):
    return tuple(new - old for old, new in zip(before, after, strict=True))


def pay(sandbox, card="pm_card_visa"):
    return sandbox.pay(make_intent(sandbox.stripe.v1).id, card)


def move_to(sandbox, account, amount, charge=None):
    source = {"source_transaction": charge} if charge else {}
    return sandbox.stripe.v1.transfers.create(
        {"amount": amount, "currency": "eur", "destination": account, **source}
    )


def types(sandbox, pk, account=None):
    return [event["type"] for event in sandbox.events(pk, account=account)]


def test_a_payment_is_pending_until_its_days_are_over(sandbox, api):
    fees = {"basis_points": 150, "fixed": 25}
    sandbox.control(balance={"settlement_days": 2, "fees": fees})
    before = settled_funds(sandbox)

    intent = pay(sandbox)

    charge = api.charges.retrieve(
        intent.latest_charge, {"expand": ["balance_transaction"]}
    )
    booked = charge.balance_transaction
    assert (booked.amount, booked.fee, booked.net) == (1999, 55, 1944)
    assert (booked.status, booked.available_on - booked.created) == ("pending", 172800)
    assert change(before, funds(sandbox)) == (0, 1944)
    sandbox.advance(days=2)
    assert change(before, funds(sandbox)) == (1944, 0)
    assert api.balance_transactions.retrieve(booked.id).status == "available"


def test_one_card_is_available_at_once(sandbox):
    sandbox.control(balance={"settlement_days": 2})
    before = funds(sandbox)

    pay(sandbox, "pm_card_bypassPending")

    assert change(before, funds(sandbox)) == (1999, 0)


def test_what_a_seller_gets_of_a_pending_payment_is_pending_too(sandbox, api):
    sandbox.control(balance={"settlement_days": 2})
    account = make_payable_account(sandbox)
    transfer = move_to(sandbox, account, 1000, pay(sandbox).latest_charge)

    pending = funds(sandbox, account)
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        api.transfers.reversals.create(transfer.id, {"amount": 1})
    sandbox.advance(days=2)
    reversal = api.transfers.reversals.create(transfer.id, {"amount": 400})

    assert pending == (0, 1000)
    assert refusal.value.code == "balance_insufficient"
    assert funds(sandbox, account) == (600, 0)
    booked = api.balance_transactions.list({"source": reversal.id}).data
    assert [(b.type, b.reporting_category, b.amount) for b in booked] == [
        ("transfer_refund", "transfer_reversal", 400)
    ]


def test_each_account_sees_its_own_transactions_which_add_up(sandbox, api):
    account = make_payable_account(sandbox)
    transfer = move_to(sandbox, account, 1000, pay(sandbox).latest_charge)
    api.transfers.reversals.create(transfer.id, {"amount": 300})

    own = api.balance_transactions.list({}, {"stripe_account": account}).data
    platforms = api.balance_transactions.list({"source": transfer.id}).data

    assert [(b.type, b.net) for b in own] == [
        ("payment_refund", -300),
        ("payment", 1000),
    ]
    assert [(b.type, b.net) for b in platforms] == [("transfer", -1000)]
    assert sum(b.net for b in own) == funds(sandbox, account)[0]


def test_without_a_charge_a_transfer_needs_what_is_available(sandbox, api):
    sandbox.control(balance={"settlement_days": 2})
    account, there = make_payable_account(sandbox), funds(sandbox)[0]
    pay(sandbox)

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        move_to(sandbox, account, max(there, 0) + 1)

    assert refusal.value.code == "balance_insufficient"
    assert funds(sandbox, account) == (0, 0)


def test_a_payout_arrives_and_its_account_is_told(sandbox, api):
    sandbox.control(balance={"payout_days": 3})
    account = make_payable_account(sandbox)
    move_to(sandbox, account, 1000, pay(sandbox).latest_charge)
    asked = {"amount": 800, "currency": "eur"}

    payout = api.payouts.create(asked, {"stripe_account": account})
    sandbox.advance(days=3)

    paid = api.payouts.retrieve(payout.id, {}, {"stripe_account": account})
    assert (payout.status, paid.status) == ("pending", "paid")
    assert types(sandbox, payout.id, account) == ["payout.created", "payout.paid"]
    assert types(sandbox, payout.id) == []  # nor is the platform told
    assert funds(sandbox, account) == (200, 0)


def test_a_bank_that_refuses_a_payout_sends_it_back(sandbox, api):
    sandbox.control(balance={"fail_next_payout": "account_closed", "payout_days": 1})
    account = make_payable_account(sandbox)
    move_to(sandbox, account, 1000, pay(sandbox).latest_charge)
    own = {"stripe_account": account}
    payout = api.payouts.create({"amount": 1000, "currency": "eur"}, own)

    sandbox.advance(days=1)

    failed = api.payouts.retrieve(payout.id, {}, own)
    assert (failed.status, failed.failure_code) == ("failed", "account_closed")
    assert types(sandbox, payout.id, account)[-1] == "payout.failed"
    assert funds(sandbox, account) == (1000, 0)


def test_a_payout_can_be_canceled_until_it_arrives(sandbox, api):
    sandbox.control(balance={"payout_days": 1})
    account = make_payable_account(sandbox)
    move_to(sandbox, account, 1000, pay(sandbox).latest_charge)
    own = {"stripe_account": account}
    first, second = (
        api.payouts.create({"amount": 500, "currency": "eur"}, own) for _ in range(2)
    )

    canceled = api.payouts.cancel(first.id, {}, own)
    sandbox.advance(days=1)
    with pytest.raises(stripe.InvalidRequestError):
        api.payouts.cancel(second.id, {}, own)

    assert canceled.status == "canceled"
    assert funds(sandbox, account) == (500, 0)


def test_an_account_on_a_schedule_is_paid_out_each_midnight(sandbox, api):
    account = make_payable_account(sandbox)
    own = {"stripe_account": account}
    daily = {"payouts": {"schedule": {"interval": "daily"}}}
    api.accounts.update(account, {"settings": daily})
    sandbox.control(balance={"settlement_days": 1})
    move_to(sandbox, account, 1000, pay(sandbox).latest_charge)

    sandbox.advance(days=2)

    [payout] = api.payouts.list({}, own).data
    inside = api.balance_transactions.list({"payout": payout.id}, own).data
    assert (payout.automatic, payout.amount, payout.status) == (True, 1000, "paid")
    assert [(b.type, b.amount) for b in inside] == [
        ("payout", -1000),
        ("payment", 1000),
    ]


def dispute_of(sandbox, api, card="pm_card_createDispute"):
    intent = pay(sandbox, card)
    return api.disputes.list({"payment_intent": intent.id}).data[0]


def test_a_disputed_card_loses_its_money_and_a_fee(sandbox, api):
    before = funds(sandbox)

    dispute = dispute_of(sandbox, api)

    [taken] = dispute.balance_transactions
    assert (dispute.status, dispute.reason) == ("needs_response", "fraudulent")
    assert dispute.evidence_details.due_by == dispute.created + 9 * 86400
    assert (taken.amount, taken.fee, taken.net) == (-1999, 1500, -3499)
    assert change(before, funds(sandbox)) == (-1500, 0)
    assert api.charges.retrieve(dispute.charge).disputed is True
    assert types(sandbox, dispute.id) == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
    ]


def test_what_the_bank_has_taken_back_cannot_be_refunded(sandbox, api):
    dispute = dispute_of(sandbox, api)

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        api.refunds.create({"payment_intent": dispute.payment_intent})

    assert refusal.value.code == "charge_disputed"


@pytest.mark.parametrize(
    ("words", "status", "back"),
    [("winning_evidence", "won", 1999), ("losing_evidence", "lost", 0)],
)
def test_evidence_decides_a_dispute(sandbox, api, words, status, back):
    dispute, before = dispute_of(sandbox, api), funds(sandbox)
    draft = {"evidence": {"product_description": "Cups"}, "submit": False}
    api.disputes.update(dispute.id, draft)

    ended = api.disputes.update(dispute.id, {"evidence": {"uncategorized_text": words}})

    reinstated = ["charge.dispute.funds_reinstated"] * (status == "won")
    assert (ended.status, ended.is_charge_refundable) == (status, status == "won")
    assert ended.evidence.product_description == "Cups"
    assert change(before, funds(sandbox)) == (back, 0)
    assert types(sandbox, dispute.id)[2:] == [
        *["charge.dispute.updated"] * 2,
        "charge.dispute.closed",
        *reinstated,
    ]
    with pytest.raises(stripe.InvalidRequestError):
        api.disputes.close(dispute.id)


def test_a_dispute_that_nobody_answers_is_lost_at_its_date(sandbox, api):
    dispute = dispute_of(sandbox, api)

    sandbox.advance(days=8)
    open_still = api.disputes.retrieve(dispute.id).status
    sandbox.advance(days=1)

    lost = api.disputes.retrieve(dispute.id)
    assert (open_still, lost.status) == ("needs_response", "lost")
    assert lost.evidence_details.past_due is True


def test_the_bank_takes_two_months_over_other_evidence(sandbox, api):
    sandbox.control(disputes={"outcome": "won"})
    dispute = dispute_of(sandbox, api)
    api.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "He has it."}})

    sandbox.advance(days=59)
    waiting = api.disputes.retrieve(dispute.id).status
    sandbox.advance(days=1)

    assert waiting == "under_review"
    assert api.disputes.retrieve(dispute.id).status == "won"


def test_an_inquiry_takes_nothing_and_ends_with_a_refund(sandbox, api):
    before = funds(sandbox)
    dispute = dispute_of(sandbox, api, "pm_card_createDisputeInquiry")
    asked = change(before, funds(sandbox))

    api.refunds.create({"payment_intent": dispute.payment_intent})

    assert dispute.status == "warning_needs_response"
    assert asked == (1999, 0)
    assert api.disputes.retrieve(dispute.id).status == "warning_closed"


def test_any_charge_can_be_disputed_and_the_dispute_ended_by_control(sandbox, api):
    charge = pay(sandbox).latest_charge

    opened = sandbox.act(
        "dispute", charge=charge, amount=500, reason="product_not_received"
    )
    sandbox.act("end_dispute", dispute=opened["id"], outcome="won")

    dispute = api.disputes.retrieve(opened["id"])
    assert (dispute.amount, dispute.reason) == (500, "product_not_received")
    assert dispute.status == "won"


@pytest.mark.parametrize(
    ("account", "status", "last"),
    [
        ("pm_success_de", "succeeded", "payment_intent.succeeded"),
        ("pm_failed_de", "requires_payment_method", "payment_intent.payment_failed"),
    ],
)
def test_a_bank_debit_is_known_later(sandbox, api, account, status, last):
    before = settled_funds(sandbox)
    intent = pay(sandbox, account)
    charge = api.charges.retrieve(intent.latest_charge)
    with pytest.raises(stripe.InvalidRequestError):
        api.payment_intents.cancel(intent.id)

    sandbox.advance(seconds=6)

    after = api.payment_intents.retrieve(intent.id)
    assert (intent.status, charge.status) == ("processing", "pending")
    assert after.status == status
    assert types(sandbox, intent.id)[1:] == ["payment_intent.processing", last]
    is_paid = status == "succeeded"
    assert change(before, funds(sandbox)) == (1999 if is_paid else 0, 0)
    assert bool(after.last_payment_error) is not is_paid


def test_a_refund_can_come_back_from_the_buyers_bank(sandbox, api):
    sandbox.advance(days=30)
    intent = pay(sandbox, "pm_card_refundFail")
    refund = api.refunds.create({"payment_intent": intent.id})
    before = funds(sandbox)

    sandbox.advance(days=1)

    failed = api.refunds.retrieve(refund.id)
    assert (refund.status, failed.status) == ("succeeded", "failed")
    assert types(sandbox, refund.id)[-2:] == ["refund.failed", "charge.refund.updated"]
    assert change(before, funds(sandbox)) == (1999, 0)
    assert api.charges.retrieve(intent.latest_charge).amount_refunded == 0


def test_a_slow_refund_succeeds_later(sandbox, api):
    intent = pay(sandbox, "pm_card_pendingRefund")
    refund = api.refunds.create({"payment_intent": intent.id})

    sandbox.advance(days=1)

    assert refund.status == "pending"
    assert api.refunds.retrieve(refund.id).status == "succeeded"
