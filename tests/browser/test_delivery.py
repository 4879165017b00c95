"""Addresses of videos end; who watches does not notice."""

import time
from copy import deepcopy
from types import SimpleNamespace

import pytest
from playwright.sync_api import expect

from marketplace import file_storages, video_addresses
from marketplace.accounts.models import User
from tests.browser.conftest import open_more, wait_until
from tests.browser.test_feed import wait_until_playing
from tests.browser.watchable import SECONDS, make_watchable
from tests.buckets import VIDEOS, buckets
from tests.clips import make_clip
from tests.factories import make_seller, make_staff, make_user
from tests.test_bucket import transcoded
from videos.captioning import save_track
from videos.captions import Cue
from videos.models import Video

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def end_addresses(monkeypatch, complaints):
    """Lets all addresses given out so far end; the browser's clock stays."""
    ahead = SimpleNamespace(seconds=0)
    clock = SimpleNamespace(time=lambda: time.time() + ahead.seconds)
    monkeypatch.setattr(video_addresses, "time", clock)

    def end_addresses():
        ahead.seconds += 3 * 3600

    yield end_addresses
    refusals = [c for c in complaints if "status of 403" in c]
    assert refusals, "no address had ended"
    complaints[:] = [c for c in complaints if c not in refusals]


def test_the_feed_plays_on_after_its_addresses_have_ended(page, site, end_addresses):
    for _ in range(2):
        make_watchable()
    page.goto(site)
    wait_until_playing(page)
    # Of the next one there is the first segment, and not the third.
    wait_until(page, "document.querySelectorAll('video')[1].buffered.length > 0")

    end_addresses()
    with page.expect_response("**/api/videos/*/addresses") as answer:
        page.keyboard.press("j")
        wait_until(page, "document.querySelectorAll('video')[1].currentTime > 4.5")

    assert answer.value.status == 200
    second = page.locator("[data-clip]").nth(1)
    expect(second).to_have_attribute("data-state", "playing")
    expect(second.locator("[data-failed]")).to_be_hidden()


@pytest.mark.ffmpeg
def test_a_video_in_private_buckets_plays_from_there_to_its_end(
    page, site, settings, monkeypatch
):
    with buckets(settings, monkeypatch):
        [bucket, _] = origins = file_storages.bucket_origins(VIDEOS)
        policy = deepcopy(settings.CONTENT_SECURITY_POLICY)
        for directive in ("img-src", "media-src", "connect-src"):
            policy["DIRECTIVES"][directive] += origins
        settings.CONTENT_SECURITY_POLICY = policy
        video = transcoded(make_clip(seconds=5))
        sent = []
        page.on("response", lambda r: sent.append((r.url, r.status)))

        page.goto(f"{site}{video.get_absolute_url()}")
        page.evaluate("document.querySelector('video').loop = false")
        wait_until(page, "document.querySelector('video').ended", seconds=40)

    assert page.evaluate("document.querySelector('video').currentTime") > 4.9
    from_bucket = [url for url, status in sent if url.startswith(bucket)]
    segments = [url for url in from_bucket if ".m4s" in url and status_ok(sent, url)]
    # Three of two seconds, of picture and of sound.
    assert len(segments) == 6
    assert all("X-Amz-Signature=" in url for url in from_bucket)
    assert not any(".m3u8" in url for url in from_bucket)


def status_ok(sent, url):
    return (url, 200) in sent


def forget_what_was_fetched(page):
    """Else a browser may keep it for ever."""
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    network.send("Network.setCacheDisabled", {"cacheDisabled": True})


@pytest.mark.parametrize("is_desk", [False, True])
def test_a_player_that_stood_open_for_long_still_plays(
    page, site, sign_in, end_addresses, is_desk
):
    owner = make_user()
    video = make_watchable(
        seller=make_seller(owner=owner), publication=Video.Publication.IN_REVIEW
    )
    sign_in(make_staff(User.Role.MODERATOR) if is_desk else owner)
    forget_what_was_fetched(page)
    path = f"seller/videos/{video.public_id}/"
    page.goto(
        f"{site}/admin/videos/video/{video.pk}/change/" if is_desk else f"{site}/{path}"
    )
    preview = "document.querySelector('video[data-addresses]')"
    wait_until(page, f"{preview}.readyState >= 1")
    before = page.evaluate(f"{preview}.src")

    end_addresses()
    page.evaluate(f"{preview}.load()")
    wait_until(page, f"{preview}.readyState >= 1 && {preview}.src !== '{before}'")
    page.evaluate(f"{preview}.play()")

    wait_until(page, f"{preview}.currentTime > 0.5")


def test_captions_are_turned_on_after_their_addresses_have_ended(
    page, site, end_addresses
):
    video = make_watchable()
    save_track(video, "en", [Cue(0, SECONDS * 1000, "Two cups")])
    page.goto(f"{site}{video.get_absolute_url()}")
    wait_until(page, "document.querySelector('video').currentTime > 0.2")

    end_addresses()
    open_more(page)
    page.locator("[data-captions-toggle]").click()

    expect(page.locator("[data-captions]")).to_have_text("Two cups")
