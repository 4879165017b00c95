"""Deleted and taken back, timed, cut and replaced, as a seller does it."""

import pytest
from playwright.sync_api import expect

from tests.browser.axe import flaws_seen
from tests.browser.conftest import wait_until
from tests.browser.watchable import SECONDS, make_watchable
from tests.clips import make_clip
from tests.factories import make_seller, make_user
from videos.models import Video

pytestmark = pytest.mark.django_db(transaction=True)

FULL_MS = SECONDS * 1000


@pytest.fixture
def seller(sign_in):
    owner = make_user()
    sign_in(owner)
    return make_seller(owner=owner)


@pytest.fixture
def video(seller):
    return make_watchable(
        seller=seller, title="Cup", source="sources/x/y", source_ms=FULL_MS
    )


def test_a_deleted_video_is_taken_back_from_the_message(page, site, video):
    page.goto(f"{site}/seller/videos/{video.public_id}/delete/")
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("“Cup” is deleted.")).to_be_visible()
    assert not Video.objects.published().exists()

    page.get_by_role("button", name="Undo").click()

    expect(page.get_by_text("“Cup” is back as it was.")).to_be_visible()
    assert Video.objects.published().get() == video


def test_the_cut_is_set_by_keyboard_and_kept_by_one_button(page, site, video):
    page.goto(f"{site}/seller/videos/{video.public_id}/trim/")
    start = page.get_by_role("slider", name="Beginning of the video")
    start.press("PageUp")
    page.get_by_role("slider", name="End of the video").press("ArrowLeft")
    expect(page.get_by_label("Begins at")).to_have_value("0:01.000")
    expect(page.get_by_text("Length: 0:04.9")).to_be_visible()
    page.get_by_role("button", name="Trim").click()
    expect(page.get_by_text("The video is being cut.")).to_be_visible()

    video.refresh_from_db()
    assert (video.cut.starts_ms, video.cut.ends_ms) == (1000, FULL_MS - 100)
    page.get_by_role("button", name="Keep the old version").click()
    expect(page.get_by_text("The video stays as it was.")).to_be_visible()
    video.refresh_from_db()
    assert (video.cut.starts_ms, video.cut.ends_ms) == (0, FULL_MS)


def test_another_file_is_sent_by_the_upload_page(page, site, video):
    page.goto(f"{site}/seller/videos/{video.public_id}/replace/")
    page.locator("input[name=files]").set_input_files(make_clip(seconds=1))
    expect(page.get_by_role("link", name="Open the video")).to_be_visible()
    page.get_by_role("link", name="Open the video").click()
    expect(page.get_by_text("Shoppers still see the old version.")).to_be_visible()

    changed = Video.objects.get()
    assert (changed.is_changing, changed.title) == (True, "Cup")
    assert Video.objects.published().get() == video


def test_the_time_zone_of_the_browser_is_proposed(page, site, video):
    Video.objects.update(publication=Video.Publication.DRAFT)
    page.goto(f"{site}/seller/videos/{video.public_id}/schedule/")
    own = page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone")
    expect(page.get_by_label("Time zone")).to_have_value(own)

    page.get_by_label("Date and time").fill("2027-07-01T18:00")
    page.get_by_label("Time zone").select_option("Asia/Kolkata")

    expect(page.locator("[data-here]")).to_contain_text("12:30")


def test_the_pages_have_no_serious_flaw(page, site, video, seller):
    make_watchable(seller=seller).mark_deleted()
    own = f"seller/videos/{video.public_id}"
    pages = [own, f"{own}/trim", f"{own}/replace", f"{own}/schedule"]
    for address in [*pages, "seller/videos/deleted"]:
        page.goto(f"{site}/{address}/")
        wait_until(page, "document.readyState === 'complete'")
        assert (address, flaws_seen(page)) == (address, [])
