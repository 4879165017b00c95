"""Invoices and credit notes: one of each, numbered without a gap, never changed."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from checkout import disbursing, invoice_paper, invoicing, tasks
from checkout.models import Invoice, NumberSeries, Order, OrderGroup, Refund
from checkout.refund_amounts import Claim
from checkout.returns import refund_claim
from marketplace.accounts.models import OutgoingMail, User
from sellers.models import Seller
from tests.factories import (
    make_order,
    make_product,
    make_seller,
    make_staff,
    make_user,
    make_variant,
)
from tests.payments.checkouts import make_bought_order
from tests.races import at_once, together_after

pytestmark = pytest.mark.django_db
Kind = Invoice.Kind


@pytest.fixture
def order(sandbox):
    return make_bought_order(sandbox)


def make_paid_order(seller=None):
    variant = make_variant(product=make_product(seller=seller or make_seller()))
    return make_order(variant=variant, status=Order.Status.PAID)


def pay_back(order, **claim):
    refund = refund_claim(order, Claim(**claim), reason="Scratched", by=None)
    disbursing.send_refund(Refund.objects.get(pk=refund.pk))
    return refund


def numbers(seller, kind=Kind.INVOICE):
    found = Invoice.objects.filter(seller=seller, kind=kind).order_by("number")
    return list(found.values_list("number", flat=True))


def test_a_paid_order_has_one_invoice_however_often_it_is_asked_for(order):
    for _ in range(2):
        tasks.begin_fulfillment(order.pk)

    invoice = Invoice.objects.get()
    assert (invoice.number, invoice.total_minor) == (1, 3987)
    assert invoice.label == f"INV-{order.seller_id}-000001"
    assert [line["total_minor"] for line in invoice.content["lines"]] == [
        2997,
        500,
        490,
    ]


def test_each_shop_counts_its_own_from_one():
    first, other = make_seller(), make_seller()

    for seller in (first, first, other, first):
        invoicing.issue_invoice(make_paid_order(seller))

    assert (numbers(first), numbers(other)) == ([1, 2, 3], [1])


def test_every_refund_has_a_credit_note_and_the_mail_leads_to_it(order):
    pay_back(order, quantities={order.lines.first().pk: 2})
    pay_back(order, shipping_minor=100, goodwill_minor=250)

    notes = list(Invoice.objects.filter(kind=Kind.CREDIT_NOTE))
    assert [note.number for note in notes] == [1, 2]
    assert [note.total_minor for note in notes] == [1998, 350]
    assert numbers(order.seller) == [1]
    assert notes[0].content["invoice"] == f"INV-{order.seller_id}-000001"
    assert notes[1].content["lines"][0]["title"] == "Delivery"
    assert notes[1].content["lines"][1]["title"].startswith("Price reduction: ")
    mail = OutgoingMail.objects.latest("pk")
    assert notes[1].label in mail.text
    assert notes[1].get_absolute_url() in mail.text


def test_a_refund_that_is_recorded_twice_has_one_credit_note(order):
    refund = pay_back(order, goodwill_minor=100)

    for _ in range(2):
        invoicing.issue_credit_note(Refund.objects.get(pk=refund.pk))

    assert numbers(order.seller, Kind.CREDIT_NOTE) == [1]


def test_a_payment_that_came_too_late_was_no_sale(sandbox, order):
    refund = Refund.objects.create(
        payment=order.group.payment, amount_minor=1, currency="EUR", reason="late"
    )

    assert invoicing.issue_credit_note(refund) is None
    assert Invoice.objects.exists() is False


def test_what_is_rolled_back_leaves_no_gap():
    seller = make_seller()
    with transaction.atomic():
        invoicing.issue_invoice(make_paid_order(seller))
        transaction.set_rollback(True)

    invoicing.issue_invoice(make_paid_order(seller))

    assert numbers(seller) == [1]


def test_the_tax_is_listed_by_rate():
    order = make_paid_order()
    order.lines.update(tax_basis_points=1900, tax_minor=160)
    Order.objects.update(tax_minor=176, shipping_tax_minor=16, total_minor=1100)
    order.refresh_from_db()

    invoice = invoicing.issue_invoice(order)

    assert invoice.content["taxes"] == [
        {"rate": 1900, "net_minor": 1100 - 176, "tax_minor": 176}
    ]


def test_the_shops_tax_number_is_as_it_was_when_the_invoice_was_issued():
    order = make_paid_order()
    Seller.objects.update(tax_number="DE123456789")
    order.refresh_from_db()

    invoice = invoicing.issue_invoice(order)
    Seller.objects.update(tax_number="")

    frozen = Invoice.objects.get(pk=invoice.pk).content["seller"]
    assert "Tax number: DE123456789" in invoice_paper.contact(frozen)
    assert invoice_paper.contact({**frozen, "tax_number": ""}) == [order.seller.email]


def test_an_issued_invoice_is_always_the_same_file():
    order = make_paid_order()
    invoice = invoicing.issue_invoice(order)
    before = invoice_paper.draw(invoice).read()

    Seller.objects.update(legal_name="Somebody Else", name="Other")
    order.lines.update(title="Another thing")
    OrderGroup.objects.update(name="Nobody")

    found = Invoice.objects.get(pk=invoice.pk)
    assert before.startswith(b"%PDF")
    assert invoice_paper.draw(found).read() == before


@pytest.mark.parametrize(
    "change",
    [
        lambda: Invoice.objects.update(total_minor=1),
        lambda: Invoice.objects.all().delete(),
    ],
)
def test_the_database_refuses_to_change_an_invoice(change):
    invoicing.issue_invoice(make_paid_order())

    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        change()

    assert Invoice.objects.count() == 1


def test_what_a_lost_task_left_behind_is_issued_later():
    lost, old, fresh = (make_paid_order() for _ in range(3))
    ages = {lost: timedelta(hours=1), old: timedelta(days=30), fresh: timedelta(0)}
    for order, age in ages.items():
        OrderGroup.objects.filter(pk=order.group_id).update(
            paid_at=timezone.now() - age
        )

    invoicing.issue_forgotten()

    assert [invoice.order for invoice in Invoice.objects.all()] == [lost]


def test_what_was_sent_in_exchange_has_its_invoice_long_after_the_payment(order):
    OrderGroup.objects.update(paid_at=timezone.now() - timedelta(days=30))
    asked = order.return_requests.create(
        reason="Too small",
        status="exchanged",
        decided_at=timezone.now() - timedelta(hours=1),
    )
    made = make_paid_order(order.seller)
    Order.objects.filter(pk=made.pk).update(group=order.group, exchange_of=asked)

    invoicing.issue_forgotten()

    assert [invoice.order for invoice in Invoice.objects.all()] == [made]


@pytest.mark.parametrize("kind", ["invoice", "credit note"])
def test_a_german_order_has_german_amounts_and_a_name_of_any_script(kind, order):
    OrderGroup.objects.update(language="de", name="Łukasz Ωμέγα")
    order.refresh_from_db()
    refund = pay_back(order, quantities={order.lines.first().pk: 1})
    invoice = refund.credit_note if kind == "credit note" else order.invoices.first()

    assert invoice.content["buyer"][0] == "Łukasz Ωμέγα"
    assert invoice_paper.draw(invoice).read().startswith(b"%PDF")


def test_the_buyer_finds_the_documents_behind_the_orders_link(client, order):
    pay_back(order, goodwill_minor=100)
    for invoice in Invoice.objects.all():
        page = client.get(order.group.get_absolute_url()).content.decode()
        assert invoice.label in page

        answer = client.get(invoice.get_absolute_url())

        assert answer["Content-Type"] == "application/pdf"
        assert "no-store" in answer["Cache-Control"]
        assert answer.getvalue().startswith(b"%PDF")


def test_with_the_link_of_another_order_there_is_no_document(client, order):
    invoice = invoicing.issue_invoice(make_paid_order())
    url = reverse("checkout:buyer_invoice", args=[order.group.token, invoice.pk])

    assert client.get(url).status_code == 404


def test_the_seller_reads_own_documents_and_no_others(client):
    owner = make_user()
    order = make_paid_order(make_seller(owner=owner))
    own = invoicing.issue_invoice(order)
    other = invoicing.issue_invoice(make_paid_order())
    urls = [reverse("checkout:seller_invoice", args=[i.pk]) for i in (own, other)]
    assert client.get(urls[0]).status_code == 302
    client.force_login(owner)

    page = client.get(order.get_absolute_url()).content.decode()

    assert urls[0] in page
    assert [client.get(url).status_code for url in urls] == [200, 404]


def test_the_desk_opens_a_document_for_who_may_see_it(client):
    invoice = invoicing.issue_invoice(make_paid_order())
    url = reverse("admin:checkout_invoice_pdf", args=[invoice.pk])
    lists = reverse("admin:checkout_invoice_changelist")
    assert client.get(url).status_code == 302
    client.force_login(make_user(is_staff=True))
    assert client.get(url).status_code == 403

    client.force_login(make_staff(User.Role.MODERATOR))

    assert client.get(url).getvalue().startswith(b"%PDF")
    found = client.get(lists, {"q": invoice.order.number}).content.decode()
    assert invoice.label in found
    shown = client.get(reverse("admin:checkout_order_change", args=[invoice.order_id]))
    assert invoice.file_name in shown.content.decode()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_invoices_issued_at_once_are_numbered_without_a_gap():
    seller = make_seller()
    orders = [make_paid_order(seller) for _ in range(4)] * 2

    results = at_once(*(partial(invoicing.issue_invoice, order) for order in orders))

    assert [r for r in results if isinstance(r, Exception)] == []
    assert numbers(seller) == [1, 2, 3, 4]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_without_the_lock_two_invoices_want_one_number(monkeypatch):
    """The negative control: both have read the same last number."""
    seller = make_seller()
    orders = [make_paid_order(seller) for _ in range(2)]
    invoicing.issue_invoice(make_paid_order(seller))
    monkeypatch.setattr(
        NumberSeries.objects,
        "select_for_update",
        NumberSeries.objects.all,
        raising=False,
    )
    together_after(monkeypatch, invoicing, "locked_series", 2)

    results = at_once(*(partial(invoicing.issue_invoice, order) for order in orders))

    assert sorted(type(r).__name__ for r in results) == ["IntegrityError", "Invoice"]
