"""Captions written beside the picture, by hand and by keyboard, and watched."""

import pytest
from playwright.sync_api import expect

from tests.browser.axe import flaws_seen
from tests.browser.conftest import DESK, PHONE, open_more, wait_until
from tests.browser.watchable import make_watchable
from tests.factories import make_seller, make_user
from videos.captioning import cues_of, save_track
from videos.captions import Cue

pytestmark = pytest.mark.django_db(transaction=True)

LOADED_MS = """() => {
  const { buffered } = document.querySelector("[data-video]");
  return buffered.length ? buffered.end(0) * 1000 : 0;
}"""


@pytest.fixture
def seller(sign_in):
    owner = make_user()
    sign_in(owner)
    return make_seller(owner=owner)


@pytest.fixture
def video(seller):
    return make_watchable(seller=seller)


@pytest.fixture
def editor(page, site, video):
    """Opens the captions in English, at a size."""

    def open_editor(viewport=DESK):
        page.set_viewport_size(viewport)
        page.goto(f"{site}/seller/videos/{video.public_id}/captions/en/")
        wait_until(page, f"({LOADED_MS})() >= 5900")
        # The test server knows no ranges: only what is in the cache can be sought in.
        page.reload()
        wait_until(page, f"({LOADED_MS})() >= 5900")
        return page

    return open_editor


def saved(video):
    track = video.captions.filter(language="en").first()
    return [(c.starts_ms, c.ends_ms, c.text) for c in cues_of(track)] if track else []


def stand_at(page, seconds):
    page.evaluate(f"document.querySelector('[data-video]').currentTime = {seconds}")
    at = "(() => document.querySelector('[data-video]').currentTime)()"
    wait_until(page, f"{at} === {seconds}")


def texts(page):
    return page.get_by_role("textbox", name="Text")


def test_captions_are_added_at_the_play_head_split_merged_and_saved(editor, video):
    page = editor()
    page.get_by_role("button", name="Add caption here").click()
    expect(texts(page)).to_be_focused()
    page.keyboard.type("one two three four")
    expect(page.locator("[data-shown]")).to_have_text("one two three four")
    stand_at(page, 1)
    page.get_by_role("button", name="Split").click()
    expect(texts(page)).to_have_count(2)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("2 captions are saved.")).to_be_visible()
    assert saved(video) == [(0, 1000, "one two"), (1000, 2500, "three four")]

    page.get_by_role("button", name="Merge with next").first.click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("1 caption is saved.")).to_be_visible()

    assert saved(video) == [(0, 2500, "one two\nthree four")]


def test_everything_can_be_done_by_keyboard(editor, video):
    page = editor()
    page.keyboard.press("Control+Enter")
    page.keyboard.type("Hello")
    stand_at(page, 2)
    page.keyboard.press("Alt+o")
    stand_at(page, 3)
    page.keyboard.press("Control+Enter")
    page.keyboard.type("Good bye")
    handle = page.get_by_role("slider", name="Start of Good bye")
    handle.press("ArrowLeft")
    handle.press("PageDown")
    expect(handle).to_have_attribute("aria-valuetext", "2.0 s")
    page.get_by_role("button", name="Delete the caption").first.press("Enter")
    expect(page.locator("[data-said]")).to_have_text("Caption deleted.")
    expect(texts(page)).to_be_focused()
    page.get_by_role("button", name="Undo").press("Enter")
    expect(texts(page)).to_have_count(2)
    page.get_by_role("button", name="Save").press("Enter")
    expect(page.get_by_text("2 captions are saved.")).to_be_visible()

    assert saved(video) == [(0, 2000, "Hello"), (2000, 5500, "Good bye")]


def test_a_bar_is_dragged_as_far_as_its_neighbour(editor, video):
    save_track(video, "en", [Cue(0, 1000, "One"), Cue(3000, 4000, "Two")])
    page = editor()
    box = page.get_by_role("slider", name="Caption One").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 5 * box["width"], y, steps=6)
    page.mouse.up()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("2 captions are saved.")).to_be_visible()

    assert saved(video) == [(2000, 3000, "One"), (3000, 4000, "Two")]


def test_a_refusal_keeps_what_was_typed_and_says_where(editor, video, complaints):
    save_track(video, "en", [Cue(0, 1000, "One")])
    page = editor()
    page.get_by_label("To", exact=True).fill("soon")
    texts(page).fill("Changed")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Write the time like 0:02.5")).to_be_visible()

    expect(texts(page)).to_have_value("Changed")
    expect(page.get_by_label("To", exact=True)).to_have_attribute(
        "aria-invalid", "true"
    )
    assert saved(video) == [(0, 1000, "One")]
    complaints.clear()  # the browser notes the refusal: status 422


def test_the_editor_has_no_serious_flaw_empty_or_full(editor, video):
    for cues in ([], [Cue(0, 900, "One"), Cue(1000, 2000, "Two")]):
        save_track(video, "en", cues)

        assert flaws_seen(editor(PHONE)) == []


HOSTILE = "<img src=x onerror=\"document.title='owned'\"> & <b>bold</b>"


def test_hostile_captions_run_nowhere(editor, page, site, video):
    dialogs = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.accept()))
    save_track(video, "en", [Cue(0, 6000, HOSTILE)])
    editor()
    expect(page.locator("[data-shown]")).to_have_text(HOSTILE)
    page.goto(f"{site}{video.get_absolute_url()}")
    open_more(page)
    page.get_by_role("button", name="Captions").click()
    expect(page.locator("[data-captions]")).to_have_text(HOSTILE)

    assert "owned" not in page.title()
    assert page.locator("[data-captions] > *").count() == 0
    assert dialogs == []


def test_a_viewer_turns_captions_on_in_a_language_and_they_stay(page, site, video):
    save_track(video, "de", [Cue(0, 6000, "Hallo")])
    save_track(video, "en", [Cue(0, 6000, "Hello")])
    page.goto(f"{site}{video.get_absolute_url()}")
    button = page.get_by_role("button", name="Captions")
    shown = page.locator("[data-captions]")

    expect(shown).to_be_hidden()
    open_more(page)
    button.click()
    expect(shown).to_have_text("Hello")
    button.click()
    expect(shown).to_have_text("Hallo")
    page.reload()
    expect(shown).to_have_text("Hallo")
    open_more(page)
    expect(button).to_have_attribute("aria-pressed", "true")
    button.click()
    expect(shown).to_be_hidden()
