"""Payouts to the sellers' banks, as the Connect endpoint tells of them."""

from itertools import permutations

import pytest
import stripe
from django.db.models import F
from django.urls import reverse as url_of
from django.utils import timezone

from checkout import gateway, seller_payouts
from checkout.models import Payout
from checkout.patience import MOST_FAILURES
from sellers.models import Seller
from tests.factories import make_seller, make_user
from tests.payments.checkouts import make_payable_seller

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    return make_user()


@pytest.fixture
def seller(owner):
    return make_seller(owner=owner, stripe_account_id="acct_1", is_payable=True)


@pytest.fixture
def tell(deliver):
    """An event comes to the endpoint for connected accounts."""

    def tell(told):
        secret = "whsec_connect_tests_only"
        return deliver(told, path="/stripe/webhook/connect", secret=secret)

    return tell


def event(status, *, account="acct_1", **fields):
    name = {"pending": "created", "in_transit": "updated"}.get(status, status)
    payout = {
        "id": "po_1",
        "object": "payout",
        "amount": 3638,
        "currency": "eur",
        "arrival_date": 1_900_022_400,
        "created": 1_899_800_000,
        "status": status,
        "failure_message": None,
    }
    return {
        "id": f"evt_{status}_{account}",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "type": f"payout.{name}",
        "account": account,
        "livemode": False,
        "data": {"object": payout | fields},
    }


def test_a_payout_is_followed_to_the_bank(tell, seller):
    for status in ("pending", "in_transit", "paid"):
        for _ in range(2):
            assert tell(event(status)).status_code == 200

    payout = Payout.objects.get()
    assert (payout.seller, payout.amount_minor, payout.currency) == (
        seller,
        3638,
        "EUR",
    )
    assert (payout.status, str(payout.arrives_on)) == ("paid", "2030-03-18")


def test_what_stripe_takes_from_the_bank_is_shown_below_zero(
    client, tell, seller, owner
):
    assert tell(event("paid", amount=-500)).status_code == 200

    assert Payout.objects.get().amount_minor == -500
    client.force_login(owner)
    assert "-€5.00" in client.get(url_of("checkout:payouts")).content.decode()


@pytest.mark.parametrize("order", list(permutations(["pending", "in_transit", "paid"])))
def test_the_order_of_arrival_does_not_matter(tell, seller, order):
    for status in order:
        tell(event(status))

    assert Payout.objects.get().status == Payout.Status.PAID


def test_the_seller_learns_of_one_that_comes_back(tell, seller, owner):
    tell(event("paid"))
    for _ in range(2):
        tell(event("failed", failure_message="The account is closed."))

    payout = Payout.objects.get()
    assert (payout.status, payout.failure_reason) == (
        "failed",
        "The account is closed.",
    )
    [letter] = owner.notifications.all()
    assert letter.subject == "Your bank did not take €36.38"
    assert "The account is closed." in letter.body


@pytest.mark.parametrize("account", ["acct_unknown", ""])
def test_other_payouts_are_none_of_the_sellers(tell, account):
    make_seller()  # not connected, so without an account

    assert tell(event("paid", account=account)).status_code == 200
    assert Payout.objects.exists() is False


def test_the_page_shows_payouts_to_their_seller_alone(client, tell, seller, owner):
    tell(event("failed", failure_message="The account is closed."))
    stranger = make_user()
    make_seller(owner=stranger)

    client.force_login(owner)
    own = client.get(url_of("checkout:payouts")).content.decode()
    client.force_login(stranger)
    other = client.get(url_of("checkout:payouts")).content.decode()

    assert "To your bank" in own
    assert "The account is closed." in own
    assert "To your bank" not in other


