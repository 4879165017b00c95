import json
import re

import pytest
from playwright.sync_api import expect

from checkout.models import CartLine
from tests.browser.conftest import DESK, open_more, wait_until
from tests.browser.watchable import make_shoppable, make_watchable
from tests.factories import make_seller, make_user
from videos.feed import event_log
from videos.models import Engagement, Impression, WatchEvent

pytestmark = pytest.mark.django_db(transaction=True)


def wait_until_playing(page, number=0):
    video = f"document.querySelectorAll('video')[{number}]"
    wait_until(page, f"!{video}.paused && {video}.currentTime > 0.2")


def alive(page):
    return page.locator("video[data-alive]").count()


def leave_until_told(page, site, kind, **fields):
    """The browser sends the beacon on its own time, after the page has gone."""
    page.goto(f"{site}/shop/")
    for _ in range(300):
        event_log.drain()
        if WatchEvent.objects.filter(kind=kind, **fields).exists():
            break
        page.wait_for_timeout(100)


def test_the_first_video_plays_without_sound_and_the_next_is_preloaded(page, site):
    for _ in range(4):
        make_watchable()

    page.goto(site)
    wait_until_playing(page)
    wait_until(page, "document.querySelectorAll('video')[1].buffered.length > 0")

    state = page.evaluate(
        "[...document.querySelectorAll('video')]"
        ".map(v => [v.muted, v.paused, 'alive' in v.dataset])"
    )
    assert state == [
        [True, False, True],
        [True, True, True],
        [True, True, False],
        [True, True, False],
    ]
    # One segment of two seconds, not the whole clip.
    assert page.evaluate("document.querySelectorAll('video')[1].buffered.end(0)") < 4.5


def test_many_swipes_keep_three_players_alive_and_never_repeat(page, site):
    videos = [make_watchable() for _ in range(24)]

    page.goto(site)
    wait_until_playing(page)
    shown = []
    for _ in videos:
        clip = page.locator("[data-clip][data-state=playing]")
        expect(clip).to_have_count(1)
        shown.append(clip.get_attribute("data-clip"))
        assert alive(page) <= 3
        page.keyboard.press("j")
        page.wait_for_timeout(350)

    assert len(shown) == len(set(shown)) == 24
    expect(page.get_by_role("heading", name="You have seen it all")).to_be_visible()
    assert alive(page) <= 3


def test_the_product_appears_in_its_time_and_leaves(page, site):
    make_shoppable(starts_ms=1500, ends_ms=3000)

    page.goto(site)
    wait_until_playing(page)
    card = page.locator(".tag-card")
    expect(card).to_be_hidden()
    expect(card).to_be_visible(timeout=4000)
    now = page.evaluate("document.querySelector('video').currentTime")
    assert 1.4 < now < 3.2
    expect(card).to_contain_text("Espresso cup")
    expect(card).to_contain_text("€34.00")
    expect(card).to_be_hidden(timeout=4000)


def test_the_sheet_opens_over_the_playing_video_and_fills_the_cart(page, site):
    video = make_shoppable()

    page.goto(site)
    wait_until_playing(page)
    page.locator(".tag-card").click()
    expect(page.get_by_role("button", name="Buy now")).to_be_visible()
    before = page.evaluate("document.querySelector('video').currentTime")
    page.wait_for_timeout(600)
    now = page.evaluate("document.querySelector('video').currentTime")
    assert now != before
    page.get_by_role("button", name="Add to cart").click()

    expect(page.locator("#product-sheet")).to_be_hidden()
    expect(page.locator(".tabbar [data-cart-count]")).to_have_text("1")
    expect(page.locator(".toast")).to_contain_text("Espresso cup")
    assert CartLine.objects.get().video == video
    leave_until_told(page, site, "cart")
    told = WatchEvent.objects.filter(product=CartLine.objects.get().variant.product)
    assert set(told.values_list("kind", flat=True)) == {"tag_seen", "tag", "cart"}


