import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from checkout import ledger, payments
from checkout.ledger import Unbalanced, account, post_entry
from checkout.models import JournalEntry, LedgerAccount, LedgerLine, Payment
from tests.factories import make_order, make_seller, make_variant
from tests.payments.checkouts import (
    make_bought_order,
    make_group,
    make_paid_group,
    start,
)

pytestmark = pytest.mark.django_db

Kind = LedgerAccount.Kind
PAYMENT = JournalEntry.Kind.PAYMENT


def post(reference="payment:1", amount=100):
    stripe, seller = account(Kind.STRIPE, "EUR"), account(Kind.SELLER, "EUR")
    return post_entry(PAYMENT, reference, [(stripe, amount), (seller, -amount)])


def test_an_entry_is_written_with_its_lines():
    entry = post()

    assert [line.amount_minor for line in entry.lines.order_by("pk")] == [100, -100]


def test_an_entry_that_does_not_add_up_is_refused():
    with pytest.raises(Unbalanced):
        post_entry(PAYMENT, "payment:1", [(account(Kind.STRIPE, "EUR"), 100)])

    assert JournalEntry.objects.exists() is False


def test_currencies_do_not_balance_each_other():
    lines = [(account(Kind.STRIPE, "EUR"), 100), (account(Kind.STRIPE, "USD"), -100)]

    with pytest.raises(Unbalanced):
        post_entry(PAYMENT, "payment:1", lines)


def test_an_event_is_posted_once():
    post()

    with pytest.raises(IntegrityError), transaction.atomic():
        post()

    assert JournalEntry.objects.count() == 1


def test_a_seller_has_one_account_for_each_currency():
    seller = make_seller()

    accounts = {account(Kind.SELLER, "EUR", seller) for _ in range(3)}

    assert accounts == {account(Kind.SELLER, "EUR", seller)}
    assert account(Kind.SELLER, "USD", seller) not in accounts


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE checkout_ledgerline SET amount_minor = 1",
        "DELETE FROM checkout_ledgerline",
        "UPDATE checkout_journalentry SET reference = 'other'",
        "DELETE FROM checkout_journalentry",
    ],
)
def test_the_database_keeps_the_books_as_they_are(statement):
    post()

    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)

    assert JournalEntry.objects.get().reference == "payment:1"


def test_the_database_refuses_an_entry_out_of_balance():
    entry = post()

    LedgerLine.objects.create(
        entry=entry, account=account(Kind.STRIPE, "EUR"), amount_minor=1
    )

    with (
        pytest.raises(IntegrityError, match="does not add up"),
        connection.cursor() as cursor,
    ):
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_one_payment_owes_each_seller_their_order_less_the_commission(sandbox):
    variants = [make_variant(price_minor=1999), make_variant(price_minor=500)]

    group = make_paid_group(sandbox, variants=variants, quantity=2)

    entries = JournalEntry.objects.order_by("pk")
    lines = LedgerLine.objects.filter(entry__in=entries).order_by("pk")
    assert [str(entry.order) for entry in entries] == [
        "None",
        *map(str, group.orders.order_by("pk")),
    ]
    assert list(lines.values_list("account__kind", "amount_minor")) == [
        ("stripe", 4998),
        ("buyer", -4998),
        ("buyer", 3998),
        ("seller", -3599),
        ("commission", -399),
        ("buyer", 1000),
        ("seller", -900),
        ("commission", -100),
    ]


def test_a_payment_is_posted_at_once_for_however_many_sellers(sandbox):
    group = make_group(variants=[make_variant() for _ in range(3)])
    sandbox.pay(start(group).payment_intent_id)

    with CaptureQueriesContext(connection) as queries:
        payments.settle(group)

    written = [query["sql"] for query in queries if query["sql"].startswith("INSERT")]
    for table in ("journalentry", "ledgerline"):
        assert sum(f'"checkout_{table}"' in sql for sql in written) == 1
    assert JournalEntry.objects.filter(kind="sale").count() == 3


def test_the_check_is_content_and_shows_the_balances(sandbox, capsys):
    make_bought_order(sandbox)

    call_command("ledger_check")

    shown = capsys.readouterr().out
    assert "€39.87" in shown
    assert "Sum EUR: €0.00" in shown


def test_the_check_finds_a_payment_that_is_not_in_the_books(sandbox):
    make_bought_order(sandbox)
    unposted = Payment.objects.create(
        group=make_order().group,
        payment_intent_id="pi_unposted",
        client_secret="secret",
        status=Payment.Status.SUCCEEDED,
        amount_minor=100,
        currency="EUR",
    )

    with pytest.raises(CommandError) as fault:
        call_command("ledger_check")

    assert f"I1: {unposted.reference} is not in the books" in str(fault.value)


def test_the_check_finds_an_entry_for_which_nothing_happened():
    post("payment:999")

    assert ledger.unposted_events() == ["payment:999 has not happened"]
