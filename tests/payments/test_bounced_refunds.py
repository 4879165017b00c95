"""Refunds that the buyer's bank sends back: still owed, and paid once more."""

from datetime import timedelta
from functools import partial

import pytest
from auditlog.models import LogEntry
from django.urls import reverse
from django.utils import timezone

from checkout import (
    balance_reconciling,
    bounced_refunds,
    disbursing,
    disputes,
    gateway,
    ledger,
    ordering,
    payments,
    payouts,
    reconciling,
    returns,
)
from checkout.models import Invoice, Order, OrderGroup, Payment, Refund
from checkout.stripe_objects import DisputeMove
from marketplace.accounts.models import OutgoingMail, User
from sellers import stock
from tests.factories import make_order, make_staff, make_variant
from tests.payments.checkouts import (
    assert_books_hold,
    make_bought_order,
    make_group,
    start,
)
from tests.races import at_once, together_before, without_locks

pytestmark = pytest.mark.django_db
Role = User.Role


@pytest.fixture
def order(sandbox):
    return make_bought_order(sandbox)


def run(refund):
    """What the task does."""
    disbursing.send_refund(Refund.objects.get(pk=refund.pk))
    refund.refresh_from_db()


def send_back(sandbox, refund):
    """The buyer's bank."""
    sandbox.act("fail_refund", refund=refund.stripe_refund_id)
    bounced_refunds.refresh_refund(refund.stripe_refund_id)
    refund.refresh_from_db()


@pytest.fixture
def bounced(sandbox, order):
    """One unit at 9.99, its commission 1.00."""
    line = order.lines.first()
    refund = returns.refund_lines(order, {line.pk: 1}, reason="broken", by=None)
    run(refund)
    send_back(sandbox, refund)
    return refund


def sums():
    return {
        account.kind: amount for account, amount in ledger.balances().items() if amount
    }


def at_stripe(sandbox, order):
    intent = order.group.payment.payment_intent_id
    page = sandbox.stripe.v1.refunds.list({"payment_intent": intent})
    return sorted((refund.amount, refund.status) for refund in page)


def decide(client, refund, name, **form):
    page = reverse("admin:checkout_refund_decide", args=[refund.pk, name])
    return client.post(page, form)


def test_what_comes_back_is_owed_to_the_buyer_and_no_shop_has_it(bounced, order):
    assert (bounced.status, bounced.is_owed) == (Refund.Status.FAILED, True)
    assert sums() == {
        "stripe": 3987,
        "refunds": -999,
        "seller": -2739,
        "commission": -249,
    }
    share = payouts.with_share(Order.objects.filter(pk=order.pk)).get().share
    assert share == 2739
    assert_books_hold()


def test_what_could_not_be_kept_of_a_failure_is_asked_for_again(
    sandbox, order, monkeypatch
):
    line = order.lines.first()
    refund = returns.refund_lines(order, {line.pk: 1}, reason="broken", by=None)
    run(refund)
    Refund.objects.update(stripe_status="pending")
    sandbox.act("fail_refund", refund=refund.stripe_refund_id)

    with monkeypatch.context() as broken:
        broken.setattr(bounced_refunds, "tell_buyer", None)
        with pytest.raises(TypeError):
            bounced_refunds.refresh_refund(refund.stripe_refund_id)
    Refund.objects.update(succeeded_at=timezone.now() - timedelta(hours=1))
    reconciling.ask_about_refunds()

    refund.refresh_from_db()
    assert refund.is_owed


def test_the_buyer_and_the_desk_are_told_and_the_page_says_so(
    sandbox, client, order, deliver
):
    operator = make_staff(Role.OPERATOR)
    line = order.lines.first()
    refund = returns.refund_lines(order, {line.pk: 1}, reason="broken", by=None)
    run(refund)
    sandbox.act("fail_refund", refund=refund.stripe_refund_id)

    # By its older name, and twice.
    [event] = sandbox.events(refund.stripe_refund_id, "charge.refund.updated")
    for _ in range(2):
        assert deliver(event).status_code == 200

    mails = OutgoingMail.objects.filter(recipient=order.group.email)
    assert mails.filter(subject="€9.99 did not reach you").count() == 1
    assert "did not reach the buyer" in operator.notifications.get().subject
    page = client.get(order.group.get_absolute_url()).content.decode()
    assert "Your bank sent €9.99 back to us: we still owe it to you" in page
    assert "€9.99 paid back" not in page


