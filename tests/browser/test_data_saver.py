"""Who saves data gets small rungs, and nothing that was not asked for."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import open_more, wait_until
from tests.browser.test_feed import wait_until_playing
from tests.browser.watchable import make_watchable

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.ffmpeg,
    # Pixels enough for the top rung: else the player's size would be the cap.
    pytest.mark.browser_context_args(device_scale_factor=3),
]
SAVER = "[data-saver]"


@pytest.fixture
def fetched(page):
    """The bytes of segments that were fetched, by video and rung."""
    found = {}

    def count(response):
        if parts := re.search(r"/videos/([\w-]+)/\w+/(\w+)/[^/]+[.]m4s", response.url):
            length = int(response.headers["content-length"])
            found[parts.groups()] = found.get(parts.groups(), 0) + length

    page.on("response", count)
    return found


@pytest.fixture
def feed(page, site):
    """Opens the feed with one large video first, and one after it."""
    make_watchable()
    large = make_watchable(size="720x1280", rate=24)

    def open_feed():
        page.goto(f"{site}/?v={large.public_id}")
        return large.public_id

    return open_feed


def watch_to_the_end(page):
    page.evaluate("document.querySelector('video').loop = false")
    wait_until(page, "document.querySelector('video').ended", seconds=40)


def test_without_it_the_top_rung_and_the_next_video_are_fetched(page, feed, fetched):
    large = feed()
    watch_to_the_end(page)

    assert (large, "720p") in fetched
    assert {video for video, _ in fetched} != {large}
    assert page.locator(SAVER).first.get_attribute("aria-pressed") == "false"


def test_with_it_no_rung_above_540_and_no_other_video_is_fetched(page, feed, fetched):
    feed()
    wait_until_playing(page)
    open_more(page)
    page.locator(SAVER).first.click()
    expect(page.get_by_text("Data saver on")).to_be_visible()
    expect(page.locator(SAVER).nth(1)).to_have_attribute("aria-pressed", "true")
    page.goto("about:blank")
    fetched.clear()

    large = feed()
    expect(page.locator(SAVER).first).to_have_attribute("aria-pressed", "true")
    watch_to_the_end(page)

    assert {video for video, _ in fetched} == {large}
    rungs = {rung for _, rung in fetched} - {"audio"}
    assert rungs <= {"360p", "540p"}
    assert rungs
    assert page.locator("video[data-alive]").count() == 1


def test_a_browser_told_to_save_data_is_believed_until_one_says_otherwise(
    page, feed, fetched
):
    page.add_init_script(
        "Object.defineProperty(navigator, 'connection', {value: {saveData: true}})"
    )
    feed()
    expect(page.locator(SAVER).first).to_have_attribute("aria-pressed", "true")
    page.wait_for_timeout(3000)
    assert fetched == {}

    open_more(page)
    page.locator(SAVER).first.click()
    expect(page.locator(SAVER).first).to_have_attribute("aria-pressed", "false")
    page.reload()
    expect(page.locator(SAVER).first).to_have_attribute("aria-pressed", "false")