def test_back_closes_what_lies_over_the_feed_and_only_then_leaves(page, site):
    make_shoppable()
    page.goto(f"{site}/shop/")
    page.goto(site)
    wait_until_playing(page)
    feed, sheet = page.url, page.locator("#product-sheet")

    page.locator(".tag-card").click()
    expect(page.get_by_role("button", name="Buy now")).to_be_visible()
    page.go_back()
    expect(sheet).to_be_hidden()
    page.get_by_role("link", name="Like").click()
    expect(page.locator("#sign-in")).to_be_visible()
    page.go_back()
    expect(page.locator("#sign-in")).to_be_hidden()
    assert page.url == feed

    page.locator(".tag-card").click()
    page.get_by_role("button", name="Close").click()
    expect(sheet).to_be_hidden()
    page.wait_for_timeout(200)
    page.go_back()
    page.wait_for_url(f"{site}/shop/")


def test_back_from_the_details_of_a_product_needs_no_second_press(page, site):
    make_shoppable()
    page.goto(f"{site}/shop/")
    page.goto(site)
    wait_until_playing(page)
    page.locator(".tag-card").click()
    page.get_by_role("link", name="All details").click()
    page.wait_for_url("**/s/**")

    page.go_back()
    page.wait_for_url(f"{site}/?v=*")
    page.wait_for_timeout(500)
    if page.locator("#product-sheet").is_visible():  # the browser kept the page
        page.go_back()
        page.wait_for_timeout(200)
    page.go_back()

    page.wait_for_url(f"{site}/shop/")


def test_one_tap_gives_sound_to_this_and_every_later_video(page, site):
    for _ in range(2):
        make_watchable(has_audio=True)

    page.goto(site)
    wait_until_playing(page)
    page.get_by_role("button", name="Unmute").click()
    assert page.evaluate("document.querySelectorAll('video')[0].muted") is False
    page.keyboard.press("ArrowDown")
    wait_until_playing(page, 1)

    assert page.evaluate("document.querySelectorAll('video')[1].muted") is False
    assert page.evaluate("localStorage.getItem('sound')") == "on"
    expect(page.get_by_role("button", name="Unmute")).to_be_hidden()


def test_space_pauses_and_plays_again(page, site):
    make_watchable()
    page.goto(site)
    wait_until_playing(page)

    page.keyboard.press(" ")
    expect(page.locator("[data-clip]")).to_have_attribute("data-state", "paused")
    page.keyboard.press(" ")
    expect(page.locator("[data-clip]")).to_have_attribute("data-state", "playing")


def test_a_page_that_does_not_arrive_can_be_asked_for_again(page, site, complaints):
    for _ in range(12):
        make_watchable()
    page.route("**/feed/next/**", lambda route: route.abort())
    page.goto(site)
    wait_until_playing(page)
    for _ in range(10):
        page.keyboard.press("j")
        page.wait_for_timeout(250)

    page.unroute("**/feed/next/**")
    page.get_by_role("button", name="Try again").click()

    expect(page.locator("[data-clip]")).to_have_count(12)
    complaints.clear()  # the request that was cut off on purpose


def test_a_video_that_is_gone_says_so_and_can_be_tried_again(page, site, complaints):
    make_watchable()
    page.route(re.compile(r"/media/.*\.(m3u8|mp4|m4s)"), lambda route: route.abort())
    page.goto(site)

    expect(page.get_by_text("This video did not load.")).to_be_visible(timeout=20_000)
    page.unroute(re.compile(r"/media/.*\.(m3u8|mp4|m4s)"))
    page.get_by_role("button", name="Try again").click()

    wait_until_playing(page)
    complaints.clear()


def test_nothing_moves_for_those_who_asked_for_calm(page, site):
    make_watchable()
    page.emulate_media(reduced_motion="reduce")
    page.goto(site)
    page.wait_for_timeout(1500)

    assert page.evaluate("document.querySelector('video').paused") is True
    page.get_by_role("button", name="Play or pause").click()
    wait_until_playing(page)


def test_what_was_seen_and_watched_is_recorded(page, site):
    first, second = make_watchable(like_count=50), make_watchable()
    page.goto(site)
    wait_until_playing(page)
    page.wait_for_timeout(800)
    # As a film says when it begins again; what was watched before still counts.
    again = "document.querySelector('video').dispatchEvent(new Event('playing'))"
    page.evaluate(again)
    page.keyboard.press("j")
    wait_until_playing(page, 1)
    leave_until_told(page, site, "watch", video=second)

    seen = Impression.objects.order_by("created_at").values_list("video", flat=True)
    assert list(seen) == [first.pk, second.pk]
    watched = WatchEvent.objects.get(video=first)
    assert 500 < watched.watched_ms < 10_000
    assert watched.share > 0


