"""Captions over a video: where they stand, and whether they are on."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESK, open_more
from tests.browser.test_feed import wait_until_playing
from tests.browser.watchable import SECONDS, make_watchable
from tests.factories import make_product, make_tag, make_variant
from videos.captioning import save_track
from videos.captions import Cue

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = {"width": 390, "height": 844}
CUE = "The whole table in one box"


@pytest.fixture
def video():
    """With captions, and three products on screen all the time."""
    video = make_watchable()
    save_track(video, "en", [Cue(0, SECONDS * 1000, CUE)])
    for _ in range(3):
        product = make_product(seller=video.seller)
        make_variant(product=product)
        make_tag(video=video, product=product, ends_ms=SECONDS * 1000)
    return video


def switch_on(page):
    open_more(page)
    button = page.locator("[data-captions-toggle]")
    expect(button).to_be_visible()
    if button.get_attribute("aria-pressed") == "false":
        button.click()
    expect(page.locator("[data-captions]")).to_have_text(CUE)


@pytest.mark.parametrize("size", [PHONE, DESK])
@pytest.mark.parametrize("is_feed", [True, False])
def test_captions_stand_above_the_cards(page, site, video, size, is_feed):
    page.set_viewport_size(size)
    page.goto(site if is_feed else f"{site}{video.get_absolute_url()}")
    if is_feed:
        wait_until_playing(page)
    switch_on(page)
    expect(page.locator(".tag-card:visible")).to_have_count(3)
    page.wait_for_timeout(500)

    words = page.locator("[data-captions]").bounding_box()
    cards = page.locator("[data-cards]").bounding_box()
    assert words["y"] + words["height"] <= cards["y"]
    assert words["y"] > page.locator("[data-stage]").bounding_box()["y"]


def test_the_button_shows_whether_captions_are_on(page, site, video):
    page.goto(site)
    switch_on(page)
    icon = page.locator("[data-captions-toggle] .icon")

    def colour():
        return icon.evaluate("icon => getComputedStyle(icon).color")

    on = colour()
    page.locator("[data-captions-toggle]").click()
    expect(page.locator("[data-captions]")).to_be_hidden()
    assert colour() != on


def test_a_message_leaves_the_foot_of_the_video_free(page, site, video):
    page.set_viewport_size(PHONE)
    page.goto(site)
    open_more(page)
    page.locator("[data-saver]").click()
    message = page.get_by_text("Data saver on")
    expect(message).to_be_visible()
    page.wait_for_timeout(500)

    foot = message.bounding_box()
    for covered in (".clip-about", ".clip-rail", "[data-feed-sound]"):
        place = page.locator(covered)
        if place.is_visible():
            box = place.bounding_box()
            above = foot["y"] + foot["height"] <= box["y"]
            assert above or box["y"] + box["height"] <= foot["y"]
