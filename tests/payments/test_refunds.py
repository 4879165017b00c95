from functools import partial

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from checkout import disbursing, disputes, gateway, ledger, returns
from checkout.models import JournalEntry, Order, OrderConflict, Payment, Refund
from checkout.returns import RefundRefused, cancel_order, refund_lines
from marketplace.accounts.models import OutgoingMail, User
from sellers.models import StockLevel
from tests.factories import make_order, make_staff, make_user, make_variant
from tests.payments.checkouts import (
    assert_books_hold,
    make_bought_order,
    make_paid_group,
)
from tests.races import at_once, together_after, without_locks

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(sandbox):
    return make_bought_order(sandbox)


def run(refund):
    """What the task does."""
    disbursing.send_refund(Refund.objects.get(pk=refund.pk))


def refund_all(order, **fields):
    wanted = {line.pk: line.quantity for line in order.lines.all()}
    return refund_lines(order, wanted, **{"reason": "broken", "by": None, **fields})


def refund_units(order, line, quantity):
    return refund_lines(order, {line.pk: quantity}, reason="broken", by=None)


def at_stripe(sandbox, order):
    payment = Payment.objects.get(group=order.group)
    page = sandbox.stripe.v1.refunds.list({"payment_intent": payment.payment_intent_id})
    return sorted(refund.amount for refund in page)


def ledger_sums():
    return {
        str(account).split()[0]: sum_ for account, sum_ in ledger.balances().items()
    }


def test_one_unit_goes_back_with_its_share_of_the_commission(sandbox, order):
    user = make_user()
    line = order.lines.first()

    refund = refund_lines(order, {line.pk: 1}, reason="broken", by=user)
    run(refund)

    refund.refresh_from_db()
    order.refresh_from_db()
    assert (refund.amount_minor, refund.commission_minor) == (999, 100)
    assert (refund.status, refund.created_by) == (Refund.Status.SUCCEEDED, user)
    assert order.refunded_minor == 999
    assert order.lines.first().refunded_quantity == 1
    assert at_stripe(sandbox, order) == [999]


def test_the_last_unit_takes_the_delivery_along(sandbox, order):
    first, second = order.lines.all()
    refund_units(order, first, 3)

    refund = refund_units(order, second, 1)

    order.refresh_from_db()
    assert (refund.amount_minor, refund.shipping_minor) == (990, 490)
    assert order.refunded_minor == order.total_minor


def test_units_refunded_one_by_one_add_up_to_the_line(order):
    line = order.lines.first()

    refunds = [refund_units(order, line, 1) for _ in range(3)]

    assert sum(refund.amount_minor for refund in refunds) == line.total_minor
    assert sum(r.commission_minor for r in refunds) == line.commission_minor == 299


@pytest.mark.parametrize("quantity", [4, -1])
def test_more_units_than_are_left_are_refused(order, quantity):
    line = order.lines.first()

    with pytest.raises(RefundRefused):
        refund_units(order, line, quantity)

    order.refresh_from_db()
    assert order.refunded_minor == 0
    assert Refund.objects.exists() is False


def test_nothing_chosen_is_refused(order):
    with pytest.raises(RefundRefused):
        refund_units(order, order.lines.first(), 0)


def test_a_line_of_another_order_is_refused(sandbox, order):
    other = make_bought_order(sandbox)

    with pytest.raises(RefundRefused):
        refund_units(order, other.lines.first(), 1)

    assert Refund.objects.exists() is False


def test_an_unpaid_order_is_not_refunded():
    order = make_order()

    with pytest.raises(RefundRefused):
        refund_units(order, order.lines.get(), 1)


def test_a_task_that_runs_twice_pays_back_once(sandbox, order):
    refund = refund_units(order, order.lines.first(), 1)
    before = OutgoingMail.objects.count()

    run(refund)
    run(refund)
    # As if the worker had died before it wrote the answer down.
    disbursing.send_refund(refund)

    assert at_stripe(sandbox, order) == [999]
    assert JournalEntry.objects.filter(reference=refund.reference).count() == 1
    assert OutgoingMail.objects.count() == before + 1