@pytest.fixture
def paid_out(sandbox):
    """Two payouts that left a seller's balance, and no webhook has told of either."""
    seller = make_payable_seller(sandbox)
    owner = make_user()
    seller.members.create(user=owner)
    group = {"currency": "eur", "destination": seller.stripe_account_id}
    intent = sandbox.stripe.v1.payment_intents.create(
        {"amount": 9000, "currency": "eur"}
    )
    sandbox.pay(intent.id)
    sandbox.stripe.v1.transfers.create({"amount": 5000, **group})
    ids = []
    for amount in (1500, 2500):
        payout = sandbox.stripe.v1.payouts.create(
            {"amount": amount, "currency": "eur"},
            {"stripe_account": seller.stripe_account_id},
        )
        sandbox.advance(seconds=5)
        ids.append(payout.id)
    sandbox.act("fail_payout", payout=ids[1], code="account_closed")
    return seller


def test_payouts_of_which_no_webhook_came_are_found(paid_out):
    make_seller()  # not connected: nobody to ask for

    for _ in range(2):
        seller_payouts.look_for_unheard()

    found = Payout.objects.order_by("amount_minor")
    assert [(one.amount_minor, one.status) for one in found] == [
        (1500, "paid"),
        (2500, "failed"),
    ]
    assert {one.seller for one in found} == {paid_out}
    owner = paid_out.members.get().user
    letters = owner.notifications.filter(subject__contains="did not take")
    assert letters.count() == 1


def test_an_account_is_asked_once_a_day(seller, monkeypatch):
    asked = []
    monkeypatch.setattr(
        gateway, "payouts_of", lambda account_id, _since: asked.append(account_id) or []
    )

    for _ in range(2):
        seller_payouts.look_for_unheard()
    assert asked == ["acct_1"]

    Seller.objects.update(payouts_asked_at=timezone.now() - seller_payouts.ASK_EVERY)
    seller_payouts.look_for_unheard()
    assert asked == ["acct_1", "acct_1"]


def test_an_account_that_left_does_not_keep_the_others_waiting(monkeypatch, seller):
    make_seller(stripe_account_id="acct_2")

    def answer(account_id, _since):
        if account_id == "acct_1":
            raise gateway.Refused("gone")
        return [event("paid")["data"]["object"] | {"id": "po_2"}]

    monkeypatch.setattr(gateway, "payouts_of", answer)

    seller_payouts.look_for_unheard()

    assert Payout.objects.get().stripe_payout_id == "po_2"
    assert not Seller.objects.filter(
        payouts_asked_at=None, stripe_account_id="acct_1"
    ).exists()


@pytest.mark.parametrize("failure", [gateway.Unclear, gateway.GatewayError])
def test_accounts_without_an_answer_do_not_keep_the_others_waiting(
    monkeypatch, seller, failure
):
    """However many they are: the next round begins with the others."""
    mute = ["acct_1", *(f"acct_mute_{n}" for n in range(MOST_FAILURES - 1))]
    for account_id in mute[1:]:
        make_seller(stripe_account_id=account_id)
    make_seller(stripe_account_id="acct_2")
    asked = []

    def answer(account_id, _since):
        asked.append(account_id)
        if account_id in mute:
            raise failure("no answer")
        return [event("paid")["data"]["object"] | {"id": "po_2"}]

    monkeypatch.setattr(gateway, "payouts_of", answer)

    with pytest.raises(failure):
        seller_payouts.look_for_unheard()
    seller_payouts.look_for_unheard()

    assert Payout.objects.get().stripe_payout_id == "po_2"
    assert asked == [*mute, "acct_2"]
    # Those are asked again long before a day is over.
    Seller.objects.update(
        payouts_asked_at=F("payouts_asked_at") - seller_payouts.ASK_AGAIN
    )
    with pytest.raises(failure):
        seller_payouts.look_for_unheard()
    assert asked[-MOST_FAILURES:] == mute


def test_stripe_says_that_an_account_left_by_its_permission_error(monkeypatch):
    class Gone:
        class v1:  # noqa: N801 - as stripe-python spells it
            class payouts:  # noqa: N801
                @staticmethod
                def list(*_args):
                    raise stripe.PermissionError("no access", code="account_invalid")

    monkeypatch.setattr(gateway, "client", Gone)

    with pytest.raises(gateway.Refused):
        gateway.payouts_of("acct_1", timezone.now())
