"""Uploads from a real browser whose connection breaks, and that is closed midway."""

import os

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from marketplace.user_files import private_files
from tests.clips import make_clip, make_file
from tests.factories import make_seller, make_user
from videos.models import Upload, Video

pytestmark = pytest.mark.django_db(transaction=True)

SIZE = 12_000_000
BYTES_PER_SECOND = 3_000_000


@pytest.fixture
def seller(sign_in):
    owner = make_user()
    sign_in(owner)
    return make_seller(owner=owner)


@pytest.fixture
def upload_page(page, site, seller, complaints):
    page.goto(f"{site}/seller/videos/upload/")
    page.on("dialog", lambda dialog: dialog.accept())  # “Leave the page?”
    yield page
    # Who goes on at once may be told that the request before is still written.
    complaints[:] = [said for said in complaints if "423 (Locked)" not in said]


@pytest.fixture
def line(upload_page):
    """A line of the speed of a phone, or none at all."""
    session = upload_page.context.new_cdp_session(upload_page)
    session.send("Network.enable")

    def line(*, is_broken=False):
        session.send(
            "Network.emulateNetworkConditions",
            {
                "offline": is_broken,
                "latency": 0,
                "downloadThroughput": -1,
                "uploadThroughput": BYTES_PER_SECOND,
            },
        )

    line()
    return line


@pytest.fixture(scope="module")
def film():
    return make_file("film.mp4", os.urandom(SIZE))


def choose(page, *files):
    page.locator("input[name=files]").set_input_files(list(files))


def item(page):
    return page.locator(".upload-item")


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def wait_for_bytes(page, more_than):
    for _ in range(300):
        upload = Upload.objects.first()
        if upload and upload.offset > more_than:
            return upload
        page.wait_for_timeout(50)
    raise AssertionError("no bytes arrive")


def kept_bytes():
    return private_files().open(Video.objects.get().source.name).read()


def expect_done(page, seconds=20):
    expect(item(page)).to_have_attribute("data-state", "done", timeout=1000 * seconds)


def test_files_are_uploaded_and_wrong_ones_refused_before_they_are_sent(
    upload_page, seller
):
    choose(upload_page, make_clip(), make_file("notes.txt", b"words"))

    done = upload_page.locator("[data-state=done]")
    expect(done).to_have_count(1)
    refused = upload_page.locator("[data-state=refused]")
    expect(refused).to_contain_text("not a video")
    video = Video.objects.get()
    assert video.seller == seller
    assert Upload.objects.count() == 1
    done.get_by_role("link", name="Open the video").click()
    upload_page.wait_for_url(f"**/seller/videos/{video.public_id}/")


def test_the_page_tells_how_what_was_uploaded_goes_on(upload_page, seller):
    choose(upload_page, make_clip())
    expect(item(upload_page)).to_contain_text("Waiting to be processed")
    videos = Video.objects.filter(seller=seller)

    videos.update(status=Video.Status.PROCESSING, progress_percent=40)
    expect(item(upload_page)).to_contain_text("40 %")
    videos.update(status=Video.Status.READY)
    expect(item(upload_page)).to_contain_text("open it to tag products")


def test_what_was_deleted_meanwhile_is_not_asked_for_again(
    upload_page, seller, complaints
):
    choose(upload_page, make_clip())
    expect(item(upload_page)).to_contain_text("Waiting to be processed")
    gone = []
    upload_page.on("response", lambda r: r.status == 404 and gone.append(r.url))

    Video.objects.filter(seller=seller).update(deleted_at=timezone.now())
    upload_page.wait_for_timeout(7000)

    assert len(gone) == 1
    # The browser and htmx each say so once.
    assert all("404" in said for said in complaints)
    complaints.clear()


def test_an_upload_is_paused_and_goes_on_after_the_connection_broke(
    upload_page, line, film, complaints
):
    choose(upload_page, film)
    wait_for_bytes(upload_page, 0)
    expect(item(upload_page)).to_contain_text("MB/s")
    press(upload_page, "Pause")
    expect(item(upload_page)).to_contain_text("Paused")
    press(upload_page, "Go on")
    before = wait_for_bytes(upload_page, 2_000_000).offset

    line(is_broken=True)
    expect(item(upload_page)).to_contain_text("The connection broke")
    upload_page.wait_for_timeout(1500)
    line()

    expect_done(upload_page)
    assert kept_bytes() == film.read_bytes()
    assert before > 0
    complaints.clear()  # the browser notes the broken connection


