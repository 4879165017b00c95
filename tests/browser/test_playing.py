"""An output set played by hls.js in a real browser, from its start to its end."""

import pytest

from tests.browser.conftest import wait_until
from tests.browser.watchable import SECONDS, make_watchable
from tests.clips import make_clip
from tests.packages import transcoded

pytestmark = pytest.mark.django_db(transaction=True)

VIDEO = "document.querySelector('video')"


def test_a_video_plays_to_its_end_and_nothing_is_missing(page, site):
    video = make_watchable()
    page.goto(f"{site}{video.get_absolute_url()}")
    page.evaluate(f"{VIDEO}.loop = false")

    wait_until(page, f"{VIDEO}.ended", seconds=40)

    source, length, played = page.evaluate(
        f"[{VIDEO}.src, {VIDEO}.duration,"
        f" {VIDEO}.played.length && {VIDEO}.played.end(0) - {VIDEO}.played.start(0)]"
    )
    assert source.startswith("blob:")  # by Media Source Extensions, not the MP4
    assert length == pytest.approx(SECONDS, abs=0.1)
    assert played == pytest.approx(SECONDS, abs=0.1)
    assert page.evaluate(f"{VIDEO}.error") is None


def test_av1_is_what_is_played_where_it_is_offered(page, site, settings):
    settings.VIDEO_EXTRA_CODECS = ["av1"]
    video = transcoded(make_clip(seconds=SECONDS, size="270x480"))
    fetched = []
    page.on("request", lambda request: fetched.append(request.url))
    page.goto(f"{site}{video.get_absolute_url()}")
    page.evaluate(f"{VIDEO}.loop = false")

    wait_until(page, f"{VIDEO}.ended", seconds=60)

    segments = {url.split("/")[-2] for url in fetched if url.endswith(".m4s")}
    assert segments == {"270p-av1", "audio"}
    assert page.evaluate(f"{VIDEO}.error") is None
