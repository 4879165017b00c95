"""Tagging as a seller does it, by hand and by keyboard."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESK, wait_until
from tests.browser.watchable import SECONDS, make_watchable
from tests.factories import make_product, make_seller, make_user
from videos.models import ProductTag

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def seller(sign_in):
    owner = make_user()
    sign_in(owner)
    return make_seller(owner=owner)


def wait_for(page, condition):
    for _ in range(100):
        if condition():
            return
        page.wait_for_timeout(100)
    raise AssertionError("it never became so")


def spans(video):
    return [(t.starts_ms, t.ends_ms) for t in ProductTag.objects.filter(video=video)]


def drag(page, handle, by):
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by, y, steps=5)
    page.mouse.up()


@pytest.fixture
def tagging(page, site, seller):
    """The tagging page of a video, with one product in the catalogue."""
    page.set_viewport_size(DESK)
    make_product(seller=seller, title="Espresso cup")
    video = make_watchable(seller=seller)
    page.goto(f"{site}/seller/videos/{video.public_id}/tags/")
    wait_until(page, "document.querySelector('[data-video]').readyState >= 2")
    return video


def test_a_product_is_placed_dragged_and_taken_back(page, tagging):
    page.get_by_role("button", name="Espresso cup").click()
    wait_for(page, lambda: spans(tagging) == [(0, 5000)])

    width = page.locator("[data-timeline]").bounding_box()["width"]
    drag(page, page.locator(".timeline-ends"), -width / SECONDS)
    wait_for(page, lambda: spans(tagging) and spans(tagging)[0][1] < 4600)
    starts_ms, ends_ms = spans(tagging)[0]
    assert starts_ms == 0
    assert ends_ms == pytest.approx(4000, abs=120)

    page.get_by_role("button", name="Undo").click()
    wait_for(page, lambda: spans(tagging) == [(0, 5000)])
    page.get_by_role("button", name="Undo").click()
    wait_for(page, lambda: spans(tagging) == [])
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()


def test_the_handles_move_by_the_keyboard_and_say_where_they_are(page, tagging):
    page.get_by_role("button", name="Espresso cup").click()

    end = page.get_by_role("slider", name="End of Espresso cup")
    end.press("ArrowLeft")
    end.press("PageDown")
    start = page.get_by_role("slider", name="Start of Espresso cup")
    start.press("ArrowRight")

    wait_for(page, lambda: spans(tagging) == [(100, 3900)])
    expect(end).to_have_attribute("aria-valuetext", "3.9 s")
    start.press("End")
    wait_for(page, lambda: spans(tagging) == [(3400, 3900)])


def test_a_spot_is_put_on_the_picture_by_a_click(page, tagging):
    page.get_by_role("button", name="Espresso cup").click()
    page.get_by_role("button", name="Spot").click()

    picture = page.locator("[data-video]").bounding_box()
    page.mouse.click(
        picture["x"] + picture["width"] / 4, picture["y"] + picture["height"] / 2
    )

    wait_for(page, lambda: ProductTag.objects.filter(hotspot__isnull=False).exists())
    hotspot = ProductTag.objects.get().hotspot
    assert hotspot.x_permille == pytest.approx(250, abs=5)
    assert hotspot.y_permille == pytest.approx(500, abs=5)
    expect(page.locator(".tagging-spot")).to_be_visible()


def test_what_the_rules_forbid_is_said_and_not_saved(page, tagging, complaints):
    page.get_by_role("button", name="Espresso cup").click()
    wait_for(page, lambda: len(spans(tagging)) == 1)

    page.locator("[data-add]").click()

    expect(page.locator("[data-error]")).to_contain_text("twice at the same time")
    assert len(spans(tagging)) == 1
    complaints.clear()  # the browser notes the refusal: status 422