def test_what_was_watched_is_told_as_soon_as_the_page_is_hidden(page, site):
    make_watchable()
    page.goto(site)
    wait_until_playing(page)
    wait_until(page, "document.querySelector('video').currentTime > 0.5")

    told = page.evaluate(
        """async () => {
            const sent = [];
            navigator.sendBeacon = (_address, body) => sent.push(body.text());
            const hidden = { get: () => "hidden", configurable: true };
            Object.defineProperty(document, "visibilityState", hidden);
            document.dispatchEvent(new Event("visibilitychange"));
            return Promise.all(sent);
        }"""
    )

    kinds = [event["kind"] for body in told for event in json.loads(body)["events"]]
    assert "watch" in kinds


def test_a_like_stays(page, site, sign_in):
    user, video = make_user(), make_watchable()
    sign_in(user)
    page.goto(site)

    page.get_by_role("button", name="Like").click()

    expect(page.locator("[data-like]")).to_have_attribute("aria-pressed", "true")
    assert Engagement.objects.get().video == video
    page.reload()
    expect(page.locator("[data-like]")).to_have_attribute("aria-pressed", "true")
    leave_until_told(page, site, "like")
    assert WatchEvent.objects.get(kind="like").user == user


def test_a_guest_who_likes_is_invited(page, site):
    make_watchable()
    page.goto(site)

    page.get_by_role("link", name="Like").click()

    expect(page.get_by_role("link", name="Create an account")).to_be_visible()


def test_on_a_desk_the_products_stand_beside_the_video(page, site):
    make_shoppable()
    page.set_viewport_size(DESK)
    page.goto(site)

    stage = page.locator("[data-stage]").bounding_box()
    products = page.locator(".tag-list").bounding_box()
    assert products["x"] > stage["x"] + stage["width"]
    assert abs(stage["x"] + stage["width"] / 2 - DESK["width"] / 2) < 2


def test_the_video_page_plays_and_jumps_to_a_product(page, site):
    video = make_shoppable(starts_ms=3000, ends_ms=6000)
    page.goto(site + video.get_absolute_url())
    wait_until_playing(page)

    page.get_by_role("button", name="Jump to 0:03").click()

    expect(page.locator(".tag-card")).to_be_visible(timeout=3000)
    assert page.evaluate("document.querySelector('video').currentTime") >= 2.9


def test_a_shop_that_is_hidden_in_the_sheet_leaves_the_open_feed_at_once(page, site):
    shop = make_seller()
    shown, *hidden = [make_watchable(seller=shop) for _ in range(3)]
    other = make_watchable()
    clips = page.locator("[data-clip]")
    page.goto(f"{site}/?v={shown.public_id}")
    wait_until_playing(page)
    expect(clips).to_have_count(2 + len(hidden))

    open_more(page)
    clips.first.get_by_role("link", name="Why this?").click()
    page.get_by_role("button", name=f"Hide {shop.name}").click()
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_visible()

    # The one on screen stays: it can be taken back there.
    expect(clips).to_have_count(2)
    assert clips.last.get_attribute("data-clip") == other.public_id
    undo.click()
    expect(clips).to_have_count(2 + len(hidden))


def test_the_menu_closes_by_escape_by_a_tap_elsewhere_and_by_its_sheet(page, site):
    video = make_watchable()
    menu = page.locator("[data-more]")
    page.goto(f"{site}/?v={video.public_id}")
    why = menu.get_by_role("link", name="Why this?")

    open_more(page)
    expect(why).to_be_visible()
    why.focus()
    page.keyboard.press("Escape")
    expect(why).to_be_hidden()
    assert page.evaluate("document.activeElement.matches('[data-more] > summary')")

    open_more(page)
    page.mouse.click(200, 200)
    expect(why).to_be_hidden()

    open_more(page)
    why.click()
    expect(page.get_by_role("button", name="Not interested")).to_be_visible()
    assert menu.get_attribute("open") is None
