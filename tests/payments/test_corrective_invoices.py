"""The credit notes of a loss that a bank took back: cancelled by another document."""

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from checkout import bounced_refunds, invoice_paper, invoicing, returns, tasks
from checkout.models import Invoice, OrderGroup, Refund
from checkout.refund_amounts import Claim
from checkout.stripe_objects import DisputeMove
from marketplace.accounts.models import User
from tests.factories import make_staff
from tests.payments.disputed import (
    GIVEN,
    TAKEN,
    make_two_shop_group,
    record,
    send_refunds,
)

pytestmark = pytest.mark.django_db
Kind = Invoice.Kind
SIGNS = {Kind.INVOICE: 1, Kind.CREDIT_NOTE: -1, Kind.CORRECTION: 1}


@pytest.fixture
def group(sandbox):
    return make_two_shop_group(sandbox)


def lose(group, *moves):
    record(group, "lost", moves or [TAKEN])
    send_refunds()


def win(group, *moves):
    record(group, "won", moves or [TAKEN, GIVEN])
    send_refunds()
    for refund in Refund.objects.filter(status=Refund.Status.UNDONE):
        tasks.issue_correction(refund.pk)


def labels(order):
    return [invoice.label.split("-")[0] for invoice in order.invoices.all()]


def test_each_shop_invoices_once_more_what_its_credit_note_took_back(group):
    lose(group)
    OrderGroup.objects.update(name="Somebody Else")

    win(group)

    for order in group.orders.all():
        note = order.invoices.get(kind=Kind.CREDIT_NOTE, refund__dispute__isnull=False)
        found = order.invoices.get(kind=Kind.CORRECTION)
        assert (found.number, found.corrects) == (1, note)
        assert found.label == f"COR-{order.seller_id}-000001"
        assert (found.total_minor, found.tax_minor) == (
            note.total_minor,
            note.tax_minor,
        )
        # As it was printed then, whatever has changed since.
        for name in ("buyer", "seller", "lines", "taxes", "invoice"):
            assert found.content[name] == note.content[name]
        printed = invoice_paper.references(found)
        assert f"Cancels credit note {note.label}" in printed
        assert f"To invoice {note.content['invoice']}" in printed
        assert invoice_paper.draw(found).read().startswith(b"%PDF")


def test_the_documents_of_an_order_add_up_to_what_was_paid_for_it(group):
    """Not sent because of the loss, so the buyer has it back in the end."""
    moves = []
    for turn in range(2):
        moves.append(DisputeMove(f"taken_{turn}", -3000, 0))
        lose(group, *moves)
        moves.append(DisputeMove(f"given_{turn}", 3000, 0))
        win(group, *moves)

    for order in group.orders.all():
        documents = order.invoices.all()
        assert sum(SIGNS[one.kind] * one.total_minor for one in documents) == 0
        assert labels(order) == ["INV", "CN", "CN", "COR"]


def test_a_dispute_that_is_won_twice_over_is_corrected_once(group):
    lose(group)
    win(group)

    for _ in range(2):
        win(group)
        invoicing.issue_forgotten()

    assert Invoice.objects.filter(kind=Kind.CORRECTION).count() == 2


def test_what_is_paid_once_more_and_then_by_us_after_all_is_credited_once(
    group, monkeypatch, django_capture_on_commit_callbacks
):
    """It came back, the bank took it, and turned before the task had run."""
    order = group.orders.first()
    made = returns.refund_claim(order, Claim(goodwill_minor=700), reason="", by=None)
    send_refunds()
    made.refresh_from_db()
    bounced_refunds.record_failure({"id": made.stripe_refund_id})
    record(group, "lost", [TAKEN])
    asked_for = []
    monkeypatch.setattr(tasks.issue_credit_note, "delay", asked_for.append)

    with django_capture_on_commit_callbacks(execute=True):
        record(group, "won", [TAKEN, GIVEN])
    for pk in asked_for:
        tasks.issue_credit_note(pk)
    send_refunds()

    assert asked_for == [made.successor.pk]
    assert made.successor.successor.status == Refund.Status.SUCCEEDED
    notes = Invoice.objects.filter(kind=Kind.CREDIT_NOTE, total_minor=700)
    assert notes.get().refund == made


def test_a_loss_that_stands_is_not_corrected(group):
    lose(group)

    for refund in Refund.objects.all():
        assert invoicing.issue_correction(refund) is None
    invoicing.issue_forgotten()

    assert Invoice.objects.filter(kind=Kind.CORRECTION).exists() is False


def test_a_correction_whose_task_was_lost_is_issued_by_the_clock(group):
    lose(group)
    record(group, "won", [TAKEN, GIVEN])

    invoicing.issue_forgotten()

    assert Invoice.objects.filter(kind=Kind.CORRECTION).count() == 2


def test_a_correction_is_of_a_credit_note_and_nothing_else_is(group):
    lose(group)
    note = Invoice.objects.filter(kind=Kind.CREDIT_NOTE).first()
    values = {
        "seller": note.seller,
        "order": note.order,
        "number": 7,
        "total_minor": 1,
        "tax_minor": 0,
        "currency": "EUR",
        "content": {},
        "issued_at": timezone.now(),
    }

    for kind, corrects in ((Kind.CORRECTION, None), (Kind.INVOICE, note)):
        with pytest.raises(IntegrityError), transaction.atomic():
            Invoice.objects.create(kind=kind, corrects=corrects, **values)


def test_it_is_shown_where_documents_are(client, group):
    lose(group)
    win(group)
    order = group.orders.first()
    found = order.invoices.get(kind=Kind.CORRECTION)

    page = client.get(group.get_absolute_url()).content.decode()
    assert f"Corrective invoice {found.label}" in page
    assert client.get(found.get_absolute_url())["Content-Type"] == "application/pdf"
    client.force_login(order.seller.members.get().user)
    assert found.label in client.get(order.get_absolute_url()).content.decode()
    client.force_login(make_staff(User.Role.MODERATOR))
    desk = client.get(
        reverse("admin:checkout_invoice_changelist"), {"kind__exact": "correction"}
    )
    assert found.label in desk.content.decode()
