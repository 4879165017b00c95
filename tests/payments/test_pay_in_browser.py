"""A real Chromium pays in the site's page, under the site's strict policy."""

import os
import re

import pytest
from playwright.sync_api import expect

from checkout.models import OrderGroup, Payment
from tests.browser.axe import flaws_seen, serious
from tests.factories import make_seller, make_user, make_variant
from tests.payments.checkouts import make_bought_order, make_group

# Playwright's own loop runs in the thread that also asks the database.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def shop(live_server, sandbox, settings, eager_tasks):
    """The running site, to which the running sandbox sends its events."""
    settings.SITE_URL = live_server.url
    usual = settings.STRIPE_SANDBOX_URL
    settings.CONTENT_SECURITY_POLICY = {
        "DIRECTIVES": {
            name: [sandbox.address if value == usual else value for value in values]
            for name, values in settings.CONTENT_SECURITY_POLICY["DIRECTIVES"].items()
        }
    }
    settings.STRIPE_SANDBOX_URL = sandbox.address
    settings.STRIPE_JS_URL = f"{sandbox.address}/v3/"
    endpoint = sandbox.stripe.v1.webhook_endpoints.create(
        {"url": f"{live_server.url}/stripe/webhook", "enabled_events": ["*"]}
    )
    settings.STRIPE_WEBHOOK_SECRET = endpoint.secret
    yield live_server.url
    sandbox.stripe.v1.webhook_endpoints.delete(endpoint.id)


@pytest.fixture
def pay_page(page, shop):
    """The payment step of an unpaid group, with the card form ready."""
    refusals = []
    page.on("pageerror", lambda error: refusals.append(str(error)))
    page.on("console", lambda said: refusals.append(said.text)
            if "Content Security Policy" in said.text else None)  # fmt: skip
    group = make_group(variants=[make_variant(price_minor=1999)])
    page.goto(f"{shop}/order/{group.token}/pay/")
    expect(page.locator("[data-pay]")).to_be_enabled()
    yield page
    assert refusals == []


def card_form(page):
    return page.frame_locator("[data-payment-element] iframe")


def type_card(page, number):
    form = card_form(page)
    form.get_by_label("Card number").fill(number)
    form.get_by_label("Expiration date").fill("1239")
    form.get_by_label("Security code").fill("123")


def bank(page):
    return page.frame_locator("iframe[name=stripe-challenge-frame]")


def expect_paid(page):
    expect(page).to_have_url(re.compile(r"/order/[\w-]+/$"))
    assert OrderGroup.objects.get().status == OrderGroup.Status.PAID
    assert Payment.objects.get().status == Payment.Status.SUCCEEDED


def test_a_card_pays(pay_page):
    type_card(pay_page, "4242424242424242")
    pay_page.locator("[data-pay]").click()

    expect_paid(pay_page)


def test_an_incomplete_card_is_not_sent(pay_page):
    card_form(pay_page).get_by_label("Card number").fill("4242")
    pay_page.locator("[data-pay]").click()

    problem = pay_page.locator("[data-payment-error]")
    expect(problem).to_contain_text("Your card number is incomplete")
    expect(pay_page.locator("[data-pay]")).to_be_enabled()


def test_declined_then_3d_secure_failed_then_passed(pay_page):
    problem = pay_page.locator("[data-payment-error]")

    type_card(pay_page, "4000000000000002")
    pay_page.locator("[data-pay]").click()
    expect(problem).to_contain_text("Your card was declined")

    type_card(pay_page, "4000002500003155")
    pay_page.locator("[data-pay]").click()
    bank(pay_page).get_by_role("button", name="Fail authentication").click()
    expect(problem).to_contain_text("unable to authenticate")
    assert OrderGroup.objects.get().status == OrderGroup.Status.PENDING

    pay_page.locator("[data-pay]").click()
    bank(pay_page).get_by_role("button", name="Complete authentication").click()
    expect_paid(pay_page)
    assert Payment.objects.count() == 1


def test_the_webhook_pays_when_the_browser_never_comes_back(pay_page, sandbox):
    pay_page.route("**/return/**", lambda route: route.abort())
    type_card(pay_page, "4242424242424242")
    pay_page.locator("[data-pay]").click()

    for _ in range(100):
        if OrderGroup.objects.get().is_paid:
            break
        pay_page.wait_for_timeout(100)
    assert OrderGroup.objects.get().is_paid


def test_the_card_form_has_no_serious_flaw(pay_page):
    card_form(pay_page).get_by_label("Card number").wait_for()

    assert flaws_seen(pay_page) == []


def test_the_payouts_page_has_no_serious_flaw(page, shop, client, sandbox):
    owner = make_user()
    make_bought_order(sandbox, seller=make_seller(owner=owner))
    client.force_login(owner)
    session = client.cookies["session"].value
    page.context.add_cookies([{"name": "session", "value": session, "url": shop}])

    page.goto(f"{shop}/seller/payouts/")

    expect(page.get_by_role("heading", name="Payouts")).to_be_visible()
    assert flaws_seen(page) == []


def test_a_kept_card_pays_the_next_order_with_one_click(page, shop, client, sandbox):
    user = make_user()
    client.force_login(user)
    session = client.cookies["session"].value
    page.context.add_cookies([{"name": "session", "value": session, "url": shop}])
    group = make_group(user=user)
    page.goto(f"{shop}/order/{group.token}/pay/")
    type_card(page, "4242424242424242")
    page.get_by_label("Keep this card for next time").check()
    page.locator("[data-pay]").click()
    expect(page).to_have_url(re.compile(r"/order/[\w-]+/$"))

    second = make_group(user=user)
    page.goto(f"{shop}/order/{second.token}/pay/")
    expect(page.get_by_label("Visa •••• 4242")).to_be_checked()
    expect(page.locator("[data-payment-element]")).to_be_hidden()
    assert serious(page) == []
    page.get_by_label("Another card").check()
    expect(page.locator("[data-payment-element]")).to_be_visible()
    page.get_by_label("Visa •••• 4242").check()
    page.locator("[data-pay]").click()

    expect(page).to_have_url(re.compile(r"/order/[\w-]+/$"))
    statuses = set(OrderGroup.objects.values_list("status", flat=True))
    assert statuses == {OrderGroup.Status.PAID}
