"""The small pictures over the position bar, and the stand-in for the poster."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESK
from tests.browser.watchable import make_watchable
from tests.factories import make_seller, make_user
from videos.models import Video

pytestmark = pytest.mark.django_db(transaction=True)


def test_pointing_at_the_position_bar_shows_what_one_would_see_there(page, site):
    page.set_viewport_size(DESK)
    video = make_watchable()
    page.goto(f"{site}{video.get_absolute_url()}")
    seek = page.locator("[data-seek]")
    expect(seek).to_be_visible()
    scrub = page.locator("[data-scrub]")
    expect(scrub).to_be_hidden()

    box = seek.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.55, box["y"] + box["height"] / 2)

    expect(scrub).to_be_visible()
    expect(page.locator("[data-scrub-time]")).to_have_text("0:03")
    picture = page.locator("[data-scrub-picture]")
    # The fourth of six tiles, 108 pixels wide.
    expect(picture).to_have_css("background-position", "-324px 0px")
    expect(picture).to_have_css("height", "192px")
    page.mouse.move(10, 10)
    expect(scrub).to_be_hidden()


def test_a_frame_is_chosen_as_the_poster(page, site, sign_in):
    owner = make_user()
    video = make_watchable(seller=make_seller(owner=owner))
    sign_in(owner)
    page.goto(f"{site}/seller/videos/{video.public_id}/")

    frame = page.get_by_role("button", name="Use frame 3 as the poster")
    frame.click()

    expect(frame).to_have_attribute("aria-pressed", "true")
    video = Video.objects.get(pk=video.pk)
    assert video.poster == video.frame_names[2]
    # On a phone nothing reaches beyond the page.
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.goto(f"{site}{video.get_absolute_url()}")
    stand_in = page.locator("[data-stage] img").first
    assert stand_in.get_attribute("src").startswith("data:image/webp")
    assert stand_in.evaluate("image => image.naturalWidth") > 10