def test_the_desk_sends_it_again_once(sandbox, client, order, bounced):
    client.force_login(make_staff(Role.MODERATOR))

    for _ in range(2):
        decide(client, bounced, "send-again")
    again = Refund.objects.get(instead_of=bounced)
    run(again)
    run(again)

    assert Refund.objects.count() == 2
    assert at_stripe(sandbox, order) == [(999, "failed"), (999, "succeeded")]
    assert sums() == {"stripe": 2988, "seller": -2739, "commission": -249}
    order.refresh_from_db()
    assert (order.refunded_minor, order.lines.first().refunded_quantity) == (999, 1)
    assert Invoice.objects.filter(kind="credit_note").count() == 1
    assert "once more back" in OutgoingMail.objects.latest("pk").text
    assert Refund.objects.to_settle().exists() is False
    assert_books_hold()


def test_a_note_beside_a_step_is_for_the_record(client, bounced):
    """Nobody is told it, and the page does not say otherwise."""
    client.force_login(make_staff(Role.MODERATOR))
    page = reverse("admin:checkout_refund_decide", args=[bounced.pk, "send-again"])
    asked = client.get(page).content.decode()
    assert "nobody gets it by email" in asked
    assert "The person concerned reads this" not in asked

    decide(client, bounced, "send-again", details="The bank has a new account.")

    [entry] = LogEntry.objects.get_for_object(bounced)
    said = "sent again: The bank has a new account."
    assert entry.changes["decision"][1] == said


def test_what_comes_back_again_is_sent_a_third_time(sandbox, order, bounced):
    staff = make_staff(Role.OPERATOR)
    bounced_refunds.send_again(bounced, staff)
    second = Refund.objects.get(instead_of=bounced)
    run(second)
    send_back(sandbox, second)
    assert sums()["refunds"] == -999
    assert_books_hold()

    assert bounced_refunds.send_again(bounced, staff) is False
    assert bounced_refunds.send_again(second, staff) is True
    run(Refund.objects.get(instead_of=second))

    assert at_stripe(sandbox, order)[-1] == (999, "succeeded")
    assert "refunds" not in sums()
    assert_books_hold()


def test_what_was_paid_by_other_means_leaves_our_bank_and_the_buyer_reads_how(
    client, order, bounced
):
    client.force_login(make_staff(Role.OPERATOR))

    assert decide(client, bounced, "pay-otherwise", details="").status_code == 200
    assert Refund.objects.count() == 1
    for _ in range(2):
        decide(client, bounced, "pay-otherwise", details="SEPA transfer of 3 May")

    paid = Refund.objects.get(instead_of=bounced)
    assert (paid.status, paid.stripe_refund_id) == (Refund.Status.SUCCEEDED, "")
    assert sums() == {
        "stripe": 3987,
        "bank": -999,
        "seller": -2739,
        "commission": -249,
    }
    assert "SEPA transfer of 3 May" in OutgoingMail.objects.latest("pk").text
    page = client.get(order.group.get_absolute_url()).content.decode()
    assert "€9.99 paid back: SEPA transfer of 3 May" in page
    assert Invoice.objects.filter(kind="credit_note").count() == 1
    assert_books_hold()


def test_what_stripe_refuses_can_be_paid_by_other_means_too(order):
    line = order.lines.first()
    refund = returns.refund_lines(order, {line.pk: 1}, reason="old", by=None)
    refusal = gateway.Refused("too old", code="charge_too_old")
    disbursing.record_refusal(refund, refusal)
    staff = make_staff(Role.OPERATOR)

    assert bounced_refunds.pay_otherwise(refund, staff, "By cheque") is True
    assert bounced_refunds.send_again(refund, staff) is False

    refund.refresh_from_db()
    assert (refund.status, refund.paid_otherwise) == ("succeeded", "By cheque")
    assert sums() == {
        "stripe": 3987,
        "bank": -999,
        "seller": -2739,
        "commission": -249,
    }
    assert Invoice.objects.get(refund=refund).total_minor == 999
    assert_books_hold()


