import csv
import io
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse as url_of
from django.utils import timezone
from reportlab.platypus import Paragraph, Table

from checkout import payouts, statement_files, statements
from checkout.models import JournalEntry, Order
from tests.factories import make_seller, make_user
from tests.payments.checkouts import make_bought_order, make_payable_seller
from tests.payments.test_payouts import SHARE, make_due, refund_one, reverse, send

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    return make_user()


@pytest.fixture
def seller(sandbox, owner):
    return make_payable_seller(sandbox, owner=owner)


@pytest.fixture
def order(sandbox, seller, settings):
    """Sold, sent but for a tenth in reserve, and a unit refunded after that."""
    settings.RESERVE_BASIS_POINTS = 1000
    order = make_bought_order(sandbox, seller=seller)
    make_due(order)
    send(payouts.start_transfer(order))
    reverse(refund_one(order))
    return Order.objects.get(pk=order.pk)


@pytest.fixture
def today():
    return timezone.localdate()


def address(name, today):
    return url_of(f"checkout:{name}", args=[today.year, today.month, "EUR"])


def test_each_line_says_what_it_brought(seller, order, today):
    statement = statements.statement(seller, today.replace(day=1), "EUR")

    rows = [
        (line.entry.kind, line.gross_minor, line.commission_minor, line.change_minor)
        for line in statement.lines
    ]
    assert rows == [
        ("sale", 3987, -349, SHARE),
        ("reserve", 0, 0, -364),
        ("transfer", 0, 0, 364 - SHARE),
        ("release", 0, 0, 364),
        ("refund", -999, 100, -899),
        ("reversal", 0, 0, 899 - 364),
    ]
    assert {line.entry.order for line in statement.lines} == {order}
    assert [line.balance_minor for line in statement.lines][-3:] == [364, -535, 0]


def test_the_sums_add_up(seller, order, today):
    statement = statements.statement(seller, today.replace(day=1), "EUR")

    assert (statement.opening_minor, statement.closing_minor) == (0, 0)
    assert (statement.gross_minor, statement.commission_minor) == (2988, -249)
    assert statement.sent_minor == -(SHARE - 899)
    assert statement.moved_minor == 0


def test_a_month_opens_with_what_the_last_one_left(sandbox, seller, today):
    make_bought_order(sandbox, seller=seller)

    following = statements.statement(seller, today + timedelta(days=31), "EUR")

    assert (following.opening_minor, following.lines) == (SHARE, [])


def test_tax_is_a_column_of_its_own(sandbox, seller, today):
    order = make_bought_order(sandbox, seller=seller)
    entry = JournalEntry.objects.get(order=order)

    [line] = statements.statement(seller, today.replace(day=1), "EUR").lines

    assert line.entry == entry
    assert line.tax_minor == 0


def test_another_seller_s_money_is_not_on_it(sandbox, seller, order, today):
    make_bought_order(sandbox, seller=make_payable_seller(sandbox))

    statement = statements.statement(seller, today.replace(day=1), "EUR")

    assert len(statement.lines) == 6
    assert statement.gross_minor == 2988


def test_the_page_links_each_line_to_its_order(client, owner, order, today):
    client.force_login(owner)

    listed = client.get(url_of("checkout:seller_statements"))
    page = client.get(address("seller_statement", today))

    assert address("seller_statement", today) in listed.content.decode()
    assert page.content.decode().count(order.get_absolute_url()) == 6
    assert "€29.88" in page.content.decode()


def test_the_csv_has_a_row_for_each_line(client, owner, order, today):
    client.force_login(owner)

    answer = client.get(address("seller_statement_csv", today))

    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    head, *rows = list(csv.reader(io.StringIO(text)))
    assert len(rows) == 6
    sale = dict(zip(head, rows[0], strict=True))
    assert (sale["Order"], sale["Price"], sale["Yours"]) == (
        order.number,
        "39.87",
        "36.38",
    )


def texts_of(flowables):
    for flowable in flowables:
        if isinstance(flowable, Paragraph):
            yield flowable.getPlainText()
        elif isinstance(flowable, Table):
            for row in flowable._cellvalues:
                yield from texts_of(row)


def test_the_paper_says_the_same(seller, order, today):
    statement = statements.statement(seller, today.replace(day=1), "EUR")

    texts = list(texts_of(statement_files.story(statement)))

    assert seller.legal_name in texts
    assert texts.count(order.number) == 6
    assert {"€39.87", "-€3.49", "€29.88"} <= set(texts)


def test_the_paper_is_a_pdf(client, owner, order, today):
    client.force_login(owner)

    answer = client.get(address("seller_statement_pdf", today))

    assert answer["Content-Type"] == "application/pdf"
    assert b"".join(answer.streaming_content).startswith(b"%PDF-")


@pytest.mark.parametrize(
    "name", ["seller_statement", "seller_statement_csv", "seller_statement_pdf"]
)
def test_a_stranger_gets_none_and_nobody_signs_in(client, order, today, name):
    stranger = make_user()
    make_seller(owner=stranger)
    client.force_login(stranger)

    assert client.get(address(name, today)).status_code == 404
    assert Client().get(address(name, today)).status_code == 302


@pytest.mark.parametrize("month", ["2026-13-EUR", "2999-01-EUR", "2026-01-XXX"])
def test_a_month_that_is_none_is_not_found(client, owner, order, month):
    client.force_login(owner)

    answer = client.get(f"{url_of('checkout:seller_statements')}{month}/")

    assert answer.status_code == 404
