"""What Stripe asks of a seller, shown and mailed; money that waits meanwhile."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.urls import reverse as url_of

from checkout import connected_accounts, gateway, payouts, requirements
from checkout.models import Order, Transfer
from sellers.models import Seller
from sellers.regions import transfer_countries
from tests.factories import make_seller, make_user
from tests.payments.checkouts import make_bought_order, make_payable_seller
from tests.payments.test_payouts import SHARE, make_due, send
from tests.test_onboarding import APPLICATION

pytestmark = pytest.mark.django_db

WELL = gateway.Account(
    id="acct_1", is_payable=True, is_submitted=True, due=(), due_by=None
)
PASSPORT = replace(
    WELL,
    due=("individual.verification.document",),
    due_by=datetime(2030, 5, 1, tzinfo=UTC),
)
STOPPED = replace(PASSPORT, is_payable=False)


@pytest.fixture
def owner():
    return make_user()


@pytest.fixture
def seller(owner):
    return make_seller(owner=owner, stripe_account_id="acct_1", is_payable=True)


@pytest.fixture
def stripe_says(monkeypatch):
    """The account stands so at Stripe, and the site looks."""

    def say(account):
        monkeypatch.setattr(gateway, "read_account", lambda account_id: account)
        connected_accounts.refresh_account("acct_1")

    return say


def test_what_stripe_asks_for_is_kept_and_mailed_once(seller, owner, stripe_says):
    for _ in range(2):
        stripe_says(PASSPORT)

    seller.refresh_from_db()
    assert seller.requirements_due == ["individual.verification.document"]
    assert seller.requirements_due_by == PASSPORT.due_by
    assert seller.is_payable is True
    [letter] = owner.notifications.all()
    assert letter.subject == "Stripe needs something from you"
    assert "A picture of an identity document" in letter.body
    assert "1 May 2030" in letter.body


def test_one_thing_less_is_no_news(seller, owner, stripe_says):
    stripe_says(replace(PASSPORT, due=(*PASSPORT.due, "external_account")))
    stripe_says(PASSPORT)
    assert owner.notifications.count() == 1

    stripe_says(WELL)
    seller.refresh_from_db()
    assert (seller.requirements_due, seller.requirements_due_by) == ([], None)
    assert owner.notifications.count() == 1


def test_the_seller_learns_why_payouts_have_stopped(seller, owner, stripe_says):
    stripe_says(STOPPED)

    [letter] = owner.notifications.all()
    assert letter.subject == "Stripe has stopped your payouts"
    assert "identity document" in letter.body
    assert Seller.objects.get(pk=seller.pk).is_payable is False


def test_who_has_not_been_at_stripe_yet_is_not_written_to(seller, owner, stripe_says):
    stripe_says(replace(STOPPED, is_submitted=False, is_payable=True))

    assert owner.notifications.count() == 0


def test_an_answer_that_comes_late_undoes_no_later_one(seller, monkeypatch):
    def overtaken(account_id):
        monkeypatch.setattr(gateway, "read_account", lambda account_id: WELL)
        connected_accounts.refresh_account(account_id)
        return STOPPED

    monkeypatch.setattr(gateway, "read_account", overtaken)
    connected_accounts.refresh_account("acct_1")

    seller.refresh_from_db()
    assert (seller.is_payable, seller.requirements_due) == (True, [])


def test_the_page_lists_what_is_open(client, seller, owner, stripe_says):
    stripe_says(STOPPED)
    client.force_login(owner)

    page = client.get(url_of("checkout:payouts")).content.decode()

    assert "A picture of an identity document" in page
    assert "Until 1 May 2030" in page
    overview = client.get(url_of("sellers:overview")).content.decode()
    assert "Stripe needs more from you" in overview
    assert "Continue at Stripe" in page


def test_stripe_s_names_read_as_words():
    names = [
        "person_1abc.verification.document",
        "external_account",
        "owners.first_name",
        "directors.last_name",
        "settings.something_new",
    ]

    assert requirements.texts_of(names) == [
        "A picture of an identity document",
        "The bank account that the money goes to",
        "Who runs or owns the company",
        "Settings something new",
    ]


def test_past_due_comes_first_and_nothing_twice():
    account = gateway.Account.read(
        {
            "id": "acct_1",
            "payouts_enabled": False,
            "details_submitted": True,
            "requirements": {
                "currently_due": ["external_account", "company.tax_id"],
                "past_due": ["company.tax_id"],
                "current_deadline": 1_900_000_000,
            },
        }
    )

    assert account.due == ("company.tax_id", "external_account")
    assert account.due_by == datetime(2030, 3, 17, 17, 46, 40, tzinfo=UTC)


def test_the_money_of_a_stopped_account_is_held_and_then_sent(sandbox):
    seller = make_payable_seller(sandbox)
    order = make_bought_order(sandbox, seller=seller)
    make_due(order)
    Seller.objects.filter(pk=seller.pk).update(is_payable=False)

    payouts.pay_sellers()
    assert Transfer.objects.exists() is False
    assert payouts.balance_of(seller).available == SHARE

    connected_accounts.refresh_account(seller.stripe_account_id)
    payouts.pay_sellers()
    send(Transfer.objects.get(order=order))
    assert sandbox.balance(seller.stripe_account_id) == SHARE
    assert Order.objects.get(pk=order.pk).status == Order.Status.COMPLETED


@pytest.mark.parametrize(
    ("home", "country", "is_welcome"),
    [
        ("DE", "FR", True),
        ("DE", "US", True),
        ("DE", "JP", False),
        ("JP", "JP", True),
        ("JP", "DE", False),
        ("", "JP", True),
        ("", "KP", False),
    ],
)
def test_sellers_are_where_stripe_transfers_to(settings, home, country, is_welcome):
    settings.PLATFORM_COUNTRY = home

    assert (country in transfer_countries()) is is_welcome


def test_the_operator_s_own_list_counts(settings):
    settings.TRANSFER_COUNTRIES = ["KP"]

    assert transfer_countries() == {"KP"}


def test_an_application_from_elsewhere_is_refused(client, settings):
    settings.PLATFORM_COUNTRY = "DE"
    client.force_login(make_user())

    page = client.post(url_of("sellers:apply"), APPLICATION | {"country": "JP"})

    assert "We cannot pay out to sellers there yet" in page.content.decode()
    assert Seller.objects.exists() is False


def test_stripe_s_refusal_is_shown(client, seller, owner, monkeypatch):
    def refuse(*args, **kwargs):
        raise gateway.Refused("Connect is not available in your country.")

    monkeypatch.setattr(gateway, "onboarding_url", refuse)
    client.force_login(owner)

    page = client.post(url_of("checkout:connect_account"), follow=True)

    assert "Connect is not available in your country." in page.content.decode()