def test_a_moderator_does_not_say_that_money_left_our_bank(client, bounced):
    client.force_login(make_staff(Role.MODERATOR))
    page = reverse("admin:checkout_refund_change", args=[bounced.pk])

    shown = client.get(page).content.decode()
    answer = decide(client, bounced, "pay-otherwise", details="Trust me")

    assert "send-again" in shown
    assert "pay-otherwise" not in shown
    assert answer.status_code == 403
    assert Refund.objects.count() == 1


def test_the_desk_counts_what_waits_and_not_what_was_seen_to(client, bounced):
    client.force_login(make_staff(Role.OPERATOR))
    todo = reverse("admin:checkout_refund_changelist") + "?todo=settle"
    assert client.get(todo).context["cl"].result_count == 1

    bounced_refunds.send_again(bounced, None)

    assert client.get(todo).context["cl"].result_count == 0


def test_what_came_back_is_the_banks_once_it_takes_the_payment(sandbox, order, bounced):
    taken = DisputeMove("txn_all", -3987, 0)
    lost = gateway.Dispute(
        id="du_back",
        payment_intent_id=order.group.payment.payment_intent_id,
        status="lost",
        reason="fraudulent",
        amount=3987,
        currency="EUR",
        evidence_due_at=None,
        moves=[taken],
    )

    disputes.record(lost, timezone.now())
    for refund in Refund.objects.exclude(dispute=None):
        run(refund)

    assert sums() == {}
    assert Refund.objects.get(instead_of=bounced).dispute is not None
    assert_books_hold()


def test_a_payment_that_came_too_late_and_whose_refund_comes_back_is_owed(sandbox):
    variant = make_variant()
    late = make_group(variants=[variant])
    payment = start(late)
    ordering.cancel_unpaid(late, "late")
    stock.count(variant, 0)
    sandbox.pay(payment.payment_intent_id)
    payments.settle(late)
    refund = payment.refunds.get()
    run(refund)
    send_back(sandbox, refund)
    assert sums() == {"stripe": late.total_minor, "refunds": -late.total_minor}
    assert_books_hold()

    bounced_refunds.send_again(refund, None)
    run(Refund.objects.get(instead_of=refund))

    assert sums() == {}
    assert Payment.objects.get().status == Payment.Status.REFUNDED
    assert_books_hold()


def test_a_refund_that_everybody_took_for_done_is_noticed_by_stripes_list(
    sandbox, order
):
    line = order.lines.first()
    refund = returns.refund_lines(order, {line.pk: 1}, reason="broken", by=None)
    run(refund)
    assert refund.stripe_status == "succeeded"
    sandbox.act("fail_refund", refund=refund.stripe_refund_id)
    reconciling.reconcile()
    refund.refresh_from_db()
    assert refund.came_back_at is None

    balance_reconciling.reconcile(timezone.now() - timedelta(days=1))

    refund.refresh_from_db()
    assert refund.is_owed
    assert_books_hold()


@pytest.fixture
def owed():
    """Without Stripe: threads have connections of their own."""
    order = make_order(status=Order.Status.SHIPPED)
    group = OrderGroup.objects.get(pk=order.group_id)
    payment = Payment.objects.create(
        group=group,
        payment_intent_id="pi_race",
        client_secret="secret",
        status=Payment.Status.SUCCEEDED,
        amount_minor=group.total_minor,
        currency="EUR",
    )
    return Refund.objects.create(
        payment=payment,
        order=order,
        stripe_refund_id="re_race",
        status=Refund.Status.FAILED,
        came_back_at=timezone.now(),
        amount_minor=100,
        currency="EUR",
    )


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_at_the_desk_at_once_pay_it_once(owed):
    send = partial(bounced_refunds.send_again, owed, None)
    pay = partial(bounced_refunds.pay_otherwise, owed, None, "In cash")

    results = at_once(send, pay, send, pay)

    assert sorted(results) == [False, False, False, True]
    assert Refund.objects.count() == 2


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_both_believe_that_they_have(owed, monkeypatch):
    """The negative control: then only the unique column is left, which breaks one."""
    without_locks(monkeypatch, Refund)
    together_before(monkeypatch, bounced_refunds, "succeed", 2)
    send = partial(bounced_refunds.send_again, owed, None)

    results = at_once(send, send)

    assert sum(isinstance(result, Exception) for result in results) == 1