def test_after_the_browser_was_closed_the_same_file_goes_on(
    upload_page, line, film, site
):
    choose(upload_page, film)
    wait_for_bytes(upload_page, 2_000_000)
    upload_page.get_by_label("Title").fill("Summer")
    expect(item(upload_page)).to_contain_text("Saved")
    upload_page.goto("about:blank")
    upload_page.goto(f"{site}/seller/videos/upload/")
    had = Upload.objects.get().offset
    expect(item(upload_page)).to_contain_text("Choose the same file again")
    expect(upload_page.get_by_label("Title")).to_have_value("Summer")

    again = item(upload_page).locator("input[type=file]")
    again.set_input_files(make_file("film.mp4", b"another film"))
    expect(item(upload_page)).to_contain_text("That is another file")
    again.set_input_files(film)

    expect_done(upload_page)
    assert kept_bytes() == film.read_bytes()
    assert had > 0
    assert Upload.objects.count() == 1
    assert Video.objects.get().title == "Summer"


def test_a_film_is_dropped_onto_the_page(upload_page):
    dropped = upload_page.evaluate_handle(
        """() => {
            const dropped = new DataTransfer();
            dropped.items.add(new File(["frames"], "dropped.mp4"));
            return dropped;
        }"""
    )
    zone = upload_page.locator("[data-drop-zone]")

    zone.dispatch_event("dragover", {"dataTransfer": dropped})
    expect(zone).to_have_class("drop-zone is-over")
    zone.dispatch_event("drop", {"dataTransfer": dropped})

    expect_done(upload_page)
    assert kept_bytes() == b"frames"


def test_what_is_canceled_is_gone_at_once(upload_page, line, film):
    choose(upload_page, film)
    wait_for_bytes(upload_page, 0)

    press(upload_page, "Cancel")

    expect(item(upload_page)).to_have_count(0)
    assert Upload.objects.get().state == Upload.State.CANCELED
    expect(upload_page.locator("[data-announce]")).to_contain_text("Canceled")


def test_the_same_file_again_is_offered_as_the_video_that_it_is(upload_page):
    clip = make_clip()
    choose(upload_page, clip)
    expect_done(upload_page)
    upload_page.reload()

    choose(upload_page, clip)
    expect(item(upload_page)).to_contain_text("uploaded this very file before")
    twin = Video.objects.get()
    link = item(upload_page).get_by_role("link", name=twin.title)
    expect(link).to_have_attribute("href", f"/seller/videos/{twin.public_id}/")
    press(upload_page, "Use it anyway")

    expect_done(upload_page)
    assert Video.objects.count() == 2


def test_a_film_that_is_too_long_is_doubted_before_it_is_sent(
    page, site, seller, settings
):
    settings.VIDEO_MAX_SECONDS = 1
    page.goto(f"{site}/seller/videos/upload/")

    choose(page, make_clip(seconds=4))

    expect(item(page)).to_contain_text("longer than 1 seconds")
    assert not Upload.objects.exists()
    press(page, "Upload it anyway")
    expect_done(page)


def test_everything_is_done_by_keyboard_and_said_aloud(upload_page, line, film):
    choose(upload_page, film)
    wait_for_bytes(upload_page, 0)
    said = upload_page.locator("[data-announce]")
    expect(said).to_contain_text("film.mp4: Uploading")

    upload_page.get_by_role("button", name="Pause", exact=True).press("Enter")
    expect(said).to_contain_text("film.mp4: Paused")
    upload_page.get_by_role("button", name="Go on").press("Space")

    expect_done(upload_page)
    expect(said).to_contain_text("film.mp4: Uploaded")


def test_a_refusal_by_the_server_is_read_out_as_it_is(
    upload_page, settings, film, complaints
):
    settings.VIDEO_UPLOADS_OPEN_BYTES = 10

    choose(upload_page, film)

    expect(item(upload_page)).to_contain_text("would be larger than")
    expect(upload_page.get_by_role("button", name="Try again")).to_be_visible()
    complaints.clear()  # the browser notes the refusal: status 429