@pytest.mark.parametrize("fault", ["error", "error_after", "cut", "rate_limit"])
def test_whatever_stripe_does_the_money_goes_back_once(sandbox, order, fault):
    refund = refund_units(order, order.lines.first(), 2)
    sandbox.faults(requests=[{"kind": fault, "path": "/v1/refunds", "times": 3}])

    for _ in range(6):
        try:
            run(refund)
        except disbursing.gateway.GatewayError:
            continue

    refund.refresh_from_db()
    assert refund.status == Refund.Status.SUCCEEDED
    assert at_stripe(sandbox, order) == [1998]
    assert ledger.unbalanced_entries() == ledger.unposted_events() == []


def test_a_refund_that_stripe_refuses_is_shown_to_people(sandbox, order):
    operator = make_user(is_superuser=True, is_staff=True)
    payment = Payment.objects.get(group=order.group)
    sandbox.stripe.v1.refunds.create({"payment_intent": payment.payment_intent_id})
    refund = refund_units(order, order.lines.first(), 1)

    run(refund)

    refund.refresh_from_db()
    assert refund.status == Refund.Status.FAILED
    assert "refused" in operator.notifications.get().subject
    assert not JournalEntry.objects.filter(reference=refund.reference).exists()


def test_what_stripe_refused_is_sent_again_from_the_desk(sandbox, order, client):
    refund = refund_units(order, order.lines.first(), 1)
    refusal = gateway.Refused("no money there", code="insufficient_funds")
    disbursing.record_refusal(refund, refusal)
    page = reverse("admin:checkout_refund_decide", args=[refund.pk, "send-again"])
    client.force_login(make_staff(User.Role.OPERATOR))

    client.post(page, {"reason": ""})
    refund.refresh_from_db()
    assert (refund.status, refund.attempts) == (Refund.Status.PENDING, 1)
    run(refund)
    client.post(page, {"reason": ""})

    refund.refresh_from_db()
    assert refund.status == Refund.Status.SUCCEEDED
    assert at_stripe(sandbox, order) == [999]
    assert ledger.unbalanced_entries() == ledger.unposted_events() == []


def test_a_refund_that_comes_back_is_booked_once(sandbox, order, deliver):
    refund = refund_units(order, order.lines.first(), 1)
    run(refund)
    before = ledger_sums()
    refund.refresh_from_db()
    sandbox.act("fail_refund", refund=refund.stripe_refund_id)
    [event] = sandbox.events(refund.stripe_refund_id, "refund.failed")

    assert [deliver(event).status_code for _ in range(2)] == [200, 200]

    refund.refresh_from_db()
    assert refund.status == Refund.Status.FAILED
    back = {"stripe": before["stripe"] + 999, "refunds": -999}
    assert ledger_sums() == before | back
    assert ledger.unposted_events() == []


def test_the_books_after_a_payment_and_a_refund(order):
    assert ledger_sums() == {
        "stripe": 3987,
        "buyer": 0,
        "seller": -3638,
        "commission": -349,
    }

    run(refund_units(order, order.lines.first(), 1))
    assert ledger_sums() == {
        "stripe": 2988,
        "buyer": 0,
        "seller": -2739,
        "commission": -249,
    }

    run(refund_lines(order, left_of(order), reason="broken", by=None))
    assert ledger_sums() == {"stripe": 0, "buyer": 0, "seller": 0, "commission": 0}


def left_of(order):
    lines = order.lines.all()
    return {line.pk: line.quantity - line.refunded_quantity for line in lines}


