"""Chromium sends films into the bucket itself, past the site, on a line that breaks."""

import hashlib
import time
from copy import deepcopy
from datetime import UTC, datetime
from urllib.parse import parse_qs

import pytest
from moto.moto_server import werkzeug_app
from playwright.sync_api import expect

from marketplace import file_storages
from tests.browser import test_uploading
from tests.browser.test_uploading import choose, expect_done, item, press
from tests.buckets import PRIVATE, buckets
from tests.clips import make_file
from tests.uploads.in_bucket import objects, parts_in_bucket
from videos import multipart
from videos.models import Upload, Video

pytestmark = pytest.mark.django_db(transaction=True)
seller, line, film = test_uploading.seller, test_uploading.line, test_uploading.film
# The same tests, with this module's page.
test_a_refusal_is_read_out = (
    test_uploading.test_a_refusal_by_the_server_is_read_out_as_it_is
)


class S3WithDates(werkzeug_app.DomainDispatcherApplication):
    """Refuses addresses that have ended, which moto alone does not."""

    refused: list[str]

    def __call__(self, environ, start_response):
        said = parse_qs(environ["QUERY_STRING"])
        if "X-Amz-Expires" in said and environ["REQUEST_METHOD"] == "PUT":
            began = datetime.strptime(said["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ")
            age = time.time() - began.replace(tzinfo=UTC).timestamp()
            if age > int(said["X-Amz-Expires"][0]):
                self.refused.append(said["partNumber"][0])
                start_response("403 Forbidden", [])
                return [b"<Error><Code>AccessDenied</Code></Error>"]
        return super().__call__(environ, start_response)


@pytest.fixture
def refused(monkeypatch):
    """Numbers of parts whose address had ended when they came."""
    monkeypatch.setattr(S3WithDates, "refused", [], raising=False)
    monkeypatch.setattr(
        "moto.moto_server.threaded_moto_server.DomainDispatcherApplication",
        S3WithDates,
    )
    return S3WithDates.refused


@pytest.fixture
def s3(refused, settings, monkeypatch, site):
    """The bucket lets pages of the site in by the rule of docs/production.md alone."""
    monkeypatch.setattr(werkzeug_app, "DISABLE_GLOBAL_CORS", True)
    with buckets(settings, monkeypatch) as s3:
        rule = {"AllowedOrigins": [site], "AllowedMethods": ["PUT"]}
        s3.BucketCors(PRIVATE).put(CORSConfiguration={"CORSRules": [rule]})
        policy = deepcopy(settings.CONTENT_SECURITY_POLICY)
        origins = file_storages.bucket_origins(PRIVATE)
        policy["DIRECTIVES"]["connect-src"] += origins
        settings.CONTENT_SECURITY_POLICY = policy
        yield s3


@pytest.fixture
def upload_page(page, site, s3, seller):
    page.goto(f"{site}/seller/videos/upload/")
    page.on("dialog", lambda dialog: dialog.accept())  # “Leave the page?”
    return page


def wait_for_parts(page, count):
    for _ in range(400):
        upload = Upload.objects.exclude(multipart_id="").first()
        there = list(multipart._listed(upload)) if upload else []
        if len(there) >= count:
            return there
        page.wait_for_timeout(50)
    raise AssertionError("no parts arrive")


def expect_whole(s3, film):
    """One video, whose source is the very object that the browser made."""
    video = Video.objects.get()
    [(name, kept)] = objects(s3).items()
    assert name == video.source.name
    assert hashlib.sha256(kept).digest() == hashlib.sha256(film.read_bytes()).digest()
    assert parts_in_bucket() == []


def test_an_upload_is_paused_and_goes_on_after_the_connection_broke(
    upload_page, line, film, s3, site, complaints
):
    sent = []
    upload_page.on("request", lambda r: sent.append((r.method, r.url)))
    choose(upload_page, film)
    expect(item(upload_page)).to_contain_text("MB/s")
    expect(item(upload_page)).to_contain_text("left")
    press(upload_page, "Pause")
    expect(item(upload_page)).to_contain_text("Paused")
    press(upload_page, "Go on")
    wait_for_parts(upload_page, 1)

    line(is_broken=True)
    expect(item(upload_page)).to_contain_text("The connection broke")
    upload_page.wait_for_timeout(1500)
    line()

    expect_done(upload_page)
    expect_whole(s3, film)
    assert not [
        url for method, url in sent if method in ("PUT", "PATCH") and site in url
    ]
    complaints.clear()  # the browser notes the broken connection


def test_after_the_browser_was_closed_the_same_file_goes_on(
    upload_page, line, film, s3, site
):
    choose(upload_page, film)
    wait_for_parts(upload_page, 1)
    upload_page.get_by_label("Title").fill("Summer")
    expect(item(upload_page)).to_contain_text("Saved")
    upload_page.goto("about:blank")
    upload_page.goto(f"{site}/seller/videos/upload/")
    # Also what S3 has got since the row was last written.
    expect(item(upload_page)).to_contain_text("43 % is here. Choose the same file")
    expect(upload_page.get_by_label("Title")).to_have_value("Summer")
    numbers = []
    upload_page.on(
        "request",
        lambda r: (
            r.method == "PUT" and numbers.append(parse_qs(r.url)["partNumber"][0])
        ),
    )

    again = item(upload_page).locator("input[type=file]")
    again.set_input_files(make_file("film.mp4", b"another film"))
    expect(item(upload_page)).to_contain_text("That is another file")
    again.set_input_files(film)

    expect_done(upload_page)
    expect_whole(s3, film)
    assert numbers == ["2", "3"]
    assert Upload.objects.count() == 1
    assert Video.objects.get().title == "Summer"


def test_an_address_that_has_ended_meanwhile_is_asked_for_anew(
    upload_page, line, film, s3, refused, monkeypatch, complaints
):
    monkeypatch.setattr(multipart, "ADDRESS_SECONDS", 60)
    choose(upload_page, film)
    wait_for_parts(upload_page, 1)
    monkeypatch.setattr(multipart, "ADDRESS_SECONDS", 1)
    press(upload_page, "Pause")
    press(upload_page, "Go on")

    expect_done(upload_page)

    expect_whole(s3, film)
    assert "3" in refused  # perhaps others too, where a machine is slower than a second
    complaints.clear()  # the browser notes the refusal


def test_several_films_go_one_after_another_and_what_is_canceled_is_gone(
    upload_page, line, film, s3, complaints
):
    small = make_file("small.mp4", b"frames")
    choose(upload_page, film)
    wait_for_parts(upload_page, 1)
    choose(upload_page, small)
    expect(item(upload_page).last).to_contain_text("Waiting")

    item(upload_page).first.get_by_role("button", name="Cancel").click()

    expect(item(upload_page)).to_have_count(1)
    expect_done(upload_page)
    expect_whole(s3, small)
    states = dict(Upload.objects.values_list("file_name", "state"))
    assert states == {"film.mp4": "canceled", "small.mp4": "finished"}
    # What was asked of the canceled one just then is answered so.
    complaints[:] = [said for said in complaints if "410 (Gone)" not in said]


def test_the_same_file_again_is_offered_as_the_video_that_it_is(upload_page, film, s3):
    choose(upload_page, film)
    expect_done(upload_page)
    upload_page.reload()

    choose(upload_page, film)
    expect(item(upload_page)).to_contain_text("uploaded this very file before")
    link = item(upload_page).get_by_role("link", name=Video.objects.get().title)
    expect(link).to_be_visible()
    press(upload_page, "Cancel")

    expect(item(upload_page)).to_have_count(0)
    expect_whole(s3, film)
