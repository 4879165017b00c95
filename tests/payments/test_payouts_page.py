import pytest
import requests

from sellers.models import Seller, SellerMember
from tests.factories import make_seller, make_user
from tests.payments.checkouts import make_bought_order

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner():
    return make_user()


@pytest.fixture
def seller(owner):
    return make_seller(owner=owner)


def test_the_owner_sees_where_the_money_is(client, sandbox, owner, seller):
    make_bought_order(sandbox, seller=seller)
    make_bought_order(sandbox)  # another shop's
    client.force_login(owner)

    page = client.get("/seller/payouts/")

    assert page.context["balance"].pending == 3638
    assert "€36.38" in page.content.decode()


def test_nobody_is_sent_to_sign_in(client):
    answer = client.get("/seller/payouts/")

    assert answer.status_code == 302
    assert "/login/" in answer.headers["Location"]


def test_a_stranger_sees_nothing_of_the_shop(client, seller):
    client.force_login(make_user())

    answer = client.get("/seller/payouts/")

    assert answer.status_code == 302
    assert "payouts" not in answer.headers["Location"]


def test_connecting_leads_through_stripe_and_back(client, sandbox, owner, seller):
    client.force_login(owner)

    at_stripe = client.post("/seller/payouts/connect/").headers["Location"]
    assert at_stripe.startswith(f"{sandbox.address}/onboarding/")
    back = requests.post(
        at_stripe, data={"submit": ""}, timeout=5, allow_redirects=False
    ).headers["Location"]
    assert back.endswith("/seller/payouts/connected/")
    page = client.get("/seller/payouts/connected/", follow=True)

    seller.refresh_from_db()
    assert seller.is_payable is True
    assert "You are connected" in page.content.decode()


def test_the_browser_may_follow_the_form_to_stripe(client, owner, seller, settings):
    """A redirect after a form to an address outside `form-action` is blocked."""
    client.force_login(owner)

    policy = client.get("/seller/payouts/").headers["Content-Security-Policy"]

    assert f"form-action 'self' {settings.STRIPE_SANDBOX_URL}" in policy


def test_leaving_stripe_early_says_that_something_is_missing(
    client, sandbox, owner, seller
):
    client.force_login(owner)
    client.post("/seller/payouts/connect/")

    page = client.get("/seller/payouts/connected/", follow=True)

    seller.refresh_from_db()
    assert seller.is_payable is False
    assert "Stripe still needs some details" in page.content.decode()


def test_the_webhook_alone_makes_the_account_payable(
    client, sandbox, owner, seller, deliver, eager_tasks,
    django_capture_on_commit_callbacks,
):  # fmt: skip
    client.force_login(owner)
    client.post("/seller/payouts/connect/")
    seller.refresh_from_db()
    sandbox.onboard(seller.stripe_account_id)
    [event] = sandbox.events(
        seller.stripe_account_id, "account.updated", account=seller.stripe_account_id
    )

    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            assert deliver(event).status_code == 200

    seller.refresh_from_db()
    assert seller.is_payable is True


def test_staff_may_look_but_not_redirect_the_money(client, sandbox, seller):
    staff = make_user()
    SellerMember.objects.create(seller=seller, user=staff, role=SellerMember.Role.STAFF)
    client.force_login(staff)

    assert client.get("/seller/payouts/").status_code == 200
    assert client.post("/seller/payouts/connect/").status_code == 403
    assert Seller.objects.get(pk=seller.pk).stripe_account_id == ""


def test_connecting_is_said_to_fail_while_stripe_is_away(
    client, settings, owner, seller, sandbox
):
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    client.force_login(owner)

    page = client.post("/seller/payouts/connect/", follow=True)

    assert "Stripe cannot be reached" in page.content.decode()
    assert Seller.objects.get(pk=seller.pk).stripe_account_id == ""


def test_an_expired_link_leads_back_to_the_page(client, owner, seller):
    client.force_login(owner)

    page = client.get("/seller/payouts/link-expired/", follow=True)

    assert "That link has expired" in page.content.decode()
