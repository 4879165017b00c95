"""axe finds nothing serious on the pages on which people watch."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import DESK, PHONE
from tests.browser.watchable import make_shoppable
from tests.factories import make_user
from videos.models import Engagement

pytestmark = pytest.mark.django_db(transaction=True)


def serious(page):
    found = Axe().run(page).response["violations"]
    return [
        (rule["id"], [node["target"] for node in rule["nodes"]])
        for rule in found
        if rule["impact"] in {"serious", "critical"}
    ]


@pytest.mark.parametrize("viewport", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("address", ["/", "video", "/saved/", "/following/", "sheet"])
def test_a_page_has_no_serious_flaw(page, site, sign_in, viewport, address):
    user, video = make_user(), make_shoppable(description="Made by hand.")
    Engagement.objects.create(user=user, video=video, kind=Engagement.Kind.SAVE)
    sign_in(user)
    page.set_viewport_size(viewport)
    pages = {"video": video.get_absolute_url(), "sheet": "/"}
    page.goto(site + pages.get(address, address))
    if address == "sheet":
        page.locator(".tag-card").click()
        page.get_by_role("button", name="Buy now").wait_for()
    page.wait_for_timeout(600)

    assert serious(page) == []
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= viewport["width"]