def test_a_canceled_order_gives_money_and_goods_back(order):
    levels = StockLevel.objects.order_by("pk")
    assert list(levels.values_list("on_hand", flat=True)) == [7, 9]

    refund = cancel_order(order, reason="changed my mind", by=None)
    run(refund)

    order.refresh_from_db()
    assert (order.status, order.cancel_reason) == ("canceled", "changed my mind")
    assert order.refunded_minor == order.total_minor == 3987
    assert list(levels.values_list("on_hand", flat=True)) == [10, 10]


def test_an_order_is_canceled_once(order):
    cancel_order(order, reason="", by=None)

    with pytest.raises(OrderConflict):
        cancel_order(order, reason="", by=None)

    assert Refund.objects.count() == 1


@pytest.mark.parametrize(
    "status", ["pending", "partly_shipped", "shipped", "delivered"]
)
def test_what_was_sent_or_not_paid_cannot_be_canceled(order, status):
    Order.objects.filter(pk=order.pk).update(status=status)

    with pytest.raises(OrderConflict):
        cancel_order(order, reason="", by=None)

    assert Refund.objects.exists() is False
    assert Order.objects.get(pk=order.pk).status == status


@pytest.mark.fault("F9", "no series of refunds exceeds the payment")
@hypothesis_settings(max_examples=15)
@given(steps=st.lists(st.tuples(st.integers(0, 1), st.integers(1, 3)), max_size=6))
def test_no_series_of_refunds_exceeds_the_payment(sandbox, steps):
    order = make_bought_order(sandbox)
    lines = list(order.lines.all())

    for index, quantity in steps:
        try:
            run(refund_units(order, lines[index], quantity))
        except RefundRefused:
            continue

    order.refresh_from_db()
    assert order.refunded_minor == sum(at_stripe(sandbox, order)) <= order.total_minor
    assert ledger.unbalanced_entries() == ledger.unposted_events() == []


@pytest.mark.fault("F9", "the same units refunded at once: once")
@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_many_who_refund_the_same_units_at_once_refund_them_once(sandbox):
    order = make_bought_order(sandbox)

    results = at_once(*[partial(refund_all, order)] * 6)

    refused = [result for result in results if isinstance(result, RefundRefused)]
    order.refresh_from_db()
    assert len(refused) == 5
    assert order.refunded_minor == order.total_minor
    at_once(*[partial(run, Refund.objects.get())] * 6)
    assert at_stripe(sandbox, order) == [3987]
    assert ledger.unbalanced_entries() == ledger.unposted_events() == []


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_units_are_refunded_more_than_once(sandbox, monkeypatch):
    """The negative control: else the test above would prove nothing."""
    order = make_bought_order(sandbox)
    without_locks(monkeypatch, Order)
    together_after(monkeypatch, returns, "due_for", 2)

    results = at_once(*[partial(refund_all, order)] * 2)

    assert [type(result) for result in results] == [Refund, Refund]


def test_a_refund_that_the_bank_held_up_is_made_once_it_decides_for_the_shop(sandbox):
    """Stripe keeps its refusal under the key for a day."""
    group = make_paid_group(sandbox, variants=[make_variant(price_minor=2500)])
    order = group.orders.get()
    charge = Payment.objects.get(group=group).charge_id
    dispute = sandbox.act("dispute", charge=charge)["id"]
    refund = refund_lines(order, {order.lines.get().pk: 1}, reason="", by=None)
    disbursing.send_refund(refund)
    refund.refresh_from_db()
    assert refund.status == Refund.Status.PENDING
    sandbox.act("end_dispute", dispute=dispute, outcome="won")
    disputes.refresh(dispute)

    for _ in range(2):
        disbursing.send_refund(Refund.objects.get(pk=refund.pk))

    refund.refresh_from_db()
    assert refund.status == Refund.Status.SUCCEEDED
    made = sandbox.stripe.v1.refunds.list({"charge": charge})
    assert [one.id for one in made] == [refund.stripe_refund_id]
    assert_books_hold()
