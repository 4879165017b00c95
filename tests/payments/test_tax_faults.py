"""Stripe Tax is told once although Stripe fails, and again where a bank turns.

What it was told, its answer lost, the desk enters by its number.
"""

import pytest
from django.urls import reverse

from checkout import disbursing, gateway, periodic, returns, tax_gateway, tax_records
from checkout.models import Refund, TaxRecord, TaxReversal
from checkout.refund_amounts import Claim
from checkout.stripe_objects import DisputeMove
from tests.factories import make_staff
from tests.payments.disputed import record, send_refunds
from tests.payments.test_tax_records import (
    at_stripe,
    make_paid,
    refund,
    refuse_all,
    sold,
    tax_in,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _on(settings):
    settings.STRIPE_TAX = True


@pytest.fixture
def paid(sandbox):
    return make_paid(sandbox)


def lose_and_win(paid):
    """The bank took all of it, Stripe Tax was told, and the bank gave it back."""
    total = paid.total_minor
    taken, given = DisputeMove("taken", -total, 0), DisputeMove("given", total, 0)
    record(paid, "lost", [taken], amount=total)
    send_refunds()
    lost = Refund.objects.get()
    tax_records.reverse(lost.pk)
    assert tax_records.untold_restorations() == []
    record(paid, "won", [taken, given], amount=total)
    return TaxReversal.objects.get(refund=lost)


def test_a_loss_that_a_bank_took_back_is_owed_again(sandbox, paid):
    order = paid.orders.get()
    sold(order)
    row = lose_and_win(paid)

    for pk in tax_records.untold_restorations() * 2:
        tax_records.restore(pk)

    row.refresh_from_db()
    reversal = at_stripe(sandbox, row.stripe_transaction_id)
    again = at_stripe(sandbox, row.undone_transaction_id)
    assert tax_in(again) == -tax_in(reversal) == order.tax_minor
    assert again["reversal"]["original_transaction"] == reversal["id"]
    assert (row.problem, tax_records.untold_restorations()) == ("", [])


def test_what_is_refunded_after_a_loss_that_was_none_is_taken_back_in_its_turn(
    sandbox, paid
):
    """The goods were not sent because of the loss, so the buyer is paid back at once.

    Nothing of the sale is left at Stripe until the loss has been undone there.
    """
    order = paid.orders.get()
    sold(order)
    lost = lose_and_win(paid)
    again = order.refunds.exclude(pk=lost.refund_id).get()
    send_refunds()

    tax_records.reverse(again.pk)

    row = TaxReversal.objects.get(refund=again)
    assert row.problem == ""
    assert tax_in(at_stripe(sandbox, row.stripe_transaction_id)) == -again.tax_minor
    lost.refresh_from_db()
    assert lost.undone_transaction_id


def test_the_clock_tells_of_a_loss_that_was_none(paid, eager_tasks):
    sold(paid.orders.get())
    row = lose_and_win(paid)

    periodic.tell_taxes()

    row.refresh_from_db()
    assert row.undone_transaction_id


def test_what_stripe_does_not_restore_is_left_to_people_and_told_again(
    paid, monkeypatch
):
    sold(paid.orders.get())
    row = lose_and_win(paid)
    with monkeypatch.context() as patch:
        patch.setattr(tax_gateway, "undo_reversal", refuse_all)
        tax_records.restore(row.pk)
    row.refresh_from_db()
    assert row.problem == "The calculation has expired."
    assert tax_records.untold_restorations() == []

    assert tax_records.tell_again(row) is True
    tax_records.restore(row.pk)

    row.refresh_from_db()
    assert (row.problem, bool(row.undone_transaction_id)) == ("", True)
    assert tax_records.tell_again(row) is False


TOLD = {
    "sale": "/tax/transactions/create_from_calculation",
    "refund": "/tax/transactions/create_reversal",
}


@pytest.mark.parametrize("what", TOLD)
def test_stripe_is_told_under_another_key_after_it_failed(sandbox, paid, what):
    """It keeps its answer 500 under the first one for a day."""
    tell = untold(paid, what)
    sandbox.faults([{"path": TOLD[what], "kind": "error"}])

    with pytest.raises(gateway.Unclear):
        tell()
    row = tell()

    assert (bool(row.stripe_transaction_id), row.problem) == (True, "")


@pytest.mark.parametrize("what", TOLD)
def test_what_stripe_did_before_it_failed_is_not_done_twice(sandbox, paid, what):
    """Its number is not known then: people have to see to it."""
    tell = untold(paid, what)
    sandbox.faults([{"path": TOLD[what], "kind": "error_after"}])

    with pytest.raises(gateway.Unclear):
        tell()
    row = tell()

    assert "already exists" in row.problem


@pytest.mark.parametrize("what", TOLD)
def test_an_answer_that_was_lost_is_given_again(monkeypatch, sandbox, paid, what):
    tell = untold(paid, what)
    # Stripe's library asks again by itself where the line broke before the headers.
    monkeypatch.setattr(gateway, "NETWORK_RETRIES", 0)
    sandbox.faults([{"path": TOLD[what], "kind": "cut"}])

    with pytest.raises(gateway.GatewayError):
        tell()
    row = tell()

    assert (bool(row.stripe_transaction_id), row.problem) == (True, "")


def untold(paid, what):
    """Tells it, and gives the row of it."""
    order = paid.orders.get()
    if what == "sale":
        return lambda: sold(order)
    sold(order)
    made = returns.refund_claim(
        order, Claim(goodwill_minor=100), reason="Late", by=None
    )
    disbursing.send_refund(Refund.objects.get(pk=made.pk))

    def tell():
        tax_records.reverse(made.pk)
        return TaxReversal.objects.get()

    return tell


def told(sandbox, record):
    """The number under which Stripe has it, and nobody here."""
    made = sandbox.stripe.v1.tax.transactions.create_from_calculation(
        {"calculation": record.stripe_calculation_id, "reference": record.reference}
    )
    return made.id


@pytest.fixture
def stuck(sandbox, paid):
    """A sale that Stripe does not take, since it has it; and its number there."""
    order = paid.orders.get()
    number = told(sandbox, TaxRecord.objects.get(order=order))
    record = sold(order)
    assert "already exists" in record.problem
    return record, number


def at_desk(client, row, number):
    client.force_login(make_staff(is_superuser=True))
    name = f"admin:checkout_{row._meta.model_name}_decide"
    return client.post(
        reverse(name, args=[row.pk, "enter"]), {"details": number}, follow=True
    )


def test_the_desk_enters_the_number_and_refunds_go_on_from_it(client, stuck):
    record, number = stuck

    page = at_desk(client, record, f" {number} ")

    assert "Done: Stripe has it already." in page.content.decode()
    record.refresh_from_db()
    assert (record.stripe_transaction_id, record.problem) == (number, "")
    reversal = refund(record.order, goodwill_minor=100)
    assert (bool(reversal.stripe_transaction_id), reversal.problem) == (True, "")
    assert not tax_records.enter(record, number)


def test_each_line_is_known_by_its_number_from_then_on(sandbox, paid, stuck):
    record, number = stuck

    tax_records.enter(record, number)

    record.refresh_from_db()
    items = sandbox.stripe.v1.tax.transactions.line_items.list(number)
    assert sorted(record.lines.values()) == sorted(item.id for item in items)


def test_the_number_of_another_order_is_refused_and_kept_in_the_form(
    client, sandbox, stuck
):
    record, _number = stuck
    other = TaxRecord.objects.get(order=make_paid(sandbox).orders.get())
    number = told(sandbox, other)

    page = at_desk(client, record, number).content.decode()

    assert (
        f"That is of “{other.reference}”; looked for is “{record.reference}”." in page
    )
    assert f'value="{number}"' in page
    record.refresh_from_db()
    assert (record.stripe_transaction_id, bool(record.problem)) == ("", True)


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("tax_nobody", "No such"),
        ("../refunds", "begins with"),
        ("tax_1?a=b", "begins with"),
    ],
)
def test_what_is_no_number_of_stripes_is_refused_and_why(client, stuck, number, why):
    record, _number = stuck

    page = at_desk(client, record, number).content.decode()

    assert why in page
    record.refresh_from_db()
    assert (record.stripe_transaction_id, bool(record.problem)) == ("", True)


def test_the_number_of_a_refund_is_entered_too(client, sandbox, paid):
    order = paid.orders.get()
    record = sold(order)
    claim = Claim(goodwill_minor=100)
    made = returns.refund_claim(order, claim, reason="Late", by=None)
    disbursing.send_refund(Refund.objects.get(pk=made.pk))
    number = sandbox.stripe.v1.tax.transactions.create_reversal(
        {
            "mode": "partial",
            "original_transaction": record.stripe_transaction_id,
            "reference": made.reference,
            "flat_amount": -100,
        }
    ).id
    tax_records.reverse(made.pk)
    row = TaxReversal.objects.get()
    assert "already exists" in row.problem

    at_desk(client, row, number)

    row = TaxReversal.objects.get()
    assert (row.stripe_transaction_id, row.problem) == (number, "")
