"""Tax that Stripe was told of, its answer lost: the desk enters the number of it."""

import pytest
from django.urls import reverse

from checkout import disbursing, returns, tax_records
from checkout.models import Refund, TaxRecord, TaxReversal
from checkout.refund_amounts import Claim
from tests.factories import make_staff
from tests.payments.test_tax_records import make_paid, refund, sold

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _on(settings):
    settings.STRIPE_TAX = True


@pytest.fixture
def paid(sandbox):
    return make_paid(sandbox)


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
