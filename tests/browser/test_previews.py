"""What a seller sees while a video is made that no browser plays as it came."""

import shutil
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import expect

from marketplace.video_files import PREVIEWS
from tests.browser.conftest import wait_until
from tests.browser.watchable import make_watchable
from tests.factories import make_seller, make_user
from videos import codecs, playlists
from videos.encoding import AUDIO
from videos.ladder import rungs_for
from videos.models import Video

pytestmark = [pytest.mark.ffmpeg, pytest.mark.django_db(transaction=True)]

PREVIEW = "document.querySelector('[data-preview]')"


def grow(made, folder, count, *, ends=False):
    """So many segments of a finished set, as its worker would have stored by now."""
    for name in (made.name, AUDIO):
        source, target = made.parent / name, folder / name
        target.mkdir(parents=True, exist_ok=True)
        for path in [*source.glob("init*"), *sorted(source.glob("*.m4s"))[:count]]:
            shutil.copy(path, target)
        text = (source / "playlist.m3u8").read_text().replace("VOD", "EVENT")
        head, *parts = text.removesuffix("#EXT-X-ENDLIST\n").split("#EXTINF")
        listed = "#EXTINF".join([head, *parts[:count]])
        end = "#EXT-X-ENDLIST\n" if ends else ""
        (target / "new").write_text(listed + end)
        (target / "new").rename(target / "playlist.m3u8")


def test_it_plays_as_far_as_it_is_made_and_goes_on_with_the_finished_video(
    page, site, sign_in
):
    owner = make_user()
    video = make_watchable(seller=make_seller(owner=owner), publication="draft")
    kept = {name: getattr(video, name) for name in ("poster", "folder")}
    [rung] = rungs_for(video.width, video.height, 30)
    made = Path(settings.VIDEO_ROOT, video.folder, rung.name)
    folder = Path(settings.VIDEO_ROOT, f"videos/{video.public_id}/2/{PREVIEWS}")
    grow(made, folder, 1)
    word = codecs.codecs_word(playlists.init_of(made))
    (folder / "index.m3u8").write_text(playlists.growing(rung, word, has_audio=True))
    row = Video.objects.filter(pk=video.pk)
    row.update(status="processing", folder="", poster="", attempt=2)
    sign_in(owner)
    page.goto(f"{site}/seller/videos/{video.public_id}/")
    expect(page.locator(".preview-waiting")).to_be_visible()

    row.update(preview=str(folder.relative_to(settings.VIDEO_ROOT) / "index.m3u8"))
    wait_until(page, f"{PREVIEW}?.readyState >= 2")
    assert page.evaluate(f"{PREVIEW}.currentTime") == 0
    assert page.evaluate(f"{PREVIEW}.buffered.end(0)") < 2.5
    page.evaluate(f"{PREVIEW}.muted = true, {PREVIEW}.play()")
    grow(made, folder, 2)
    wait_until(page, f"{PREVIEW}.currentTime > 2.2")
    grow(made, folder, 3, ends=True)
    wait_until(page, f"{PREVIEW}.buffered.end(0) > 5")

    row.update(status="ready", preview="", attempt=2, **kept)
    wait_until(page, f"{PREVIEW}.src.endsWith('/video.mp4')")
    wait_until(page, f"{PREVIEW}.currentTime > 2.2")
    shutil.rmtree(folder)
