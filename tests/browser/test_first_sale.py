"""The whole way of a sale, with every process that `make run` starts."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESK, PHONE, wait_until
from tests.browser.whole_site import WholeSite
from tests.clips import make_clip

PASSWORD = "a long password"
A_SHOP_ON_SALE = f"""
from marketplace.accounts.registration import register
from tests.factories import *

owner = register("owner@example.com", {PASSWORD!r}, name="Ona Owner")
register("desk@example.com", {PASSWORD!r}, is_staff=True, is_superuser=True)
seller = make_seller(name="Lamp House", slug="lamp-house", owner=owner)
product = make_product(seller=seller, title="Paper Lamp", slug="paper-lamp")
make_variant(product=product, price_minor=4900, stock=3)
make_shipping_rate(seller=seller)
"""


@pytest.fixture(scope="module")
def whole_site(tmp_path_factory):
    with WholeSite(tmp_path_factory.mktemp("site")) as site:
        site.run(A_SHOP_ON_SALE)
        yield site


@pytest.fixture
def person(browser, browser_context_args, whole_site):
    """Opens a browser of one's own, on a phone or at a desk."""
    contexts = []

    def open_browser(viewport):
        arguments = browser_context_args | {"viewport": viewport}
        context = browser.new_context(base_url=whole_site.url, **arguments)
        contexts.append(context)
        context.set_default_timeout(20_000)
        return context.new_page()

    yield open_browser
    for context in contexts:
        context.close()


def sign_in(page, email):
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.locator("main").get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/")


def upload_and_tag(page):
    """The seller's half: the address of the video, submitted for review."""
    page.goto("/seller/videos/upload/")
    page.locator("input[name=files]").set_input_files(
        make_clip(name="paper-lamp.mp4", seconds=4, size="540x960")
    )
    page.get_by_role("link", name="Open the video").click()
    page.get_by_role("link", name="Tag products").click(timeout=60_000)
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.get_by_role("button", name=re.compile("Paper Lamp")).click()
    page.go_back()
    page.get_by_role("button", name="Submit for review").click()
    expect(page.get_by_text("A moderator is looking at it")).to_be_visible()


def approve(page):
    page.goto("/admin/videos/video/")
    page.locator("#result_list th a").first.click()
    page.get_by_role("link", name="Approve", exact=True).click()
    page.get_by_role("button", name="Approve", exact=True).click()
    expect(page.get_by_text("Done: Approve")).to_be_visible()


def buy_from_the_feed(page):
    page.goto("/")
    wait_until(page, "document.querySelector('video')?.currentTime > 0.2")
    page.locator(".tag-card:not([hidden])").first.click()
    page.get_by_role("button", name="Buy now").click()
    page.wait_for_url("**/checkout/now/")
    page.get_by_label("Email").fill("guest@example.com")
    page.get_by_label("Full name").fill("Gil Guest")
    page.get_by_label("Address", exact=True).fill("5 Any Street")
    page.get_by_label("Postal code").fill("10115")
    page.get_by_label("Town or city").fill("Berlin")
    page.get_by_role("button", name=re.compile("payment|order", re.IGNORECASE)).click()
    page.wait_for_url("**/pay/")


def pay_with(page, number):
    card = page.frame_locator("[data-payment-element] iframe")
    card.get_by_label("Card number").fill(number)
    card.get_by_label("Expiration date").fill("12 / 40")
    card.get_by_label("Security code").fill("123")
    page.locator("[data-pay]").click()


def ship(page):
    page.goto("/seller/orders/")
    page.locator("table a").first.click()
    page.get_by_label("Carrier").fill("DHL")
    page.get_by_label("Tracking number").fill("JD0142")
    page.get_by_role("button", name="Record the parcel").click()
    expect(page.get_by_text("The parcel is recorded")).to_be_visible()


@pytest.mark.ffmpeg
def test_from_the_upload_to_the_parcel(person):
    seller, moderator, guest = person(PHONE), person(DESK), person(PHONE)
    sign_in(seller, "owner@example.com")
    sign_in(moderator, "desk@example.com")

    upload_and_tag(seller)
    approve(moderator)
    buy_from_the_feed(guest)
    pay_with(guest, "4000000000000002")
    expect(guest.locator("[data-payment-error]")).to_contain_text("declined")
    pay_with(guest, "4000002500003155")
    bank = guest.frame_locator("iframe[src*='challenge']")
    bank.get_by_role("button", name="Complete authentication").click()
    guest.wait_for_url("**/order/*/")
    expect(guest.get_by_text("Being packed")).to_be_visible()

    ship(seller)
    guest.reload()
    expect(guest.get_by_text("JD0142").first).to_be_visible()
